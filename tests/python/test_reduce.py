"""Reductions and arg-reductions over dtypes, axes, layouts and special values, against NumPy."""

import mlx.core as mx
import numpy as np
import pytest
from support import (
    ALL,
    DTYPES,
    LAYOUTS,
    check,
    check_compiled,
    check_gradient,
    check_vmap,
    draw,
    lay_out,
    of_kinds,
    output_of,
    same,
    to_mx,
)

pytestmark = pytest.mark.core

REDUCTIONS = {
    "sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min, "mean": np.mean, "var": np.var, "std": np.std,
    "all": np.all, "any": np.any, "median": np.median, "count_nonzero": np.count_nonzero,
    "logsumexp": lambda x, axis=None: np.log(np.sum(np.exp(x), axis=axis)),
}  # fmt: skip
SMOOTH = ["sum", "prod", "max", "min", "mean", "var", "std", "logsumexp"]
FLOAT_RESULT = ["mean", "var", "std", "logsumexp"]
AXES = [None, 0, 1, -1, (0, 2), (0, 1, 2), (2, 0)]


def sum_dtype(dtype):
    return {"bool_": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}.get(
        dtype, dtype
    )


def kinds(name):
    return "buif" if name not in ("median",) else "uif"


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", AXES, ids=str)
def test_axes(name, axis):
    x = draw("float32", (3, 4, 5), 0.5, 2)
    same(getattr(mx, name)(mx.array(x), axis=axis), REDUCTIONS[name](x.astype(np.float64), axis=axis), 1e-5, 1e-6)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_keepdims(name):
    x = mx.array(draw("float32", (3, 4, 5)))
    assert getattr(mx, name)(x, axis=(0, 2), keepdims=True).shape == (1, 4, 1)
    assert getattr(mx, name)(x, keepdims=True).shape == (1, 1, 1)


@pytest.mark.parametrize("name, dtype", [(n, d) for n in REDUCTIONS for d in of_kinds(kinds(n))])
def test_dtypes(name, dtype):
    row = DTYPES[dtype]
    high = 3 if name == "prod" else 4
    rtol = {"float16": 1e-2, "bfloat16": 5e-2, "float64": 2e-7}.get(dtype, 1e-5)
    gives = "bool_" if name in ("all", "any") else sum_dtype(dtype) if name in ("sum", "prod") else None
    if name in FLOAT_RESULT:
        gives = dtype if row.kind == "f" else "float32"
    if name in ("max", "min"):
        gives = dtype
    check(lambda x: getattr(mx, name)(x, axis=1), lambda x: REDUCTIONS[name](x, axis=1), draw(dtype, (3, 5), 1, high),
          dtype=dtype, gives=gives, rtol=rtol, atol=rtol)  # fmt: skip


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("empty", "0-d")])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_layouts(name, layout, axis):
    check(lambda x: getattr(mx, name)(x, axis=axis), lambda x: REDUCTIONS[name](x, axis=axis),
          draw("float32", (6, 7), 0.5, 2), layout=layout)  # fmt: skip


@pytest.mark.parametrize("name", ["sum", "max", "mean", "all"])
@pytest.mark.parametrize(
    "shape", [(1,), (33,), (1000, 3), (3, 1000), (2, 700, 5), (5, 1, 130), (70000,), (4, 3, 2, 5, 6)]
)
def test_sizes_around_the_tiles_of_kernels(name, shape):
    x = draw("float32", shape, 0.5, 1)
    for axis in [None, *range(len(shape))]:
        want = REDUCTIONS[name](x.astype(np.float64), axis=axis)
        same(getattr(mx, name)(mx.array(x), axis=axis), want, 1e-4, 1e-4)


def test_empty_axis_gives_the_neutral_element():
    printed = output_of(
        """
        import mlx.core as mx
        import numpy as np
        x = mx.array(np.zeros((0, 3), np.float32))
        for name in ("sum", "prod", "all", "any"):
            print(getattr(mx, name)(x, axis=0).tolist(), getattr(mx, name)(x).item())
        """,
        timeout=30,
    )
    assert printed.splitlines() == [
        "[0.0, 0.0, 0.0] 0.0", "[1.0, 1.0, 1.0] 1.0", "[True, True, True] True", "[False, False, False] False",
    ]  # fmt: skip


def test_sum_over_no_axes_is_the_array():
    x = mx.array([True, False])
    y = mx.sum(x, axis=[])
    assert y.dtype == mx.bool_ and y.tolist() == [True, False]


@pytest.mark.parametrize("name", ["max", "min", "median", "sum", "mean"])
def test_nan_propagates(name):
    x = mx.array([[1.0, mx.nan, 2.0], [1.0, 2.0, 4.0]])
    got = np.array(getattr(mx, name)(x, axis=1))
    assert np.isnan(got[0]) and not np.isnan(got[1])


