"""vmap: trees of axes, what it refuses, and every batching rule against a loop over the batch."""

import itertools
from collections import namedtuple

import mlx.core as mx
import numpy as np
import pytest
from support import check_vmap, draw, same

pytestmark = pytest.mark.core
Pair = namedtuple("Pair", "a b")
ONES = mx.ones((2, 3))


def tree():
    return {"p": mx.ones((2, 3)), "q": [mx.ones((2, 3)) * 2, (mx.ones((2, 3)) * 3,)]}


@pytest.mark.parametrize("axes", [
    0, {"p": 0, "q": 0}, {"p": 0, "q": [0, 0]}, {"q": [0, (0,)], "p": 0}, ({"p": 0, "q": 0},), {"p": True - 1, "q": 0},
], ids=str)  # fmt: skip
def test_an_axis_stands_for_the_whole_subtree(axes):
    got = mx.vmap(lambda t: t["p"] + t["q"][0] * t["q"][1][0], in_axes=axes)(tree())
    assert got.tolist() == [[7.0] * 3] * 2


def test_none_leaves_a_subtree_whole():
    f = lambda t: t["p"] + t["q"][0]
    assert mx.vmap(f, in_axes={"p": 0, "q": None})({"p": ONES, "q": [mx.ones(3)]}).tolist() == [[2.0] * 3] * 2
    assert mx.vmap(lambda t, x: t[0] + t[1] + x, in_axes=([0, None], 0))([ONES, mx.ones(3)], ONES).shape == (2, 3)
    assert mx.vmap(lambda t: t.a + t.b, in_axes=Pair(0, None))(Pair(ONES, mx.ones(3))).shape == (2, 3)


@pytest.mark.parametrize("function, axes, arguments", [
    (lambda a, b: a + b, [0, 0], (ONES, ONES)), (lambda a, b: a + b, (0,), (ONES, ONES)),
    (lambda t: t[0] + t[1], ((0, 0),), ([ONES, ONES],)), (lambda t: t[0] + t[1], [0, 0], ((ONES, ONES),)),
    (lambda a: a, [0], (ONES,)), (lambda a: a, ((0,),), (ONES,)), (lambda a: a, "x", (ONES,)), (lambda a: a, 0.5, (ONES,)),
    (lambda t: t["p"], {"p": 0}, ({"p": ONES, "q": ONES},)), (lambda t: t["p"], {"p": 0, "r": 0}, ({"p": ONES, "q": ONES},)),
    (lambda a, b: a * b, (0, None), (ONES, 3)), (lambda a, b: a, (0, None), (ONES, None)), (lambda t: t["a"], 0, ({"a": ONES, "b": "text"},)),
    (lambda a: a, (None,), (ONES,)), (lambda a, b: a + b, 0, (ONES, mx.ones((3, 3)))), (lambda a: (a, 3), 0, (ONES,)),
])  # fmt: skip
def test_trees_that_do_not_match_are_refused(function, axes, arguments):
    with pytest.raises(ValueError):
        mx.vmap(function, in_axes=axes)(*arguments)


@pytest.mark.parametrize("axes", [dict(in_axes=2), dict(in_axes=-3), dict(out_axes=2), dict(out_axes=-3)], ids=str)
def test_axes_out_of_range(axes):
    with pytest.raises(IndexError):
        mx.vmap(lambda a: a, **axes)(ONES)
    with pytest.raises(IndexError):
        mx.vmap(lambda a: a)(mx.array(1.0))


def test_axes_of_results():
    x = mx.arange(6.0).reshape(2, 3)
    assert mx.vmap(lambda a: a * 2, in_axes=1, out_axes=(1,))(x).tolist() == (x * 2).tolist()
    both = mx.vmap(lambda a: ({"s": a}, (a, a + 1)), out_axes=(1, (0, 1)))(x)
    assert both[0]["s"].shape == (3, 2) and both[1][0].shape == (2, 3) and both[1][1].shape == (3, 2)
    assert mx.vmap(lambda a: {"s": a, "t": [a]}, out_axes=1)(x)["t"][0].shape == (3, 2)
    assert mx.vmap(lambda a: (a, mx.ones(3)), out_axes=(0, None))(x)[1].shape == (3, 2)
    for axes, result in (
        ((0,), lambda a: (a, a)),
        ([0], lambda a: (a,)),
        ((0,), lambda a: [a]),
        ((None,), lambda a: a),
    ):
        with pytest.raises(ValueError):
            mx.vmap(result, out_axes=axes)(x)


