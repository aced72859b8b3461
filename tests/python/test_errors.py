"""Which exception each kind of bad input raises; a message names the operation."""

import mlx.core as mx
import numpy as np
import pytest

X = mx.ones((2, 3))

ALONG_AXES = [
    "sum", "prod", "min", "max", "minmax", "any", "all", "argmin", "argmax", "count_nonzero", "logsumexp", "softmax", "mean", "var",
    "std", "median", "cumsum", "cumprod", "cummax", "cummin", "logcumsumexp", "sort", "argsort", "squeeze", "expand_dims", "flip", "diff",
]  # fmt: skip


@pytest.mark.parametrize("name", ALONG_AXES)
@pytest.mark.parametrize("axis", [4, -5])
def test_index_error_for_a_bad_axis(name, axis):
    with pytest.raises(IndexError):
        getattr(mx, name)(X, axis=axis)


I = mx.array([0])
CALLS = {
    ValueError: {
        "add shapes": lambda: X + mx.ones((4,)),
        "equal shapes": lambda: X == mx.ones((4,)),
        "add string": lambda: X + "a",
        "add list": lambda: X + [1, 2, 3],
        "less list": lambda: X < [1, 2, 3],
        "reshape": lambda: X.reshape(4, 2),
        "reshape -1 twice": lambda: X.reshape(-1, -1),
        "concatenate shapes": lambda: mx.concatenate([X, mx.ones((2, 4))], axis=0),
        "stack shapes": lambda: mx.stack([X, mx.ones((2, 4))]),
        "concatenate nothing": lambda: mx.concatenate([]),
        "split uneven": lambda: mx.split(X, 2, axis=1),
        "transpose axes": lambda: X.transpose(0, 0),
        "broadcast_to": lambda: mx.broadcast_to(X, (2, 4)),
        "squeeze": lambda: mx.squeeze(X, 0),
        "duplicate axes": lambda: mx.sum(X, axis=(0, 0)),
        "item": lambda: X.item(),
        "bool": lambda: bool(X),
        "int": lambda: int(X),
        "float": lambda: float(X),
        "ragged": lambda: mx.array([[1, 2], [3]]),
        "negative bool": lambda: -mx.array([True]),
        "invert float": lambda: ~X,
        "itruediv of ints": lambda: mx.array([1, 2]).__itruediv__(2),
        "int too wide": lambda: mx.array([1], dtype=mx.uint8) + 1000,
        "matmul": lambda: X @ X,
        "arange step 0": lambda: mx.arange(0, 3, 0),
        "arange nan": lambda: mx.arange(0, mx.nan),
        "linspace": lambda: mx.linspace(0, 1, -1),
        "pad mode": lambda: mx.pad(X, 1, mode="round"),
        "clip": lambda: mx.clip(X, None, None),
        "unflatten": lambda: mx.unflatten(X, 1, (2, 2)),
        "partition kth": lambda: mx.eval(mx.partition(X, 7)),
        "complex floor": lambda: mx.floor(mx.array(1j)),
        "finfo of int": lambda: mx.finfo(mx.int32),
        "iinfo of float": lambda: mx.iinfo(mx.float32),
        "convolve 2-d": lambda: mx.convolve(X, X),
        "searchsorted side": lambda: mx.searchsorted(mx.array([1, 2]), mx.array([1]), side="middle"),
        "logsumexp axis of a scalar": lambda: mx.logsumexp(mx.array(1.0), axis=0),
        "argmax axis without elements": lambda: mx.argmax(mx.zeros((0,)), axis=1),
        "fft of a scalar": lambda: mx.fft.fft(mx.array(1.0), 4),
        "slice more axes": lambda: mx.slice(mx.array(1.0), mx.array([0]), [0], (1,)),
        "softmax axis of a scalar": lambda: mx.softmax(mx.array(1.0), axis=0),
    },
    IndexError: {
        "take axis": lambda: mx.take(X, I, axis=3),
        "concatenate axis": lambda: mx.concatenate([X, X], axis=2),
        "stack axis": lambda: mx.stack([X, X], axis=4),
        "split axis": lambda: mx.split(X, 2, axis=2),
        "transpose axis": lambda: mx.transpose(X, (0, 2)),
        "roll axis": lambda: mx.roll(X, 1, axis=3),
        "repeat axis": lambda: mx.repeat(X, 2, axis=3),
        "topk axis": lambda: mx.topk(X, 1, axis=4),
        "take_along_axis axis": lambda: mx.take_along_axis(X, mx.zeros((2, 3), dtype=mx.int32), axis=2),
        "moveaxis": lambda: mx.moveaxis(X, 0, 3),
        "swapaxes": lambda: mx.swapaxes(X, 0, 3),
        "diagonal": lambda: mx.diagonal(X, axis1=0, axis2=5),
        "trace": lambda: mx.trace(X, axis1=0, axis2=5),
        "flip": lambda: mx.flip(X, [0, 2]),
        "unflatten axis": lambda: mx.unflatten(X, 2, (1, 2)),
        "vecdot axis": lambda: mx.vecdot(X, X, axis=2),
        "cross axis": lambda: mx.linalg.cross(X, X, axis=-3),
        "fftshift axis": lambda: mx.fft.fftshift(X, axes=[2]),
        "fft axis of a scalar": lambda: mx.fft.fft(mx.array(1.0)),
        "fftshift of a scalar": lambda: mx.fft.fftshift(mx.array(1.0), axes=[0]),
        "slice axis": lambda: mx.slice(X, mx.array([0]), [5], (1, 3)),
        "categorical axis": lambda: mx.random.categorical(X, 5),
        "permutation axis": lambda: mx.random.permutation(X, 2),
    },
    TypeError: {
        "add None": lambda: X + None,
        "equal None": lambda: X == None,
        "matmul scalar": lambda: X @ 2,
        "tensordot of one list": lambda: mx.tensordot(X, X, [0, 0]),
        "meshgrid sparse": lambda: mx.meshgrid(I, sparse=None),
        "linspace num": lambda: mx.linspace(0, 1, None),
        "iterate a scalar": lambda: list(mx.array(1)),
        "string axis": lambda: mx.sum(X, axis="0"),
        "float axis": lambda: mx.sum(X, axis=1.0),
        "unknown keyword": lambda: mx.sum(X, axes=0),
        "no argument": lambda: mx.exp(),
        "len of a scalar": lambda: len(mx.array(1)),
        "stream None": lambda: mx.stream(None).__enter__(),
        "concatenate an array and a number": lambda: mx.concatenate([X, 1]),
    },
    RuntimeError: {
        "bitwise_and floats": lambda: mx.bitwise_and(X, X),
        "load nothing": lambda: mx.load("/no/such/file.npy"),
        "load nothing safe": lambda: mx.load("/no/such/file.safetensors"),
        "int beyond int64": lambda: mx.array(2**70),
        "save into nothing": lambda: mx.save("/no/such/folder/x.npy", X),
    },
    OverflowError: {
        "zeros": lambda: mx.zeros((2**33,)),
        "reshape": lambda: mx.reshape(X, (2**40,)),
        "repeat": lambda: mx.repeat(mx.zeros((2**20,)), 2**14),
    },
}


