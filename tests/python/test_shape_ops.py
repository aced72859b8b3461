"""Operations that only rearrange elements, against NumPy: one row each, over layouts, gradients and vmap."""

from dataclasses import dataclass
from typing import Callable

import mlx.core as mx
import numpy as np
import pytest
from support import LAYOUTS, check, check_compiled, check_gradient, check_vmap, draw, lay_out, same

pytestmark = pytest.mark.core


@dataclass(frozen=True)
class Row:
    """The same call for mx arrays and for NumPy arrays of the matrix (4, 6)."""

    name: str
    call: Callable
    expected: Callable
    vmap: bool = True

    def __str__(self):
        return self.name


def on_numpy(name, *args, **kwargs):
    return Row(f"{name} {args or ''}{kwargs or ''}", lambda x: getattr(mx, name)(x, *args, **kwargs),
               lambda x: getattr(np, name)(x, *args, **kwargs))  # fmt: skip


ROWS = [
    on_numpy("reshape", (3, 8)),
    on_numpy("reshape", (2, -1, 3)),
    on_numpy("transpose"),
    on_numpy("transpose", (1, 0)),
    on_numpy("expand_dims", 0),
    on_numpy("expand_dims", (0, 3)),
    on_numpy("moveaxis", 0, 1),
    on_numpy("swapaxes", 0, -1),
    on_numpy("flip"),
    on_numpy("flip", axis=1),
    on_numpy("flip", axis=(0, 1)),
    on_numpy("roll", 2),
    on_numpy("roll", -1, axis=1),
    on_numpy("roll", (1, 2), axis=(0, 1)),
    on_numpy("repeat", 3),
    on_numpy("repeat", 2, axis=1),
    on_numpy("tile", (2, 3)),
    on_numpy("tile", (2, 1, 2)),
    on_numpy("tril"),
    on_numpy("tril", 1),
    on_numpy("triu", -2),
    on_numpy("diagonal"),
    on_numpy("diagonal", offset=1),
    on_numpy("diag"),
    on_numpy("trace"),
    on_numpy("pad", 2),
    on_numpy("pad", (1, 2)),
    on_numpy("pad", ((0, 1), (3, 0))),
    on_numpy("pad", ((2, 1), (3, 2)), mode="edge"),
    on_numpy("pad", ((2, 1), (3, 2)), mode="reflect"),
    on_numpy("pad", ((7, 9), (3, 2)), mode="symmetric"),
    on_numpy("broadcast_to", (3, 4, 6)),
    on_numpy("atleast_1d"),
    on_numpy("atleast_2d"),
    on_numpy("atleast_3d"),
    on_numpy("permute_dims", (1, 0)),
    on_numpy("squeeze"),
    Row("flatten", mx.flatten, np.ravel),
    Row("flatten part", lambda x: mx.flatten(x, 0, 1), np.ravel),
    Row("unflatten", lambda x: mx.unflatten(x, 1, (2, 3)), lambda x: x.reshape(4, 2, 3)),
    Row("concatenate", lambda x: mx.concatenate([x, x + 1], axis=1), lambda x: np.concatenate([x, x + 1], axis=1)),
    Row("concat", lambda x: mx.concat([x, x[:2]]), lambda x: np.concatenate([x, x[:2]])),
    Row("stack", lambda x: mx.stack([x, -x], axis=-1), lambda x: np.stack([x, -x], axis=-1)),
    Row("as_strided", lambda x: mx.as_strided(mx.contiguous(x), (3, 4), (6, 1), 2),
        lambda x: np.lib.stride_tricks.as_strided(np.ascontiguousarray(x).reshape(-1)[2:], (3, 4),
                                                  (6 * x.itemsize, x.itemsize)), vmap=False),
    Row("contiguous", mx.contiguous, np.array),
    Row("slice", lambda x: mx.slice(x, mx.array([1, 2]), (0, 1), (2, 3)), lambda x: x[1:3, 2:5]),
    Row("kron", lambda x: mx.kron(x, mx.array([[1.0, 2.0]])), lambda x: np.kron(x, [[1.0, 2.0]]), vmap=False),
]  # fmt: skip


def id_of(row):
    return str(row).strip()


@pytest.mark.parametrize("row", ROWS, ids=id_of)
@pytest.mark.parametrize("layout", [n for n in LAYOUTS if n not in ("empty", "0-d")])
def test_layouts(row, layout):
    check(row.call, row.expected, draw("float32", (4, 6)), layout=layout)


@pytest.mark.parametrize("row", ROWS, ids=id_of)
@pytest.mark.parametrize("dtype", ["bool_", "uint8", "int16", "int64", "bfloat16", "complex64"])
def test_dtypes(row, dtype):
    if row.name in ("stack", "concatenate", "kron") and dtype == "bool_" or row.name.startswith(("trace", "kron")):
        return
    x, values = lay_out(draw(dtype, (4, 6), 0, 3), dtype, "transposed")
    same(row.call(x), row.expected(values), 1e-2, dtype=dtype)


@pytest.mark.parametrize("row", ROWS, ids=id_of)
def test_gradient(row):
    check_gradient(row.call, draw("float64", (4, 6)), expected=row.expected)


@pytest.mark.parametrize("row", [r for r in ROWS if r.vmap], ids=id_of)
def test_vmap(row):
    x = mx.array(draw("float32", (4, 6, 2)))
    check_vmap(row.call, x, in_axes=2)
    check_vmap(row.call, mx.array(draw("float32", (2, 4, 6))), in_axes=0, out_axes=-1)


@pytest.mark.parametrize("row", ROWS, ids=id_of)
def test_compiled_between_elementwise_ops(row):
    check_compiled(lambda x: row.call(x * 2) - 1, mx.array(draw("float32", (4, 6))))


