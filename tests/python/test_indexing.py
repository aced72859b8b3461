"""Reads and assignments by index in every form, against NumPy, with gradients and vmap."""

import mlx.core as mx
import numpy as np
import pytest
from support import DTYPES, check_compiled, check_vmap, draw, same

pytestmark = pytest.mark.core

X = draw("float32", (5, 6, 4))
I = lambda *values: np.array(values, np.int32)
# Indices for an array of shape (5, 6, 4); NumPy arrays among them stand for mlx arrays.
READS = {
    "int": 2, "negative int": -1, "numpy int": np.int64(1), "full slice": slice(None), "slice": slice(1, 4),
    "step": slice(None, None, 2), "negative step": slice(None, None, -1), "backwards": slice(4, 1, -2),
    "clamped slice": slice(-99, 99), "empty slice": slice(3, 3), "ellipsis": Ellipsis, "none": None,
    "two ints": (1, 2), "three ints": (1, 2, 3), "int, slice": (1, slice(2, 5)), "slice, int": (slice(None), 2),
    "ellipsis, int": (Ellipsis, 1), "int, ellipsis, slice": (0, Ellipsis, slice(1, 3)), "none inside": (1, None, 2),
    "none, ellipsis, none": (None, Ellipsis, None), "slices": (slice(1, 4), slice(None, None, 2), slice(0, 2)),
    "list": [0, 3, 1], "nested list": [[0, 1], [2, 3]], "array": I(0, -1, 2), "repeated": I(1, 1, 1),
    "matrix of indices": I(0, 1, 2, 3).reshape(2, 2), "scalar array": np.array(2, np.int32),
    "two arrays": (I(0, 1, 2), I(3, 4, 5)), "arrays broadcast": (I(0, 1, 2)[:, None], I(3, 4)),
    "arrays, adjacent": (slice(None), I(0, 2), I(1, 3)), "arrays, separated": (I(0, 1), slice(None), I(1, 3)),
    "array, slice": (I(0, 4), slice(1, 3)), "slice, array": (slice(1, 3), I(5, 0, 5)),
    "array and int": (I(0, 1, 2), 3), "int and array": (2, I(0, 1)), "int, slice, array": (1, slice(None), I(0, 2, 2)),
    "array, none": (I(0, 1), None), "empty array": np.zeros((0,), np.int32), "uint8 array": np.array([1, 2], np.uint8),
    "strided and array": (slice(None, None, -2), I(1, 2)), "all arrays": (I(0, 1), I(2, 3), I(3, 0)),
}  # fmt: skip


def for_mx(index):
    if isinstance(index, tuple):
        return tuple(for_mx(i) for i in index)
    return mx.array(index) if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("name", READS)
def test_read(name):
    same(mx.array(X)[for_mx(READS[name])], X[READS[name]])


@pytest.mark.parametrize("name", READS)
def test_read_of_a_transposed_array(name):
    x = np.ascontiguousarray(X.transpose(2, 1, 0))
    same(mx.array(x).transpose(2, 1, 0)[for_mx(READS[name])], X[READS[name]])


@pytest.mark.parametrize("name", READS)
def test_gradient_of_a_read(name):
    index = READS[name]
    weights = draw("float32", X[index].shape, 0.5, 2, seed=3)
    got = mx.grad(lambda x: (x[for_mx(index)] * mx.array(weights)).sum())(mx.array(X))
    want = np.zeros_like(X)
    np.add.at(want, index, weights)
    same(got, want, 1e-5, 1e-5)


WRITES = [name for name in READS if name not in ("repeated",)]


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("kind", ["scalar", "row", "same shape"])
def test_assign(name, kind):
    index = READS[name]
    shape = X[index].shape
    if kind == "same shape" and name == "int, slice, array":
        return  # takes its values with the array's axis last, unlike NumPy
    if kind == "same shape" and name in ("none", "none, ellipsis, none", "none inside", "array, none"):
        return
    value = 7.5 if kind == "scalar" else draw("float32", shape[-1:] if kind == "row" else shape, seed=5)
    if kind == "row" and name in ("int, slice, array", "array, none"):
        value = value[..., :1]
    if kind == "row" and name in ("none, ellipsis, none", "none"):
        return
    got, want = mx.array(X), X.copy()
    got[for_mx(index)] = mx.array(value) if kind != "scalar" else value
    want[index] = value
    same(got, want)


