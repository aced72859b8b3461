"""Fourier transforms against NumPy in double precision: lengths, axes, norms, layouts, gradients and batching."""

import mlx.core as mx
import numpy as np
import pytest
from support import check_vmap, draw, same, to_mx, to_numpy

pytestmark = pytest.mark.core

LENGTHS = [1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 31, 60, 97, 128, 210, 256, 997, 1000, 1024, 4096, 4099, 8192, 30030]
NAMES = ["fft", "ifft", "rfft", "irfft"]


def complex_values(*shape, seed=0):
    return (draw("float32", shape, seed=seed) + 1j * draw("float32", shape, seed=seed + 1)).astype(np.complex64)


def values_for(name, *shape):
    return draw("float32", shape) if name.startswith("rfft") else complex_values(*shape)


def close(got, want, tolerance=3e-6):
    want = np.asarray(want)
    same(got, want, 0, tolerance * max(1e-30, np.abs(want).max()))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("name", NAMES)
def test_every_length(name, n):
    for rows in (1, 3, 33) if n <= 1024 else (2,):
        x = values_for(name, rows, n // 2 + 1 if name == "irfft" else n)
        close(
            getattr(mx.fft, name)(mx.array(x), n=n),
            getattr(np.fft, name)(x.astype(np.complex128 if x.dtype.kind == "c" else float), n=n),
        )


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("n", [None, 5, 9])
@pytest.mark.parametrize("norm", ["backward", "forward", "ortho"])
@pytest.mark.parametrize("name", NAMES)
def test_axes_sizes_and_norms(name, norm, n, axis):
    x = values_for(name, 20, 6, 7)
    close(
        getattr(mx.fft, name)(mx.array(x), n=n, axis=axis, norm=norm),
        getattr(np.fft, name)(x, n=n, axis=axis, norm=norm),
    )


@pytest.mark.parametrize("name", ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"])
def test_several_axes(name):
    x = values_for(name, 3, 8, 10)
    for options in ({}, {"axes": (0, 2)}, {"s": (5, 12), "axes": (2, 0)}, {"axes": (1, 2), "norm": "ortho"}):
        close(getattr(mx.fft, name)(mx.array(x), **options), getattr(np.fft, name)(x, **options))


@pytest.mark.parametrize("dtype", ["bool_", "int32", "float16", "bfloat16", "float32"])
def test_dtypes_become_complex64(dtype):
    x = to_mx(draw(dtype, (3, 12)), dtype)
    result = mx.fft.fft(x)
    assert result.dtype == mx.complex64
    close(result, np.fft.fft(to_numpy(x.astype(mx.float32))))


def test_layouts():
    x = complex_values(12, 10)
    for view, want in [(mx.array(x).T, x.T), (mx.array(x)[:, ::-1], x[:, ::-1]), (mx.array(x)[::2, 3:], x[::2, 3:])]:
        close(mx.fft.fft(view), np.fft.fft(want))


@pytest.mark.parametrize("n", [8, 9, 31, 1 << 12])
def test_long_axes_in_the_middle(n):
    x = complex_values(2, n, 3)
    close(mx.fft.fft(mx.array(x), axis=1), np.fft.fft(x, axis=1))


@pytest.mark.parametrize("n", [512, 1000, 4096, 10080, 1 << 16])
@pytest.mark.parametrize("rows, bins", [(1, 1.0), (3, 0.7), (2, 1.2), (20, 1.0)])
def test_real_numbers_of_long_spectra(n, rows, bins):
    x = complex_values(rows, int(bins * (n // 2 + 1)))
    close(mx.fft.irfft(mx.array(x), n=n), np.fft.irfft(x, n=n))
    close(mx.fft.irfft(mx.array(x.T), n=n, axis=0), np.fft.irfft(x.T, n=n, axis=0))
    y = draw("float32", (rows, n))
    (back,) = mx.vjp(lambda x: mx.fft.irfft(x, n=n), [mx.array(x)], [mx.array(y)])[1]
    (tangent,) = mx.jvp(lambda x: mx.fft.irfft(x, n=n), [mx.array(x)], [mx.array(x)])[1]
    np.testing.assert_allclose(
        np.sum(to_numpy(tangent) * y), np.sum(np.real(np.conj(x) * to_numpy(back))), rtol=2e-3, atol=1e-2
    )


def test_empty_batches():
    assert mx.fft.fft(mx.zeros((0, 4))).shape == (0, 4) and mx.fft.rfft(mx.zeros((0, 4))).shape == (0, 3)


@pytest.mark.parametrize("n", [3, 6, 8])
@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_is_the_adjoint(name, n):
    """<F x, g> == <x, F* g> in the real inner product."""
    transform = getattr(mx.fft, name)
    x = values_for(name, 2, 5)
    y = transform(mx.array(x), n=n)
    g = draw("float32", y.shape) if name == "irfft" else complex_values(*y.shape, seed=7)
    (back,) = mx.vjp(lambda x: transform(x, n=n), [mx.array(x)], [mx.array(g)])[1]
    assert back.dtype == mx.array(x).dtype and back.shape == x.shape
    left, right = (np.sum(np.real(np.conj(a) * b)) for a, b in ((to_numpy(y), g), (x, to_numpy(back))))
    if name == "irfft":  # imaginary parts of real bins do not count
        x2 = x.copy()
        x2[:, 0] = x2[:, 0].real
        right = np.sum(np.real(np.conj(x2) * to_numpy(back)))
    np.testing.assert_allclose(left, right, rtol=2e-4, atol=1e-3)
    (tangent,) = mx.jvp(lambda x: transform(x, n=n), [mx.array(x)], [mx.array(x)])[1]
    close(tangent, to_numpy(y))


def test_batching():
    x = mx.array(complex_values(3, 4, 6))
    check_vmap(mx.fft.fft, x, in_axes=1, out_axes=1)
    check_vmap(lambda v: mx.fft.ifft(v, axis=0), x)


@pytest.mark.parametrize("n", [1, 4, 7])
def test_frequencies(n):
    for d in (1.0, 0.25):
        same(mx.fft.fftfreq(n, d), np.fft.fftfreq(n, d).astype(np.float32), 1e-6)
        same(mx.fft.rfftfreq(n, d), np.fft.rfftfreq(n, d).astype(np.float32), 1e-6)


@pytest.mark.parametrize("axes", [None, [1], -1, [0, 2]])
def test_shifts(axes):
    x = draw("float32", (3, 4, 5))
    same(mx.fft.fftshift(mx.array(x), axes=axes), np.fft.fftshift(x, axes=axes))
    same(mx.fft.ifftshift(mx.array(x), axes=axes), np.fft.ifftshift(x, axes=axes))


@pytest.mark.parametrize("error, call", [
    (ValueError, lambda x: mx.fft.fft(x, n=0)),
    (ValueError, lambda x: mx.fft.fft(x, norm="other")),
    (IndexError, lambda x: mx.fft.fft(x, axis=2)),
    (IndexError, lambda x: mx.fft.fft2(x[0])),
    (ValueError, lambda x: mx.fft.fftn(x, s=[2])),
    (ValueError, lambda x: mx.fft.fftn(x, s=[2], axes=[0, 1])),
    (ValueError, lambda x: mx.fft.fftn(x, axes=[0, 0])),
    (ValueError, lambda x: mx.fft.fft(mx.zeros((4, 0)))),
    (ValueError, lambda x: mx.fft.irfft(x[:, :1])),
    (ValueError, lambda x: mx.fft.fftfreq(0)),
    (IndexError, lambda x: mx.fft.fftshift(x, axes=5)),
])  # fmt: skip
def test_wrong_arguments(error, call):
    with pytest.raises(error):
        call(mx.zeros((3, 4)))