@pytest.mark.parametrize("sections, axis", [(2, 0), (3, 1), ([1, 4], 1), ([0, 2, 2], 0), ([3], -1)])
def test_split(sections, axis):
    x = draw("float32", (4, 6))
    same(mx.split(mx.array(x), sections, axis=axis), np.split(x, sections, axis=axis))
    same(mx.array(x).split(sections, axis), np.split(x, sections, axis=axis))


def test_unstack():
    x = draw("float32", (4, 6))
    parts = mx.unstack(mx.array(x), axis=1)
    assert isinstance(parts, tuple)
    same(list(parts), list(x.T))
    assert mx.unstack(mx.zeros((0, 3))) == ()
    for wrong in (mx.array(1.0), mx.zeros((2,))):
        with pytest.raises(IndexError, match="unstack"):
            mx.unstack(wrong, axis=1)


def test_matrix_transpose_exchanges_the_last_two_axes():
    x = draw("float32", (2, 3, 4))
    for got in (mx.matrix_transpose(mx.array(x)), mx.array(x).mT, mx.linalg.matrix_transpose(mx.array(x))):
        same(got, np.swapaxes(x, -1, -2))
    for shape in ((), (3,)):
        with pytest.raises(ValueError, match=r"\[matrix_transpose\]"):
            mx.matrix_transpose(mx.zeros(shape))


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("sparse", [False, True])
def test_meshgrid(indexing, sparse):
    values = [np.arange(3), np.arange(4), np.arange(2)]
    got = mx.meshgrid(*map(mx.array, values), indexing=indexing, sparse=sparse)
    same(got, np.meshgrid(*values, indexing=indexing, sparse=sparse))


def test_broadcast_arrays_and_shapes():
    a, b = np.ones((3, 1), np.float32), np.ones((4,), np.float32)
    same(list(mx.broadcast_arrays(mx.array(a), mx.array(b))), list(np.broadcast_arrays(a, b)))
    assert mx.broadcast_shapes((3, 1), (4,)) == (3, 4)


@pytest.mark.parametrize("k", [-1, 0, 2])
def test_diag_of_a_vector(k):
    same(mx.diag(mx.array([1.0, 2.0, 3.0]), k), np.diag(np.array([1.0, 2.0, 3.0]), k))


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0,)])
def test_empty_arrays_keep_their_shapes(shape):
    x = mx.zeros(shape)
    assert mx.transpose(x).shape == shape[::-1]
    assert mx.concatenate([x, x], axis=0).shape == (2 * shape[0], *shape[1:])
    assert mx.flatten(x).shape == (0,)
    assert mx.pad(x, 1).shape == tuple(n + 2 for n in shape)
    assert mx.repeat(x, 3, axis=0).shape == (3 * shape[0], *shape[1:])


@pytest.mark.parametrize("source, target", [("float32", "uint32"), ("uint8", "int32"), ("complex64", "float32"),
                                            ("int16", "uint8"), ("float16", "uint16")])  # fmt: skip
def test_view_reads_the_same_bytes(source, target):
    x = draw(source, (3, 8), 0, 9)
    got = mx.array(x).view(getattr(mx, target))
    same(got, x.view(np.dtype(target)))


def test_view_of_a_transposed_array():
    x = draw("float32", (4, 6))
    same(mx.array(x).T.view(mx.int32), np.ascontiguousarray(x.T).view(np.int32))


def test_many_transposes_and_reshapes_in_a_row():
    x = draw("float32", (2, 3, 4, 5))
    got = mx.array(x).transpose(3, 1, 0, 2).reshape(15, 8)[::2].T.reshape(2, 2, -1).swapaxes(0, 2)
    want = x.transpose(3, 1, 0, 2).reshape(15, 8)[::2].T.reshape(2, 2, -1).swapaxes(0, 2)
    same(got, want)


@pytest.mark.parametrize("shape, axes", [((300, 257), (1, 0)), ((17, 33, 65), (2, 1, 0)), ((17, 33, 65), (0, 2, 1)),
                                         ((5, 33, 7, 65), (3, 0, 2, 1)), ((9000, 3), (1, 0)), ((3, 9000), (1, 0))])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int16", "complex64"])
def test_large_arrays_with_exchanged_axes(dtype, shape, axes):
    x = draw(dtype, shape, 0, 9)
    turned = mx.array(x).transpose(axes)
    same(mx.contiguous(turned), x.transpose(axes))
    same(turned + mx.zeros(turned.shape, turned.dtype), x.transpose(axes))
    same(mx.concatenate([turned, turned], axis=-1), np.concatenate([x.transpose(axes)] * 2, axis=-1))


def test_depends_keeps_values_and_structure():
    x, y = mx.arange(3), mx.ones((2,))
    assert mx.depends(x, y).tolist() == [0, 1, 2]
    assert [v.tolist() for v in mx.depends([x, y], [x + 1])] == [[0, 1, 2], [1, 1]]
    same(mx.grad(lambda a: (mx.depends(a, a * 2) * 3).sum())(mx.ones((2,))), np.full(2, 3, np.float32))


def test_concatenating_one_array_gives_it_whatever_the_axis():
    for x in (mx.array(1.0), mx.ones((2, 3))):
        same(mx.concatenate([x], axis=5), np.array(x))
    with pytest.raises(IndexError):
        mx.concatenate([mx.array(1.0)] * 2)


@pytest.mark.parametrize("dtype, value", [("uint8", -1), ("uint8", 256), ("int16", 2**40), ("int32", -(2**31) - 1)])
def test_padding_that_does_not_fit_the_dtype(dtype, value):
    with pytest.raises(ValueError):
        mx.pad(mx.zeros(2, getattr(mx, dtype)), 1, constant_values=value)
