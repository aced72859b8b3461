"""Results whose shape depends on values: boolean masks, nonzero, argwhere and unique, against NumPy."""

import mlx.core as mx
import numpy as np
import pytest
from support import ALL, DTYPES, check_gradient, check_vmap, device_for, draw, same, to_mx, to_numpy

pytestmark = pytest.mark.core

X = draw("float32", (4, 5, 6), seed=3)
FIRST, PLANE, WHOLE, LAST = X[:, 0, 0] > 0, X[:, :, 0] > 0, X > 0, X[0, 0] > 0
MASKS = [
    FIRST, PLANE, WHOLE, X > 9, X < 9, (FIRST,), (FIRST, 1), (FIRST, slice(1, 4)), (FIRST, Ellipsis, 2), (FIRST, None),
    (None, FIRST), (slice(None), X[0, :, 0] > 0), (slice(None), X[0, :, 0] > 0, 1), (slice(1, 3), X[0] > 0), (..., LAST),
    (..., LAST, None), (0, X[0, :, 0] > 0), (PLANE, 2), (PLANE, slice(None, None, -1)), (2, slice(None), LAST),
    (np.array([True, False, True, True]), np.array([0, 4, 2])), (np.array([False] * 3 + [True]), ..., np.array([[0], [5]])),
    ([1, 3], np.array([True, False, False, True, False])),
]  # fmt: skip


def as_arrays(index):
    """The index with MLX's arrays in the place of NumPy's."""
    if isinstance(index, tuple):
        return tuple(as_arrays(item) for item in index)
    return mx.array(index) if isinstance(index, (np.ndarray, list)) else index


def whole_numbers(dtype, shape, high):
    """Values of few kinds, zero among them."""
    values = draw(dtype, shape, 0, high)
    kind = DTYPES[dtype].kind
    return values.real.round() + 1j * values.imag.round() if kind == "c" else values.round() if kind == "f" else values


def as_lists(index):
    if isinstance(index, tuple):
        return tuple(as_lists(item) for item in index)
    return index.tolist() if isinstance(index, np.ndarray) else index


@pytest.mark.parametrize("index", MASKS)
def test_reading_with_masks(index):
    want = X[index]
    same(mx.array(X)[as_arrays(index)], want)
    same(mx.array(X)[as_lists(index)], want)
    same(mx.array(X).transpose(0, 2, 1).transpose(0, 2, 1)[as_arrays(index)], want)


def test_numpy_masks_are_masks():
    same(mx.array(X)[FIRST], X[FIRST])
    same(mx.array(X)[:, X[0] > 0], X[:, X[0] > 0])
    same(mx.array(X)[WHOLE, None], X[WHOLE, None])


@pytest.mark.parametrize("flag", [True, False])
def test_a_single_bool_gives_an_axis_of_one_row_or_none(flag):
    same(mx.array(X)[flag], X[flag])
    same(mx.array(X)[mx.array(flag)], X[np.array(flag)])
    same(mx.array(3.5)[flag], np.float32(3.5)[np.array(flag)].astype(np.float32))


@pytest.mark.parametrize("dtype", ALL)
def test_masks_read_every_dtype(dtype):
    values = draw(dtype, (7, 3))
    with device_for(dtype):
        same(to_mx(values, dtype)[mx.array([True, False] * 3 + [True])], values[[0, 2, 4, 6]])


def test_masks_of_empty_arrays():
    assert mx.zeros((0, 3))[mx.zeros((0,), mx.bool_)].shape == (0, 3)
    assert mx.zeros((3, 0))[mx.array([True, False, True])].shape == (2, 0)
    assert mx.zeros((0, 3))[mx.zeros((0, 3), mx.bool_)].shape == (0,)


WRONG_MASKS = [np.ones(3, bool), np.ones((4, 4), bool), np.ones((4, 5, 6, 1), bool), (slice(None), np.ones(4, bool)),
               (0, 0, 0, np.ones(4, bool)), (..., np.ones(5, bool))]  # fmt: skip


@pytest.mark.parametrize(
    "mask", WRONG_MASKS, ids=lambda mask: str(np.shape(mask)) if isinstance(mask, np.ndarray) else "tuple"
)
def test_a_mask_of_another_shape_is_an_index_error(mask):
    with pytest.raises(IndexError):
        X[mask]
    with pytest.raises(IndexError, match="index"):
        mx.array(X)[as_arrays(mask)]