@pytest.mark.parametrize("dtype", ["float32", "int8", "float16", "int64", "complex64"])
@pytest.mark.parametrize("shape", [(50,), (30, 7), (12, 3, 5)], ids=str)
def test_the_last_of_several_updates_of_one_place_stays(shape, dtype):
    random, row = np.random.default_rng(0), DTYPES[dtype]
    n = 5000
    index, values = random.integers(-shape[0], shape[0], n), random.integers(0, 100, (n, *shape[1:])).astype(row.numpy)
    x, want = mx.zeros(shape, row.mx), np.zeros(shape, row.numpy)
    x[mx.array(index)] = mx.array(values)
    want[index] = values
    same(x, want)
    index, values = (
        random.integers(0, shape[0], (n, *shape[1:])),
        random.integers(0, 100, (n, *shape[1:])).astype(row.numpy),
    )
    np.put_along_axis(want, index, values, 0)
    same(mx.put_along_axis(x, mx.array(index), mx.array(values), axis=0), want)


@pytest.mark.parametrize("step", [None, 1, 2, 3, -1, -2, -3])
def test_every_slice_of_short_axes(step):
    for n in range(5):
        bounds = [None, *range(-n - 2, n + 3)]
        for index in [slice(start, stop, step) for start in bounds for stop in bounds]:
            values, x = np.arange(n), mx.arange(n)
            same(x[index], values[index], context=str(index))
            x[index] = values[index] = 9
            same(x, values, context=f"{index} = 9")
            same(
                mx.zeros((n, 2))[index, mx.array([0, 1, 1])],
                np.zeros((n, 2))[index, [0, 1, 1]],
                context=f"{index}, array",
            )


def test_an_int_before_a_slice_is_no_advanced_index_in_an_assignment():
    got = mx.array(X)
    values = draw("float32", (6, 2), seed=5)
    got[0, :, mx.array([1, 3])] = mx.array(values)
    want = X.copy()
    want[0][:, [1, 3]] = values
    same(got, want)


@pytest.mark.parametrize("dtype", ["bool_", "int8", "uint16", "int64", "float16", "bfloat16", "complex64"])
def test_reads_and_assignments_in_other_dtypes(dtype):
    values = draw(dtype, (5, 6), 0, 3)
    x = mx.array(values, dtype=getattr(mx, dtype))
    same(x[mx.array([0, 3]), 1:4], values[[0, 3], 1:4], dtype=dtype)
    x[1:3, mx.array([0, 5])] = 1
    want = values.copy()
    want[1:3, [0, 5]] = 1
    same(x, want, dtype=dtype)
    x[::2] = mx.array([2.0])
    want[::2] = np.array(2).astype(want.dtype)
    same(x, want, dtype=dtype)


@pytest.mark.parametrize("name", READS)
def test_at_sets_in_a_copy(name):
    source, want = mx.array(X), X.copy()
    want[READS[name]] = 7.5
    same(source.at[for_mx(READS[name])].set(7.5), want)
    same(source, X)


AT = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide, "maximum": np.maximum,
    "minimum": np.minimum,
}  # fmt: skip


@pytest.mark.parametrize("operation", AT)
@pytest.mark.parametrize("name", ["int", "slice", "negative step", "repeated", "two arrays", "array, slice", "all arrays",
                                  "slice, array", "matrix of indices", "ellipsis"])  # fmt: skip
def test_at_accumulates_duplicates(operation, name):
    index = READS[name]
    value = draw("float32", X[index].shape, 0.5, 2, seed=5)
    source = mx.array(X)
    got = getattr(source.at[for_mx(index)], operation)(mx.array(value))
    want = X.copy()
    AT[operation].at(want, index, value)
    same(got, want, 1e-5, 1e-5)
    same(source, X)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int64", "float16", "bfloat16"])
def test_at_in_other_dtypes(dtype):
    x, i = mx.zeros((4,), dtype=getattr(mx, dtype)), mx.array([1, 1, 3, 1])
    assert x.at[i].add(mx.array([1, 2, 3, 4], dtype=x.dtype)).tolist() == [0, 7, 0, 3]
    assert x.at[i].maximum(mx.array([1, 2, 3, 4], dtype=x.dtype)).tolist() == [0, 4, 0, 3]


def test_gradients_of_at_add():
    x, i, v = mx.zeros((3,)), mx.array([0, 0, 2]), mx.array([1.0, 2.0, 3.0])
    weights = mx.array([2.0, 3.0, 5.0])
    dx, dv = mx.grad(lambda x, v: (x.at[i].add(v) * weights).sum(), argnums=(0, 1))(x, v)
    assert dx.tolist() == [2, 3, 5] and dv.tolist() == [2, 2, 5]


@pytest.mark.parametrize("mask", [X[:, :, 0] > 0, X[:, 0, 0] > 0, X > 0, np.zeros((5,), bool)])
def test_mask_assignment(mask):
    want = X.copy()
    want[mask] = 2.5
    for form in (mx.array(mask), mask):
        got = mx.array(X)
        got[form] = 2.5
        same(got, want)
    values = draw("float32", X[mask].shape, seed=9)
    if values.size:
        got, want = mx.array(X), X.copy()
        got[mx.array(mask)] = mx.array(values)
        want[mask] = values
        same(got, want)