@pytest.mark.parametrize("value", [mx.inf, -mx.inf])
def test_logsumexp_of_infinities_is_the_maximum(value):
    assert mx.logsumexp(mx.array([value, value])).item() == value


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("dtype", ["float32", "int8", "uint64", "bfloat16", "int64", "float16"])
def test_arg_reductions(name, axis, dtype):
    check(lambda x: getattr(mx, name)(x, axis=axis), lambda x: getattr(np, name)(x, axis=axis),
          draw(dtype, (7, 9), 0, 5), dtype=dtype, gives="uint32")  # fmt: skip


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("layout", ["transposed", "sliced", "reversed", "broadcast"])
def test_arg_reductions_in_layouts(name, layout):
    for axis in (0, 1):
        check(lambda x: getattr(mx, name)(x, axis=axis), lambda x: getattr(np, name)(x, axis=axis),
              draw("int32", (7, 40), 0, 5), dtype="int32", layout=layout)  # fmt: skip


@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_extremes_of_an_empty_axis_are_refused(name):
    with pytest.raises(ValueError):
        mx.eval(getattr(mx, name)(mx.zeros((0, 3)), axis=0))


@pytest.mark.parametrize("ddof", [0, 1, 2])
def test_ddof(ddof):
    x = draw("float32", (4, 6))
    same(mx.var(mx.array(x), axis=1, ddof=ddof), np.var(x, axis=1, ddof=ddof), 1e-5)
    same(mx.std(mx.array(x), axis=0, ddof=ddof), np.std(x, axis=0, ddof=ddof), 1e-5)


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("float16", 2e-3)])
@pytest.mark.parametrize(
    "shape, axis", [((3, 70000), 1), ((70000,), None), ((40, 9, 9, 32), (0, 1, 2)), ((2, 700, 1500), 1)]
)
def test_variance_of_many_far_from_zero(shape, axis, dtype, tolerance):
    x = np.random.default_rng(5).normal(20, 1, shape).astype(dtype)
    same(mx.var(mx.array(x), axis=axis), np.var(x.astype(np.float64), axis=axis), tolerance)


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient(name):
    x = draw("float64", (2, 3, 2), 0.5, 2)
    for axis in (None, 1, (0, 2)):
        check_gradient(lambda x: getattr(mx, name)(x, axis=axis), x,
                       expected=lambda x: REDUCTIONS[name](x, axis=axis), rtol=1e-4)  # fmt: skip


def test_gradient_of_max_is_shared_among_ties():
    same(mx.grad(mx.max)(mx.array([1.0, 3.0, 3.0, 2.0])), np.array([0, 0.5, 0.5, 0]), 1e-6)


def test_gradient_of_prod_with_zeros():
    same(mx.grad(mx.prod)(mx.array([2.0, 0.0, 3.0])), np.array([0.0, 6.0, 0.0]), 1e-6)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_vmap(name):
    x = mx.array(draw("float32", (3, 4, 5), 0.5, 2))
    check_vmap(lambda x: getattr(mx, name)(x, axis=-1), x, in_axes=1)
    check_vmap(lambda x: getattr(mx, name)(x), x, in_axes=2)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_vmap_of_arg_reductions(name):
    x = mx.array(draw("float32", (3, 4, 5)))
    check_vmap(lambda x: getattr(mx, name)(x, axis=0), x, in_axes=1)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_compiled_with_elementwise_neighbours(name):
    x = mx.array(draw("float32", (30, 40), 0.5, 2))
    check_compiled(lambda x: getattr(mx, name)(mx.exp(-x) + 1, axis=1) * 2.5, x)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("shape, axis", [((5, 7), -1), ((5, 7), 0), ((3, 1000), 1), ((2, 3, 4), (1, 2)), ((9,), None)])
def test_softmax(dtype, shape, axis):
    def softmax(x):
        e = np.exp(x - x.max(axis, keepdims=True))
        return e / e.sum(axis, keepdims=True)

    # Only with precise are sums longer than a few terms sure to be accumulated in float32.
    for precise in (False, True) if dtype == "float32" or max(shape) < 10 else (True,):
        check(lambda x: mx.softmax(x, axis=axis, precise=precise), softmax, draw(dtype, shape), dtype=dtype)


def test_softmax_of_minus_infinity():
    same(mx.softmax(mx.array([[-mx.inf, -mx.inf], [-mx.inf, 0.0]]), axis=1), np.array([[np.nan, np.nan], [0.0, 1.0]]))


def test_softmax_of_arrays_without_elements_looks_at_no_axes():
    for axis in (3, -5, (0, 0)):
        assert mx.softmax(mx.zeros((0, 3)), axis=axis).shape == (0, 3)