@pytest.mark.parametrize("index", [FIRST, PLANE, WHOLE, (FIRST, 1), (slice(None), X[0, :, 0] > 0), (..., LAST)])
def test_gradients_flow_through_a_read_with_a_mask(index):
    weights = draw("float32", X[index].shape, seed=8)
    want = np.zeros_like(X)
    want[index] = weights
    same(mx.grad(lambda x: (x[as_arrays(index)] * mx.array(weights)).sum())(mx.array(X)), want)


def test_the_mask_may_depend_on_what_is_differentiated():
    x = mx.array([1.0, -2.0, 3.0])
    same(mx.grad(lambda x: (x[x > 0] ** 2).sum())(x), [2, 0, 6])
    same(mx.grad(lambda x: x[mx.nonzero(x > 0)].sum())(x), [1, 0, 1])
    value, tangent = mx.jvp(lambda x: x[x < 0], [x], [mx.array([1.0, 5.0, 7.0])])
    assert value[0].tolist() == [-2] and tangent[0].tolist() == [5]
    check_gradient(lambda x: mx.exp(x[mx.array([True, False, True])]), draw("float64", (3, 2)))
    hessian = mx.grad(lambda x: mx.grad(lambda y: (y[y > 0] ** 3).sum())(x).sum())(x)
    same(hessian, [6, 0, 18])


@pytest.mark.parametrize("read", [lambda x: x[x > 0], lambda x: mx.nonzero(x), lambda x: mx.argwhere(x), lambda x: mx.unique(x),
                                  lambda x: x[:, x[0] > 0]])  # fmt: skip
@pytest.mark.parametrize("transform", [mx.compile, mx.vmap])
def test_values_are_not_known_while_a_function_is_traced(transform, read):
    with pytest.raises(ValueError, match="depends on values"):
        transform(read)(mx.ones((2, 3, 4)))


def test_a_mask_from_outside_may_be_read_inside_traced_functions():
    mask = mx.array([True, False, True])
    same(mx.compile(lambda x: x[mask] * 2)(mx.array([1.0, 2.0, 3.0])), [2, 6])
    check_vmap(lambda x: x[mask], mx.array(draw("float32", (4, 3))))


def test_assigning_at_a_mask_beside_other_indices():
    got, want = mx.array(X), X.copy()
    got[mx.array(FIRST), 1] = 7
    want[FIRST, 1] = 7
    got[:, mx.array(X[0, :, 0] > 0), 2] = -1
    want[:, X[0, :, 0] > 0, 2] = -1
    same(got, want)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("shape", [(9,), (3, 4), (2, 3, 4), (1, 1), (0,), (3, 0)], ids=str)
def test_nonzero_and_argwhere(dtype, shape):
    values = whole_numbers(dtype, shape, 2)
    with device_for(dtype):
        got, rows = mx.nonzero(to_mx(values, dtype)), mx.argwhere(to_mx(values, dtype))
    want = np.nonzero(values)
    assert isinstance(got, tuple) and len(got) == len(shape)
    for g, w in zip(got, want):
        assert g.dtype == mx.uint32
        same(g, w)
    assert rows.dtype == mx.uint32 and rows.shape == (len(want[0]), len(shape))
    same(rows, np.argwhere(values))


def test_nonzero_in_layouts_and_of_many_places():
    x = draw("int32", (300, 401), 0, 3)
    for view, want in ((mx.array(x).T, x.T), (mx.array(x)[::-2, 3:], x[::-2, 3:]), (mx.array(x) > 1, x > 1)):
        for got, expected in zip(mx.nonzero(view), np.nonzero(want)):
            same(got, expected)
        same(view[view > 0], want[want > 0])


def test_scalars_have_no_axes_to_count_along():
    with pytest.raises(ValueError, match=r"\[nonzero\]"):
        mx.nonzero(mx.array(3))
    assert mx.argwhere(mx.array(3)).shape == (1, 0) and mx.argwhere(mx.array(0)).shape == (0, 0)


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("shape", [(31,), (4, 9), (1,)], ids=str)
def test_unique_without_a_size(dtype, shape):
    values = whole_numbers(dtype, shape, 5)
    want = np.unique(values, return_index=True, return_inverse=True, return_counts=True)
    with device_for(dtype):
        x = to_mx(values, dtype)
        got = mx.unique(x, return_index=True, return_inverse=True, return_counts=True)
        same(mx.unique(x), want[0])
        assert isinstance(got, tuple) and [str(g.dtype)[9:] for g in got[1:]] == ["uint32", "uint32", "int32"]
        assert got[0].dtype == x.dtype
        for g, w in zip(got, want):
            same(g, w.reshape(shape) if w is want[2] else w)
        same(got[0][got[2]], values)