def test_a_mapped_padding_value_or_slice_start_is_refused():
    pad = lambda a, v: mx.pad(a, (1, 0), constant_values=v)
    with pytest.raises(ValueError):
        mx.vmap(pad)(ONES, mx.array([1.0, 2.0]))
    assert mx.vmap(pad, in_axes=(0, None))(ONES, mx.array(5.0)).tolist() == [[5.0, 1, 1, 1]] * 2
    with pytest.raises(ValueError):
        mx.vmap(lambda a, i: mx.slice(a, i, (0,), (2,)))(mx.ones((2, 4)), mx.array([[0], [1]]))


def test_starts_of_updates_and_their_gradients_may_be_mapped():
    update = lambda a, u, i: mx.slice_update(a, u, i, (0, 1))
    arrays = [
        mx.array(draw("float32", (3, 3, 4))),
        mx.array(draw("float32", (3, 2, 2), seed=1)),
        mx.array([[0, 1], [1, 2], [1, 0]]),
    ]
    check_vmap(update, *arrays)
    check_vmap(mx.grad(lambda *given: (update(*given) ** 2).sum(), argnums=(0, 1)), *arrays)


def put(x, mask, values):
    x = x + 0
    x[mask] = values
    return x


MASKS = [[True, False, True, False], [False, True, True, False], [True, True, False, False]]


@pytest.mark.parametrize("axes", [a for a in itertools.product((0, None), repeat=3) if any(x == 0 for x in a)], ids=str)
@pytest.mark.parametrize("rows", [(), (2,)], ids=["numbers", "rows"])
def test_masked_assignment(axes, rows):
    batch = [draw("float32", (3, 4, *rows)), np.array(MASKS), draw("float32", (3, 2, *rows), seed=1)]
    arrays = [mx.array(x if axis == 0 else x[0]) for x, axis in zip(batch, axes)]
    check_vmap(put, *arrays, in_axes=axes)
    weight = mx.array(draw("float32", arrays[0].shape[-len(rows) - 1 :], seed=2))
    gradient = mx.grad(lambda x, m, v: (put(x, m, v) ** 2 * weight).sum(), argnums=(0, 2))
    check_vmap(gradient, *arrays, in_axes=axes)


def test_masked_assignment_along_a_last_axis():
    arrays = [mx.zeros((4, 3)), mx.array(np.array(MASKS).T), mx.array(draw("float32", (2, 3)))]
    check_vmap(put, *arrays, in_axes=(1, 1, 1), out_axes=1)


RANDOM = {
    "uniform": lambda key: mx.random.uniform(shape=(3,), key=key),
    "normal": lambda key: mx.random.normal((2, 2), key=key),
    "bernoulli": lambda key: mx.random.bernoulli(0.3, (5,), key=key),
    "randint": lambda key: mx.random.randint(0, 100, (4,), key=key),
    "gumbel": lambda key: mx.random.gumbel((3,), key=key),
    "laplace": lambda key: mx.random.laplace((3,), key=key),
    "truncated_normal": lambda key: mx.random.truncated_normal(-1.0, 1.0, (3,), key=key),
    "categorical": lambda key: mx.random.categorical(mx.zeros((2, 6)), key=key),
    "permutation": lambda key: mx.random.permutation(7, key=key),
    "permutation of rows": lambda key: mx.random.permutation(mx.arange(8).reshape(4, 2), key=key),
    "split": lambda key: mx.random.split(key),
    "split in three": lambda key: mx.random.split(key, 3),
    "a number of each half of a split": lambda key: [mx.random.uniform(key=k) for k in mx.random.split(key)],
}


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("axis", [0, 1])
def test_random_functions_of_keys(name, axis):
    keys = mx.random.split(mx.random.key(3), 4)
    check_vmap(RANDOM[name], keys.T if axis else keys, in_axes=axis, rtol=0, atol=1e-6)


def rope(x, offset):
    return mx.fast.rope(x, 4, traditional=False, base=100.0, scale=1.0, offset=offset)