@pytest.mark.parametrize("index", [(), None, Ellipsis])
def test_assignment_to_a_scalar_array(index):
    x = mx.array(1.0)
    x[index] = 3
    assert x.item() == 3


def test_assignment_rebinds_and_leaves_copies_alone():
    x = mx.zeros((4,))
    alias, copy, part = x, x[:], x[1:3]
    x[1] = 5
    x += 1
    assert alias is x and alias.tolist() == [1, 6, 1, 1]
    assert copy.tolist() == [0, 0, 0, 0] and part.tolist() == [0, 0]


def test_in_place_operators_keep_the_promoted_dtype():
    x = mx.array([1, 2])
    x += 0.5
    assert x.dtype == mx.float32 and x.tolist() == [1.5, 2.5]


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_take(axis):
    i = I(3, 0, -1, 2).reshape(2, 2)
    same(mx.take(mx.array(X), mx.array(i), axis=axis), np.take(X, i, axis=axis))
    same(mx.take(mx.array(X), 1, axis=axis), np.take(X, 1, axis=axis))


def test_values_put_along_an_axis_may_have_leading_axes_of_one():
    axis = 1
    index, values = np.array([[0], [2], [1]]), np.arange(3, dtype=np.float32).reshape(1, 1, 3, 1)
    want = np.zeros((3, 4), np.float32)
    np.put_along_axis(want, index, values[0, 0], axis)
    same(mx.put_along_axis(mx.zeros((3, 4)), mx.array(index), mx.array(values), axis), want)
    with pytest.raises(ValueError, match="size 2"):
        mx.put_along_axis(mx.zeros((3, 4)), mx.array(index), mx.ones((2, 3, 1)), axis)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_take_and_put_along_axis(axis):
    i = np.argsort(X, axis=axis).astype(np.int32)
    values = draw("float32", i.shape, seed=4)
    same(mx.take_along_axis(mx.array(X), mx.array(i), axis=axis), np.take_along_axis(X, i, axis=axis))
    want = X.copy()
    np.put_along_axis(want, i, values, axis)
    same(mx.put_along_axis(mx.array(X), mx.array(i), mx.array(values), axis=axis), want)


def test_gradient_of_take_along_axis():
    i = np.array([[0, 0, 1], [2, 1, 2]], np.int32)
    got = mx.grad(lambda x: mx.take_along_axis(x, mx.array(i), axis=1).sum())(mx.zeros((2, 3)))
    assert got.tolist() == [[2, 1, 0], [0, 1, 2]]


def test_vmap_of_gathers_and_scatters():
    x, i = mx.array(draw("float32", (3, 6))), mx.array([[0, 1], [5, 5], [2, 3]])
    check_vmap(lambda x, i: x[i], x, i)
    check_vmap(lambda x, i: x[i], x, i, in_axes=(None, 0))
    check_vmap(lambda x, i: mx.take(x, i, axis=0), x, mx.array([0, 2, 2]), in_axes=(1, None))
    check_vmap(lambda x, i: x.at[i].add(1.0), x, i)
    check_vmap(lambda x, i: mx.take_along_axis(x, i, axis=0), x, i)


def test_compiled_reads_and_assignments():
    def function(x, i):
        x = x * 2
        x[1:3] = 0
        return x[i] + x.at[i].add(1.0)[i]

    check_compiled(function, mx.array(X), mx.array([0, 4, 1]))


def test_slice_update_with_array_starts():
    x, update = mx.zeros((5, 6)), mx.ones((2, 3))
    got = mx.slice_update(x, update, mx.array([1, 2]), (0, 1))
    want = np.zeros((5, 6))
    want[1:3, 2:5] = 1
    same(got, want)


@pytest.mark.parametrize("index", [np.array(1), np.array(-1), (np.array(0), slice(None), np.array(2)),
                                   slice(np.array(0), np.array(2))], ids=str)  # fmt: skip
def test_numpy_integers_without_axes_are_ints(index):
    x = mx.array(X)
    same(x[index], X[index])
    x[index] = 7.0
    want = X.copy()
    want[index] = 7
    same(x, want)


@pytest.mark.parametrize(
    "shape, index", [((2, 3), ...), ((2, 3), ()), ((2, 3), (..., slice(None))), ((), ...)], ids=str
)
def test_a_value_for_everything_may_have_leading_axes_of_one(shape, index):
    x = mx.zeros(shape)
    x[index] = mx.ones((1, 1, *shape))
    same(x, np.ones(shape))


