"""Short-time Fourier transforms, against frames made and added up in NumPy."""

import mlx.core as mx
import numpy as np
import pytest
from support import check_compiled, check_vmap, draw, same

pytestmark = pytest.mark.core

TAPER = np.array([0, 1, 2, 3, 4, 3, 2, 1], np.float32)


def centred(window, n):
    before = (n - len(window)) // 2
    return np.pad(window, (before, n - len(window) - before))


def stft(x, n, hop, window, center, mode, norm, half):
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], mode)
    count = (x.shape[-1] - n) // hop + 1
    frames = np.stack([x[..., f * hop : f * hop + n] * centred(window, n) for f in range(count)], -2)
    return np.moveaxis((np.fft.rfft if half else np.fft.fft)(frames, axis=-1, norm=norm), -1, -2)


CASES = [
    dict(n_fft=8), dict(n_fft=7, hop_length=2), dict(n_fft=8, hop_length=3), dict(n_fft=8, hop_length=11),
    dict(n_fft=8, win_length=3), dict(n_fft=7, win_length=4), dict(n_fft=8, window=TAPER), dict(n_fft=11, window=TAPER),
    dict(n_fft=8, win_length=2, window=TAPER), dict(n_fft=8, center=False), dict(n_fft=8, pad_mode="constant"),
    dict(n_fft=8, pad_mode="edge"), dict(n_fft=8, norm="ortho"), dict(n_fft=8, norm="forward"),
    dict(n_fft=8, onesided=False), dict(n_fft=64), dict(n_fft=30, center=False), dict(n_fft=1, hop_length=1),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("shape", [(30,), (2, 3, 30)], ids=str)
def test_forward(case, shape):
    x, n = draw("float32", shape), case["n_fft"]
    window = case.get("window", np.ones(case.get("win_length", n), np.float32))
    want = stft(x, n, case.get("hop_length", n // 4), window, case.get("center", True), case.get("pad_mode", "reflect"),
                case.get("norm", "backward"), case.get("onesided", True))  # fmt: skip
    got = mx.fft.stft(mx.array(x), **{k: mx.array(v) if k == "window" else v for k, v in case.items()})
    assert got.dtype == mx.complex64
    same(got, want, 1e-5, 2e-5)


def test_dtypes_of_the_signal_and_the_window():
    x = draw("int32", (40,), -9, 9)
    want = stft(x, 8, 2, np.ones(8), True, "reflect", "backward", True)
    for dtype in (mx.int32, mx.float16, mx.bfloat16, mx.float32):
        same(mx.fft.stft(mx.array(x).astype(dtype), 8), want, 1e-5, 1e-4)
    same(mx.fft.stft(mx.array(x), 8, window=mx.ones(8, mx.int32)), want, 1e-5, 1e-4)


def test_complex_signals_have_all_frequencies():
    x = draw("complex64", (40,))
    want = stft(x, 8, 2, np.ones(8), True, "reflect", "backward", False)
    same(mx.fft.stft(mx.array(x), 8), want, 1e-5, 2e-5)
    same(mx.fft.istft(mx.fft.stft(mx.array(x), 8), onesided=False), x.real, 1e-5, 1e-5)


INVERSES = [dict(n_fft=8), dict(n_fft=8, hop_length=3), dict(n_fft=8, hop_length=8), dict(n_fft=9), dict(n_fft=8, hop_length=1),
            dict(n_fft=8, window=TAPER), dict(n_fft=10, window=TAPER, hop_length=2), dict(n_fft=8, norm="ortho"),
            dict(n_fft=8, norm="forward"), dict(n_fft=8, onesided=False)]  # fmt: skip


@pytest.mark.parametrize("case", INVERSES, ids=str)
def test_the_inverse_gives_the_signal_back(case):
    x = draw("float32", (2, 40))
    case = {k: mx.array(v) if k == "window" else v for k, v in case.items()}
    spectra = mx.fft.stft(mx.array(x), **case)
    got = mx.fft.istft(spectra, **case)
    assert got.dtype == mx.float32 and got.shape[0] == 2
    n = got.shape[1]
    assert 40 - case.get("hop_length", 2) < n <= 40
    same(got, x[:, :n], 1e-5, 1e-5)
    longer = mx.fft.istft(spectra, **case, length=60)
    same(longer[:, :n], x[:, :n], 1e-5, 1e-5)
    assert longer.shape == (2, 60) and not mx.any(longer[:, 56:]).item()
    same(mx.fft.istft(spectra, **case, length=5), x[:, :5], 1e-5, 1e-5)


def test_the_inverse_without_centring_and_with_gaps():
    x = np.arange(1, 21, dtype=np.float32)
    whole = mx.fft.istft(mx.fft.stft(mx.array(x), 8, center=False), center=False)
    same(whole, x, 1e-5, 1e-5)
    gaps = mx.fft.istft(mx.fft.stft(mx.array(x), 4, hop_length=6, center=False), hop_length=6, center=False)
    want = x[:16].copy()
    want[[4, 5, 10, 11]] = 0
    same(gaps, want, 1e-5, 1e-5)


def test_the_envelope_has_a_floor():
    window = mx.array([1e-3, 1e-5, 0.0, 1.0])
    got = mx.fft.istft(mx.fft.stft(mx.ones(4), 4, 4, center=False), hop_length=4, center=False, window=window)
    same(got, [1000, 1000, 0, 1], 1e-4, 1e-4)


def test_gradients():
    x, window = draw("float64", (12,)), mx.array(TAPER)
    for function in (
        lambda x: mx.fft.stft(x, 8, window=window),
        lambda x: mx.fft.stft(x, 6, hop_length=2, onesided=False),
    ):
        weights = draw("complex64", function(mx.array(x)).shape)

        def loss(x):
            spectra = function(x)
            return (spectra.real * mx.array(weights.real) + spectra.imag * mx.array(weights.imag)).sum()

        got = np.array(mx.grad(loss)(mx.array(x, mx.float32)))
        base = np.array([loss(mx.array(np.eye(12, dtype=np.float32)[i])).item() for i in range(12)])
        same(mx.array(got), base.astype(np.float32), 1e-4, 1e-4)


def test_the_gradient_through_both_is_one():
    x, window = mx.array(draw("float32", (40,))), mx.array(TAPER + 1)
    there_and_back = lambda x: mx.fft.istft(mx.fft.stft(x, 8, window=window), window=window)  # noqa: E731
    same(mx.grad(lambda x: there_and_back(x).sum())(x), np.ones(40), 1e-4, 1e-4)
    same(mx.jvp(there_and_back, [x], [x])[1][0], x, 1e-4, 1e-4)


def test_vmap_and_compile():
    x, window = mx.array(draw("float32", (3, 40))), mx.array(TAPER)
    check_vmap(lambda x: mx.fft.stft(x, 8, window=window), x)
    check_vmap(lambda x: mx.fft.stft(x, 8), x.T, in_axes=1)
    spectra = mx.fft.stft(x, 8)
    check_vmap(lambda z: mx.fft.istft(z, window=window), spectra)
    check_compiled(lambda x: mx.fft.istft(mx.fft.stft(x, 8, hop_length=3), hop_length=3), x)


WRONG = [
    lambda x: mx.fft.stft(mx.array(1.0), 8), lambda x: mx.fft.stft(x, 0), lambda x: mx.fft.stft(x, 2),
    lambda x: mx.fft.stft(x, 8, hop_length=0), lambda x: mx.fft.stft(x, 8, win_length=9), lambda x: mx.fft.stft(x, 8, window=mx.ones((8, 1))),
    lambda x: mx.fft.stft(x, 41, center=False), lambda x: mx.fft.stft(x, 8, norm="other"), lambda x: mx.fft.stft(x, 8, pad_mode="other"),
    lambda x: mx.fft.stft(x[:0], 8), lambda x: mx.fft.istft(x), lambda x: mx.fft.istft(mx.fft.stft(x, 8), hop_length=-1),
    lambda x: mx.fft.istft(mx.fft.stft(x, 8), win_length=9), lambda x: mx.fft.istft(mx.fft.stft(x, 8), norm="other"),
    lambda x: mx.fft.istft(mx.zeros((1, 4), mx.complex64)), lambda x: mx.fft.istft(mx.zeros((5, 0), mx.complex64)),
]  # fmt: skip


@pytest.mark.parametrize("call", WRONG)
def test_wrong_arguments_are_value_errors(call):
    with pytest.raises(ValueError):
        call(mx.array(draw("float32", (40,))))


def test_defaults():
    assert mx.fft.stft(mx.zeros(4096)).shape == (1025, 9)