@pytest.mark.parametrize("shape, axis, dtype", [
    ((2, 3), -1, "float32"), ((2, 3), 0, "int32"), ((2, 3), (), "int32"), ((), None, "int32"), ((2, 3), None, "int32"),
    ((1, 3), None, "float32"), ((2, 1, 3), (1, 2), "float32"), ((2, 1, 3), (0, 1, 2), "int32"), ((1, 2, 3), (0, 2), "int32"),
], ids=str)  # fmt: skip
def test_softmax_of_integers_is_whole_unless_over_the_last_axis(shape, axis, dtype):
    y = mx.softmax(mx.full(shape, 3), axis=axis)
    assert y.dtype == getattr(mx, dtype)
    if dtype == "float32":
        same(y, np.full(shape, 1 / 3), 1e-6)


def test_softmax_gradient_and_vmap():
    x = draw("float64", (3, 4))
    check_gradient(lambda x: mx.softmax(x, axis=-1), x, step=1e-3, rtol=1e-3, atol=1e-4)
    check_vmap(lambda x: mx.softmax(x, axis=0), mx.array(x, dtype=mx.float32), in_axes=1)


@pytest.mark.parametrize("dtype", ALL)
def test_all_and_any_of_every_dtype(dtype):
    if dtype == "float64" and mx.default_device() != mx.cpu:
        dtype = "float32"
    x = lay_out(draw(dtype, (4, 4), 0, 1), dtype, "transposed")[0] if dtype != "bool_" else mx.array([[True, False]])
    assert mx.any(x != 0).item() == bool(np.any(np.array((x != 0))))
    assert mx.all(x).item() == bool(np.all(np.array(x != 0)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_long_sums_stay_accurate(dtype):
    x = to_mx(np.full(1 << 14, 0.25, np.float32), dtype)
    same(mx.sum(x.reshape(-1, 2), axis=0), np.array([2048.0, 2048.0]), 1e-2)


def test_array_methods_are_the_functions():
    x = mx.array(draw("float32", (3, 4), 0.5, 2))
    for name in ("sum", "prod", "max", "min", "mean", "var", "std", "all", "any", "logsumexp", "argmax", "argmin"):
        same(getattr(x, name)(axis=1), getattr(mx, name)(x, axis=1))


@pytest.mark.parametrize("p", ["allclose", "array_equal"])
def test_comparisons_of_whole_arrays(p):
    x, y = mx.array([1.0, 2.0, mx.nan]), mx.array([1.0, 2.0, mx.nan])
    assert not getattr(mx, p)(x, y).item()
    assert getattr(mx, p)(x, y, equal_nan=True).item()
    assert not mx.array_equal(x, mx.zeros((2,))).item()


@pytest.mark.parametrize("axis", [None, 0, (0, 2), -1, ()], ids=str)
def test_minmax_is_both_extremes(axis):
    x = draw("float32", (3, 4, 5))
    for keepdims in (False, True):
        got = mx.minmax(mx.array(x), axis, keepdims)
        assert isinstance(got, tuple)
        same(list(got), [np.min(x, axis, keepdims=keepdims), np.max(x, axis, keepdims=keepdims)])
    assert all(np.isnan(r.item()) for r in mx.minmax(mx.array([1.0, np.nan, 2.0])))
    check_vmap(lambda x: mx.minmax(x, 0), mx.array(x))
    check_gradient(lambda x: mx.minmax(x, 1)[0] * 2 + mx.minmax(x, 1)[1], draw("float64", (3, 5)), jvp=False)


@pytest.mark.parametrize(
    "error, shape, axis", [(IndexError, (2, 3), 2), (ValueError, (0, 3), 0), (ValueError, (0,), None)]
)
def test_minmax_refuses_what_min_refuses(error, shape, axis):
    with pytest.raises(error):
        mx.minmax(mx.zeros(shape), axis)


@pytest.mark.parametrize("name", ["var", "std"])
def test_correction_is_another_name_of_ddof_and_wins(name):
    x, function, expected = draw("float32", (4, 6)), getattr(mx, name), getattr(np, name)
    for axis in (None, 0, 1):
        same(function(mx.array(x), axis=axis, correction=1), expected(x, axis=axis, ddof=1), 1e-5)
    same(function(mx.array(x), ddof=1, correction=2), expected(x, ddof=2), 1e-5)
    same(function(mx.array(x), 0, False, 1, correction=0), expected(x, axis=0), 1e-5)
    same(function(mx.array(x), ddof=1, correction=None), expected(x, ddof=1), 1e-5)
    same(getattr(mx.array(x), name)(1, correction=1), expected(x, axis=1, ddof=1), 1e-5)
    with pytest.raises(TypeError):
        function(mx.array(x), correction=1.5)


def test_the_median_of_complex_numbers_shows_a_nan():
    nan = float("nan")
    x = mx.array([[3 + 0j, complex(nan, 0), 1 + 0j], [3 + 0j, complex(0, nan), 1 + 0j], [3 + 1j, 2 + 0j, 1 - 1j]])
    assert mx.isnan(mx.median(x, axis=1)).tolist() == [True, True, False]
    assert mx.median(x[2]).item() == 2 and mx.median(mx.array([1 + 2j, 3 + 1j, 1 - 1j, 2 + 0j])).item() == 1.5 + 1j