# Function and the shapes of its arguments (ints: an index below it).
RULES = {
    "sort": (lambda x: mx.sort(x, axis=0), (4, 3)),
    "argsort": (mx.argsort, (4, 3)),
    "partition": (lambda x: mx.sort(mx.partition(x, 2)[..., :3]), (3, 5)),
    "topk": (lambda x: mx.sort(mx.topk(x, 2)), (3, 5)),
    "cumsum": (lambda x: mx.cumsum(x, axis=0, reverse=True), (4, 3)),
    "cumprod": (lambda x: mx.cumprod(x, axis=1, inclusive=False), (4, 3)),
    "cummax": (lambda x: mx.cummax(x), (4, 3)),
    "logcumsumexp": (lambda x: mx.logcumsumexp(x, axis=-1), (4, 3)),
    "fft": (lambda x: mx.abs(mx.fft.fft(x, axis=0)), (4, 3)),
    "irfft of rfft2": (lambda x: mx.fft.irfft2(mx.fft.rfft2(x) * 2), (4, 6)),
    "conv1d": (lambda x, w: mx.conv1d(x, w, padding=1), (2, 5, 3), (4, 3, 3)),
    "conv2d": (lambda x, w: mx.conv2d(x, w, stride=2), (1, 5, 5, 2), (3, 2, 2, 2)),
    "conv_transpose1d": (mx.conv_transpose1d, (1, 4, 2), (3, 2, 2)),
    "rope": (lambda x: rope(x, 2), (2, 3, 4)),
    "rope with an offset array": (rope, (1, 2, 3, 4), 5),
    "attention": (lambda q, k, v: mx.fast.scaled_dot_product_attention(q, k, v, scale=0.5), (1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4)),
    "layer_norm": (lambda x, w: mx.fast.layer_norm(x, w, None, 1e-5), (3, 4), (4,)),
    "matmul": (mx.matmul, (3, 4), (4, 2)),
    "addmm": (mx.addmm, (2,), (3, 4), (4, 2)),
    "at[].multiply": (lambda x, u: x.at[mx.array([0, 2, 0])].multiply(u), (3, 4), (3, 4)),
    "divmod": (mx.divmod, (3, 4), (4,)),
    "as_strided": (lambda x: mx.as_strided(x, (2, 2, 2), (4, 1, 2), 1), (3, 4)),
    "pad": (lambda x: mx.pad(x, ((1, 0), (0, 2)), constant_values=3.0), (3, 4)),
    "slice_update": (lambda x, u, i: mx.slice_update(x, u, i.reshape(1), (1,)), (3, 4), (3, 2), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_batching_rules(name):
    function, *shapes = RULES[name]
    for axes in itertools.product(*((None, 0) if isinstance(s, int) else (None, 0, len(s)) for s in shapes)):
        if all(axis is None for axis in axes):
            continue
        arrays = []
        for k, (shape, axis) in enumerate(zip(shapes, axes)):
            if isinstance(shape, int):
                arrays.append(mx.array([1, 0, shape - 1]) if axis == 0 else mx.array(1))
                continue
            whole = list(shape)
            if axis is not None:
                whole.insert(axis, 3)
            arrays.append(mx.array(draw("float32", whole, 0.3, 2, seed=k)))
        check_vmap(function, *arrays, in_axes=axes, rtol=1e-4, atol=1e-4)


def test_vmap_of_the_gradient_of_running_products_and_log_sums():
    x = mx.array(draw("float32", (3, 2, 5)))
    for scan in (mx.cumprod, mx.cummax, mx.logcumsumexp):
        gradient = mx.grad(lambda v: (scan(v, axis=1) ** 2).sum())
        check_vmap(gradient, x, rtol=1e-4, atol=1e-4)
        same(
            mx.vmap(mx.vmap(gradient, in_axes=1))(x.reshape(3, 2, 1, 5)).reshape(3, 2, 5),
            mx.stack([gradient(r) for r in x]),
            1e-4,
            1e-4,
        )


@pytest.mark.parametrize("function, error", [(lambda x: x, TypeError), (lambda: mx.array(1.0), ValueError),
                                             (lambda *x: 1 / 0, ZeroDivisionError)])  # fmt: skip
def test_without_arguments_the_function_is_asked_first(function, error):
    with pytest.raises(error):
        mx.vmap(function)()
