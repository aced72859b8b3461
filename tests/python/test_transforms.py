"""grad, vjp, jvp, vmap, compile, custom functions and checkpoint: each alone and composed."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from support import check_gradient, check_vmap, draw, output_of, same

pytestmark = pytest.mark.core


def test_grad_of_nested_trees():
    def loss(p, scale):
        return (p["w"] * p["list"][0]).sum() * scale

    p = {"w": mx.array([1.0, 2.0]), "list": [mx.array([3.0, 4.0]), mx.array(1.0)]}
    gradient = mx.grad(loss)(p, 2.0)
    assert gradient["w"].tolist() == [6, 8] and gradient["list"][0].tolist() == [2, 4]
    assert gradient["list"][1].item() == 0


def test_grad_argnums_and_argnames():
    f = lambda x, y, *, z: x * y * y * z
    arguments = (mx.array(2.0), mx.array(3.0))
    assert mx.grad(f)(*arguments, z=mx.array(5.0)).item() == 45
    assert [g.item() for g in mx.grad(f, argnums=(0, 1))(*arguments, z=mx.array(5.0))] == [45, 60]
    positional, named = mx.grad(f, argnums=[1], argnames="z")(*arguments, z=mx.array(5.0))
    assert positional.item() == 60 and named["z"].item() == 18
    positional, named = mx.grad(f, argnames=["z"])(*arguments, z=mx.array(5.0))
    assert positional is None and named["z"].item() == 18


def test_value_and_grad_with_more_results():
    value, gradient = mx.value_and_grad(lambda x: ((x * x).sum(), {"more": x}, "text"))(mx.array([1.0, 2.0]))
    assert value[0].item() == 5 and value[1]["more"].tolist() == [1, 2] and value[2] == "text"
    assert gradient.tolist() == [2, 4]


@pytest.mark.parametrize("make", [
    lambda: mx.grad(lambda x: x, argnums=-1), lambda: mx.grad(lambda x: x, argnums=(0, 0)),
    lambda: mx.grad(lambda x: x * 2)(mx.ones((2,))), lambda: mx.grad(lambda x: x)(1.0),
    lambda: mx.grad(lambda x, y: x, argnums=2)(mx.array(1.0), mx.array(1.0)),
    lambda: mx.grad(lambda x: 3.0)(mx.array(1.0)), lambda: mx.grad(lambda x: x, argnums=[])(mx.array(1.0)),
    lambda: mx.vjp(lambda x: x, [mx.ones((2,))], [mx.ones((3,))]), lambda: mx.jvp(lambda x: x, [mx.array(1.0)], []),
])  # fmt: skip
def test_grad_refuses(make):
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize("arguments", [
    dict(argnums=(None,)), dict(argnums="x"), dict(argnums=0.5), dict(argnums=(0, 1.5)), dict(argnames=3), dict(argnames=[3]),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("make", [mx.grad, mx.value_and_grad])
def test_arguments_to_differentiate_by_are_ints_and_names(make, arguments):
    with pytest.raises(TypeError):
        make(lambda x: x, **arguments)


@pytest.mark.parametrize("make", [mx.grad, mx.value_and_grad])
def test_an_empty_choice_of_arguments_is_refused_at_once(make):
    for argnums in ([], ()):
        with pytest.raises(ValueError):
            make(lambda x: x, argnums=argnums)
    assert mx.grad(lambda x, s: x * s, argnums=[], argnames={"s"})(mx.array(2.0), s=mx.array(3.0))[1]["s"].item() == 2


def test_higher_derivatives():
    f = lambda x: mx.sin(x) * mx.exp(x)
    x = mx.array(0.7)
    want = [np.exp(0.7) * (np.sin(0.7) + np.cos(0.7)), 2 * np.exp(0.7) * np.cos(0.7)]
    g = mx.grad(f)
    assert np.isclose(g(x).item(), want[0], rtol=1e-5)
    assert np.isclose(mx.grad(g)(x).item(), want[1], rtol=1e-5)
    assert np.isclose(mx.grad(mx.grad(g))(x).item(), 2 * np.exp(0.7) * (np.cos(0.7) - np.sin(0.7)), rtol=1e-4)


def test_hessian_by_vmap_of_vjp_of_grad():
    f = lambda x: (x**3).sum() + x[0] * x[1]
    x = mx.array([1.0, 2.0])
    rows = mx.vmap(lambda v: mx.vjp(mx.grad(f), [x], [v])[1][0])(mx.eye(2))
    same(rows, np.array([[6.0, 1.0], [1.0, 12.0]]), 1e-5)


def test_jvp_of_grad_is_the_same_hessian():
    f = lambda x: (mx.tanh(x) * x).sum()
    x, v = mx.array([0.3, -0.8]), mx.array([1.0, 2.0])
    forward = mx.jvp(mx.grad(f), [x], [v])[1][0]
    backward = mx.vjp(mx.grad(f), [x], [v])[1][0]
    same(forward, backward, 1e-5)


def test_vjp_and_jvp_of_several_outputs():
    f = lambda x, y: [x * y, x + 2 * y]
    inputs = [mx.array(3.0), mx.array(5.0)]
    outputs, cotangents = mx.vjp(f, inputs, [mx.array(1.0), mx.array(10.0)])
    assert [o.item() for o in outputs] == [15, 13] and [c.item() for c in cotangents] == [15, 23]
    outputs, tangents = mx.jvp(f, inputs, [mx.array(1.0), mx.array(0.0)])
    assert [t.item() for t in tangents] == [5, 1]


def test_unused_arguments_have_zero_gradient():
    dx, dy = mx.grad(lambda x, y: x.sum(), argnums=(0, 1))(mx.ones((2,)), mx.ones((3,)))
    assert dx.tolist() == [1, 1] and dy.tolist() == [0, 0, 0]


def test_stop_gradient():
    assert mx.grad(lambda x: (x * mx.stop_gradient(x)).sum())(mx.array([2.0, 3.0])).tolist() == [2, 3]


def test_subgradients_at_kinks():
    assert mx.grad(mx.abs)(mx.array(0.0)).item() == 0
    assert [g.item() for g in mx.grad(mx.maximum, argnums=(0, 1))(mx.array(1.0), mx.array(1.0))] == [0, 1]
    assert mx.grad(lambda x: mx.maximum(x, 0))(mx.array(0.0)).item() == 0


def test_gradients_of_low_precision_arguments_keep_their_dtype():
    for dtype in (mx.float16, mx.bfloat16):
        assert mx.grad(lambda x: (x.astype(mx.float32) ** 2).sum())(mx.ones((3,), dtype=dtype)).dtype == dtype


def test_broadcast_gradients_are_summed():
    check_gradient(
        lambda a, b: a * b + b, draw("float64", (3, 1)), draw("float64", (2, 1, 4)), expected=lambda a, b: a * b + b
    )


def test_eval_inside_grad():
    def f(x):
        y = x * x
        mx.eval(y)
        return (y * x).sum()

    assert mx.grad(f)(mx.array([2.0])).tolist() == [12]


def test_a_value_used_many_times():
    def f(x):
        for _ in range(20):
            x = x + x
        return x

    assert mx.grad(f)(mx.array(1.0)).item() == 2**20


@pytest.mark.parametrize("in_axes, out_axes", [(0, 0), (1, 0), (0, 1), (-1, -1), (1, 1)])
def test_vmap_axes(in_axes, out_axes):
    x = mx.array(draw("float32", (3, 3)))
    check_vmap(lambda r: mx.cumsum(r, axis=0) * 2, x, in_axes=in_axes, out_axes=out_axes)


def test_vmap_of_trees():
    got = mx.vmap(lambda d, y: {"s": d["a"] + y, "t": (d["b"],)}, in_axes=({"a": 0, "b": 1}, 0))(
        {"a": mx.arange(3), "b": mx.arange(6).reshape(2, 3)}, mx.array([10, 20, 30])
    )
    assert got["s"].tolist() == [10, 21, 32] and got["t"][0].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_nested_vmap():
    x, y = draw("float32", (3, 4)), draw("float32", (5, 4), seed=1)
    f = mx.vmap(mx.vmap(lambda a, b: (a * b).sum(), in_axes=(None, 0)), in_axes=(0, None))
    same(f(mx.array(x), mx.array(y)), x @ y.T, 1e-5, 1e-5)


@pytest.mark.parametrize("call", [
    lambda: mx.vmap(lambda x, y: x + y)(mx.ones((2,)), mx.ones((3,))), lambda: mx.vmap(lambda x: x, in_axes=(None,))(mx.ones((2,))),
])  # fmt: skip
def test_vmap_refuses(call):
    with pytest.raises(ValueError):
        mx.eval(call())


def test_per_example_gradients():
    w, x, y = mx.array(draw("float32", (3,))), mx.array(draw("float32", (5, 3))), mx.array(draw("float32", (5,)))
    loss = lambda w, x, y: mx.square((w * x).sum() - y)
    got = mx.vmap(mx.grad(loss), in_axes=(None, 0, 0))(w, x, y)
    want = mx.stack([mx.grad(loss)(w, x[i], y[i]) for i in range(5)])
    same(got, want, 1e-4, 1e-4)


COMPOSITIONS = {
    "compile(grad)": lambda f: mx.compile(mx.grad(lambda x: f(x).sum())),
    "grad(compile)": lambda f: mx.grad(lambda x: mx.compile(f)(x).sum()),
    "vmap(grad)": lambda f: mx.vmap(mx.grad(lambda x: f(x).sum())),
    "grad(vmap)": lambda f: mx.grad(lambda x: mx.vmap(f)(x).sum()),
    "compile(vmap(grad))": lambda f: mx.compile(mx.vmap(mx.grad(lambda x: f(x).sum()))),
    "vmap(compile(grad))": lambda f: mx.vmap(mx.compile(mx.grad(lambda x: f(x).sum()))),
    "grad(checkpoint)": lambda f: mx.grad(lambda x: mx.checkpoint(f)(x).sum()),
    "compile(grad(checkpoint))": lambda f: mx.compile(mx.grad(lambda x: mx.checkpoint(f)(x).sum())),
    "vmap(grad(checkpoint))": lambda f: mx.vmap(mx.grad(lambda x: mx.checkpoint(f)(x).sum())),
}


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_compositions(name):
    x = draw("float32", (3, 4))
    got = COMPOSITIONS[name](lambda x: mx.tanh(x * 2) * x)(mx.array(x))
    t = np.tanh(2 * x)
    same(got, t + x * 2 * (1 - t * t), 1e-4, 1e-5)


def test_compile_traces_once_per_shape_and_dtype():
    traced = []

    @mx.compile
    def f(x):
        traced.append(x.shape)
        return x * 2 + 1

    for shape in ((3,), (3,), (4,), (3,)):
        same(f(mx.ones(shape)), np.full(shape, 3.0))
    f(mx.ones((3,), dtype=mx.int32))
    assert traced == [(3,), (4,), (3,)]


def test_compile_keys_on_constants_and_trees():
    f = mx.compile(lambda d, n, flag=False: d["x"] * n - (1 if flag else 0))
    x = mx.array([1.0, 2.0])
    assert f({"x": x}, 2).tolist() == [2, 4] and f({"x": x}, 3).tolist() == [3, 6]
    assert f({"x": x}, 3, flag=True).tolist() == [2, 5]


def test_compile_captures_state():
    state = {"count": mx.array(0)}

    @partial(mx.compile, inputs=state, outputs=state)
    def step(x):
        state["count"] = state["count"] + 1
        return x + state["count"]

    assert [step(mx.array(10)).item() for _ in range(3)] == [11, 12, 13]
    assert state["count"].item() == 3


def test_compile_captures_randomness():
    mx.random.seed(1)
    draw_one = mx.compile(lambda: mx.random.uniform(shape=(2,)), inputs=mx.random.state, outputs=mx.random.state)
    assert draw_one().tolist() != draw_one().tolist()
    frozen = mx.compile(lambda: mx.random.uniform(shape=(2,)))
    assert frozen().tolist() == frozen().tolist()


def test_shapeless_compile():
    f = mx.compile(lambda x: mx.exp(x) * x.sum(axis=-1, keepdims=True), shapeless=True)
    for shape in ((2, 3), (5, 4), (3, 70)):
        x = draw("float32", shape)
        same(f(mx.array(x)), np.exp(x) * x.sum(-1, keepdims=True), 1e-4, 1e-4)


def test_compiled_functions_nest_and_keep_their_names():
    @mx.compile
    def inner(x):
        "Doubles."
        return x * 2

    assert inner.__name__ == "inner" and inner.__doc__ == "Doubles."
    assert mx.compile(lambda x: inner(x) + inner(x + 1))(mx.array(1.0)).item() == 6


def test_disable_compile():
    calls = []
    f = mx.compile(lambda x: calls.append(1) or x + 1)
    mx.disable_compile()
    try:
        f(mx.array(1.0)), f(mx.array(1.0))
    finally:
        mx.enable_compile()
    assert len(calls) == 2


def test_eval_while_compiling_is_refused():
    with pytest.raises(ValueError):
        mx.compile(lambda x: mx.eval(x) or x)(mx.array(1.0))


def test_compiled_graphs_of_many_operations():
    def f(x):
        for k in range(60):
            x = mx.maximum(x * 0.9 + 0.1 * k, x) - mx.sin(x)
        return x

    x = mx.array(draw("float32", (17,)))
    same(mx.compile(f)(x), f(x), 1e-4, 1e-4)


def test_custom_function_vjp():
    @mx.custom_function
    def f(x, y):
        return mx.sin(x) * y

    @f.vjp
    def f_vjp(primals, cotangent, output):
        x, y = primals
        return cotangent * 10, cotangent * x

    dx, dy = mx.grad(f, argnums=(0, 1))(mx.array(2.0), mx.array(3.0))
    assert (dx.item(), dy.item()) == (10, 2)
    assert np.isclose(mx.compile(f)(mx.array(2.0), mx.array(3.0)).item(), 3 * np.sin(2))


@pytest.mark.parametrize("returned, gradients", [
    (lambda g: (g * 10, g * 20), (10, 20, 0)), (lambda g: (g * 10, None, g * 30), (10, 0, 30)), (lambda g: [g * 10], (10, 0, 0)),
    (lambda g: g * 10, (10, 0, 0)), (lambda g: None, (0, 0, 0)), (lambda g: (g, g * 2, g * 3, g * 4), (1, 2, 3)),
    (lambda g: {"a": g * 10, "b": g * 20}, (10, 20, 0)),
])  # fmt: skip
def test_custom_function_whose_vjp_leaves_gradients_out(returned, gradients):
    f = mx.custom_function(lambda a, b, n: a * b * n)
    f.vjp(lambda primals, cotangent, output: returned(cotangent))
    arguments = [mx.array(1.0), mx.array(2.0), mx.array(3.0)]
    for argnums in ((0,), (0, 1), (2, 0), (0, 1, 2)):
        got = mx.grad(f, argnums=argnums)(*arguments)
        assert [g.item() for g in (got if len(argnums) > 1 else [got])] == [gradients[k] for k in argnums]
    assert mx.grad(lambda a: f(a, *arguments[1:]))(arguments[0]).item() == gradients[0]


def test_custom_function_with_trees_and_numbers_beside_arrays():
    f = mx.custom_function(lambda n, tree, x: n * tree["u"] * tree["v"] * x)
    f.vjp(lambda primals, cotangent, output: (None, None, cotangent * primals[0]))
    du, dx = mx.grad(lambda u, x: f(3, {"u": u, "v": u}, x), argnums=(0, 1))(mx.array(2.0), mx.array(5.0))
    assert (du.item(), dx.item()) == (0, 3)


def test_custom_function_refuses_what_is_no_function_and_results_that_are_no_arrays():
    f = mx.custom_function(lambda x: 3)
    for make in (lambda: mx.custom_function(3), lambda: f.vjp(3), lambda: f.jvp(None), lambda: f.vmap("x")):
        with pytest.raises(TypeError):
            make()
    f.vjp(lambda primals, cotangent, output: cotangent)
    with pytest.raises(ValueError):
        f(mx.array(1.0))


def test_custom_function_whose_vmap_gives_one_axis_for_all_outputs():
    f = mx.custom_function(lambda x: (x, x * 2))
    f.vmap(lambda inputs, axes: ((inputs * 10, inputs * 20), 0))
    assert [y.tolist() for y in mx.vmap(f)(mx.array([1.0, 2.0]))] == [[10, 20], [20, 40]]


def test_custom_function_jvp_and_vmap():
    @mx.custom_function
    def f(x):
        return x * 2

    @f.jvp
    def f_jvp(primals, tangents):
        return tangents * 7

    @f.vmap
    def f_vmap(inputs, axes):
        return inputs * 100, axes

    assert mx.jvp(f, [mx.array(1.0)], [mx.array(1.0)])[1][0].item() == 7
    assert mx.vmap(f)(mx.array([1.0, 2.0])).tolist() == [100, 200]
    assert f(mx.array(1.0)).item() == 2 and mx.grad(f)(mx.array(1.0)).item() == 2


def test_checkpoint_keeps_trees_and_gradients():
    f = lambda d: {"y": mx.exp(d["x"]) * 2}
    x = {"x": mx.array([0.5, 1.0])}
    same(mx.checkpoint(f)(x)["y"], f(x)["y"])
    same(mx.grad(lambda d: mx.checkpoint(f)(d)["y"].sum())(x)["x"], mx.grad(lambda d: f(d)["y"].sum())(x)["x"], 1e-6)


@pytest.mark.parametrize("depth", [100_000])
def test_graphs_of_any_depth(depth):
    output_of(f"""
        import mlx.core as mx
        x = y = mx.array(0.0)
        for _ in range({depth}):
            x = x + 1
            y = y + 1
        assert x.item() == {depth}
        del y
    """)


def test_unused_results_never_run():
    mx.eval(mx.array(1.0))
    x = mx.zeros((2**16, 2**14))  # 4 GiB, were it ever made
    y = (x + 1, mx.array(2.0) * 2)[1]
    assert y.item() == 4


def test_async_eval():
    x = mx.arange(1000) * 2
    mx.async_eval(x, {"more": [x + 1]})
    mx.synchronize()
    assert x[-1].item() == 1998