def test_unique_with_a_size():
    x = mx.array([[2, 1, 2], [3, 1, 9]])
    same(mx.unique(x, 3), [1, 2, 3])
    same(mx.unique(x, 6), [1, 2, 3, 9, 1, 1])
    same(mx.unique(x, 6, fill_value=-1), [1, 2, 3, 9, -1, -1])
    values, index, inverse, counts = mx.unique(x, 5, True, True, True, fill_value=mx.array([0.0]))
    assert (values.tolist(), index.tolist(), counts.tolist()) == ([1, 2, 3, 9, 0], [1, 0, 3, 5, 1], [2, 2, 1, 1, 0])
    assert inverse.tolist() == [[1, 0, 1], [2, 0, 3]]
    values, index, inverse, counts = mx.unique(x, 2, True, True, True)
    assert (values.tolist(), index.tolist(), counts.tolist()) == ([1, 2], [1, 0], [2, 2])
    assert inverse.tolist() == [[1, 0, 1], [1, 0, 1]]
    assert [r.shape for r in mx.unique(x, 0, True, True, True)] == [(0,), (0,), (2, 3), (0,)]
    assert isinstance(mx.unique(x, 2, return_counts=True), tuple)


def test_unique_leaves_its_input_alone_when_the_size_is_given():
    same(mx.compile(lambda x: mx.unique(x, 3, return_counts=True))(mx.array([5, 4, 5])), ([4, 5, 4], [1, 2, 0]))
    check_vmap(lambda x: mx.unique(x, 4, True, True, True, -1), mx.array(draw("int32", (5, 6), 0, 4)))
    check_vmap(lambda x: mx.unique(x, 3), mx.array(draw("int32", (5, 6), 0, 4)), in_axes=1)


def test_special_values_of_unique():
    values, counts = mx.unique(mx.array([2.0, mx.nan, 1.0, mx.nan, -mx.inf, mx.inf]), return_counts=True)
    np.testing.assert_array_equal(to_numpy(values), [-np.inf, 1, 2, np.inf, np.nan, np.nan])
    assert counts.tolist() == [1] * 6
    for zeros in ([0.0, -0.0, 0.0], [-0.0, 0.0]):
        value, index, count = mx.unique(mx.array(zeros), return_index=True, return_counts=True)
        assert count.tolist() == [len(zeros)] and index.tolist() == [0]
        assert np.signbit(value.item()) == np.signbit(zeros[0])


def test_unique_of_nothing():
    assert [r.shape for r in mx.unique(mx.zeros((0, 3)), None, True, True, True)] == [(0,), (0,), (0, 3), (0,)]
    got = mx.unique(mx.array([]), 2, True, True, True, fill_value=5)
    assert [r.tolist() for r in got] == [[5, 5], [0, 0], [], [0, 0]]


def test_gradients_of_unique_go_to_the_first_of_each_value():
    x, weights = mx.array([2.0, 1.0, 1.0, 2.0]), mx.array([1.0, 2.0, 3.0, 4.0])
    same(mx.grad(lambda x: (mx.unique(x, 4) * weights).sum())(x), [2, 8, 0, 0])
    same(mx.grad(lambda fill: (mx.unique(x, 4, fill_value=fill) * weights).sum())(mx.array(9.0)), 7)
    same(mx.grad(lambda x: (mx.unique(x) * weights[:2]).sum())(x), [2, 1, 0, 0])


WRONG_UNIQUE = [
    (ValueError, lambda: mx.unique(mx.array([1]), -1)),
    (ValueError, lambda: mx.unique(mx.array([]), 2)),
    (ValueError, lambda: mx.unique(mx.array([1]), 2, fill_value=mx.array([1, 2]))),
    (ValueError, lambda: mx.unique(mx.array([1], mx.uint8), 2, fill_value=300)),
    (TypeError, lambda: mx.unique(mx.array([1]), 2.0)),
    (TypeError, lambda: mx.unique([1, 2], 2)),
]


@pytest.mark.parametrize("error, call", WRONG_UNIQUE)
def test_wrong_arguments_of_unique(error, call):
    with pytest.raises(error, match="unique|array"):
        call()