@pytest.mark.parametrize("index, shape", [
    ((0, None), (1, 3)), ((None, 0), (1, 3)), ((slice(None), None, 0), (2, 1)), ((0, None, slice(0, 2)), (1, 2)),
], ids=str)  # fmt: skip
def test_a_value_beside_new_axes_may_have_leading_axes_of_one(index, shape):
    x, want = mx.zeros((2, 3)), np.zeros((2, 3))
    x[index] = mx.ones((1, 1, 1, *shape))
    want[index] = 1
    same(x, want)


@pytest.mark.parametrize("shape, axis", [((4, 0), 1), ((0, 4), 0), ((0,), 0)])
def test_nothing_is_written_along_an_empty_axis(shape, axis):
    indices = mx.zeros([n or 2 for n in shape], mx.int32)
    assert mx.put_along_axis(mx.zeros(shape), indices, mx.array(1.0), axis).shape == shape


@pytest.mark.parametrize("index", [
    1.5, np.array([0, 1]), (0, 0, 0, 0), (Ellipsis, Ellipsis), 2**40,
    mx.array([0.5]), "a",
], ids=str)  # fmt: skip
def test_reads_that_are_refused(index):
    with pytest.raises((ValueError, TypeError)):
        mx.eval(mx.array(X)[index])


@pytest.mark.parametrize("index", [0, slice(None), mx.array([0])], ids=str)
def test_a_scalar_array_takes_no_index(index):
    with pytest.raises(ValueError):
        mx.array(1.0)[index]


@pytest.mark.parametrize("index, value", [(0, mx.zeros((7,))), (slice(1, 3), mx.zeros((3, 6, 4))), (0, [1.0, 2.0]),
                                          (mx.array([True, False]), 1.0)], ids=str)  # fmt: skip
def test_assignments_that_are_refused(index, value):
    with pytest.raises(ValueError):
        x = mx.array(X)
        x[index] = value
        mx.eval(x)


def test_out_of_range_indices_do_not_end_the_process():
    mx.eval(mx.array([1.0, 2.0])[mx.array([5])], mx.array([1.0, 2.0])[7])


@pytest.mark.parametrize("count, inner, rows", [(20000, 1, 50), (20000, 1, 100000), (5000, 3, 1000), (3000, 128, 100),
                                                (30, 4000, 10)])  # fmt: skip
def test_large_scatters_accumulate_every_duplicate(count, inner, rows):
    generator = np.random.default_rng(0)
    index = generator.integers(-rows, rows, count)
    values = generator.integers(-5, 5, (count, inner))
    want = np.zeros((rows, inner), np.int64)
    np.add.at(want, index, values)
    for dtype in (mx.int8, mx.uint16, mx.int32, mx.int64, mx.float32, mx.complex64):
        got = mx.zeros((rows, inner), dtype).at[mx.array(index)].add(mx.array(values).astype(dtype))
        assert mx.array_equal(got, mx.array(want).astype(dtype)).item(), dtype
    for name, reduce in (("maximum", np.maximum), ("minimum", np.minimum)):
        start = generator.integers(-3, 3, (rows, inner)).astype(np.int32)
        want = start.copy()
        reduce.at(want, index, values.astype(np.int32))
        same(getattr(mx.array(start).at[mx.array(index)], name)(mx.array(values)), want)


def test_five_index_arrays():
    generator = np.random.default_rng(0)
    x = draw("float32", (3, 4, 5, 6, 7))
    index = tuple(generator.integers(-n, n, 9) for n in x.shape)
    arrays = tuple(mx.array(i) for i in index)
    same(mx.array(x)[arrays], x[index])
    want = np.zeros(x.shape, np.float32)
    np.add.at(want, index, 1)
    same(mx.zeros(x.shape).at[arrays].add(1), want)


@pytest.mark.parametrize("shape, dims", [((1000,), 1), ((3000, 7), 1), ((300, 70), 2), ((50000,), 1)])
def test_large_masks_and_their_gradients(shape, dims):
    generator = np.random.default_rng(0)
    x = draw("float32", shape)
    mask = generator.normal(size=shape[:dims]) > 0.3
    values = draw("float32", (int(mask.sum()), *shape[dims:]))
    want = x.copy()
    want[mask] = values

    def assigned(v):
        y = mx.array(x)
        y[mx.array(mask)] = v
        return y

    same(assigned(mx.array(values)), want)
    same(mx.grad(lambda v: (assigned(v) * mx.array(x)).sum())(mx.array(values)), x[mask])
    with pytest.raises(RuntimeError, match="true places, but there are only"):
        mx.eval(assigned(mx.array(values[1:])))