@pytest.mark.parametrize("error, name", [(e, n) for e, calls in CALLS.items() for n in calls],
                         ids=lambda v: v if isinstance(v, str) else v.__name__)  # fmt: skip
def test_type_of_error(error, name):
    with pytest.raises(error) as caught:
        CALLS[error][name]()
    assert str(caught.value).strip()


@pytest.mark.parametrize("call, words", [
    (lambda: mx.take(X, I, axis=3), ["take", "3"]), (lambda: X + mx.ones((4,)), ["(2,3)", "(4)"]),
    (lambda: mx.zeros((2**33,)), ["8589934592"]), (lambda: X.reshape(4, 2), ["reshape", "6"]),
])  # fmt: skip
def test_messages_name_what_is_wrong(call, words):
    with pytest.raises(Exception) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_equality_with_sequences_and_strings_is_plain_false():
    assert (X == [1, 2]) is False and (X != "a") is True


@pytest.mark.parametrize("value", [np.int32(1), np.uint8(1), np.int64(1)])
def test_numpy_integers_serve_as_ints(value):
    assert mx.sum(X, axis=value).shape == (2,)
    assert mx.zeros((value, 3)).shape == (1, 3)


def test_a_gpu_that_is_not_there_is_refused():
    if mx.is_available(mx.gpu):
        assert mx.default_device() == mx.gpu
        return
    with pytest.raises(ValueError):
        mx.set_default_device(mx.gpu)


@pytest.mark.parametrize("name", ["__rmatmul__", "__rand__", "__ror__", "__rxor__", "__divmod__"])
def test_methods_that_arrays_lack(name):
    assert not hasattr(X, name)


def test_a_failed_operation_leaves_the_library_usable():
    for _ in range(3):
        with pytest.raises(ValueError):
            X + mx.ones((4,))
        assert (X + 1).sum().item() == 12
