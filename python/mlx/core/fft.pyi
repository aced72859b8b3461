# Types of mlx.core.fft, written by tools/stubs/generate.py: do not edit.

from collections.abc import Sequence
from . import Device, DeviceType, Dtype, StreamOrDevice, array

def fft(a: array, n: int | None = None, axis: int = -1, norm: str = 'backward', stream: StreamOrDevice = None) -> array:
    """Discrete Fourier transform along an axis, cropped or zero-padded to n. complex64."""
def fft2(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = [-2, -1], norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """fftn over two axes."""
def fftfreq(
    n: int, d: float = 1.0, stream: StreamOrDevice = None, *, dtype: Dtype | None = None,
    device: Device | DeviceType | None = None
) -> array:
    """Sample frequencies of fft for n samples d apart, float32 by default."""
def fftn(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """fft along several axes (all unless given), cropped or zero-padded to the sizes s. Repeated axes raise ValueError.
    """
def fftshift(a: array, axes: int | Sequence[int] | None = None, stream: StreamOrDevice = None) -> array:
    """Move frequency 0 to the middle of the axes (all unless given)."""
def hfft(
    a: array, n: int | None = None, axis: int = -1, norm: str = 'backward', stream: StreamOrDevice = None
) -> array:
    """Transform, real, of a Hermitian-symmetric signal given by its first half; n is 2 * (size - 1) unless given."""
def ifft(
    a: array, n: int | None = None, axis: int = -1, norm: str = 'backward', stream: StreamOrDevice = None
) -> array:
    """The inverse of fft."""
def ifft2(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = [-2, -1], norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """The inverse of fft2."""
def ifftn(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """The inverse of fftn."""
def ifftshift(a: array, axes: int | Sequence[int] | None = None, stream: StreamOrDevice = None) -> array:
    """The inverse of fftshift."""
def ihfft(
    a: array, n: int | None = None, axis: int = -1, norm: str = 'backward', stream: StreamOrDevice = None
) -> array:
    """The inverse of hfft: elements 0 ... n / 2."""
def irfft(
    a: array, n: int | None = None, axis: int = -1, norm: str = 'backward', stream: StreamOrDevice = None
) -> array:
    """The inverse of rfft, float32; n is 2 * (size - 1) unless given."""
def irfft2(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = [-2, -1], norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """The inverse of rfft2."""
def irfftn(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """The inverse of rfftn."""
def istft(
    stft_matrix: array, n_fft: int | None = None, hop_length: int | None = None, win_length: int | None = None,
    window: array | None = None, center: bool = True, norm: str = 'backward', onesided: bool | None = None,
    length: int | None = None, stream: StreamOrDevice = None
) -> array:
    """The float32 signal of spectra (..., frequencies, frames): windowed frames are added where they overlap and
    divided by the sum of the squared windows (at least 1e-8). n_fft follows from the frequencies unless given (it
    must be for odd sizes); length crops or zero-pads the result. ValueError for sizes that do not fit. Griffin and
    Lim, IEEE Trans. ASSP 32 (1984).
    """
def rfft(
    a: array, n: int | None = None, axis: int = -1, norm: str = 'backward', stream: StreamOrDevice = None
) -> array:
    """Elements 0 ... n / 2 of the transform of real input."""
def rfft2(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = [-2, -1], norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """rfftn over two axes."""
def rfftfreq(
    n: int, d: float = 1.0, stream: StreamOrDevice = None, *, dtype: Dtype | None = None,
    device: Device | DeviceType | None = None
) -> array:
    """Sample frequencies of rfft for n samples d apart, float32 by default."""
def rfftn(
    a: array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str = 'backward',
    stream: StreamOrDevice = None
) -> array:
    """rfft along the last of the axes, fft along the others."""
def stft(
    x: array, n_fft: int = 2048, hop_length: int | None = None, win_length: int | None = None,
    window: array | None = None, center: bool = True, pad_mode: str = 'reflect', norm: str = 'backward',
    onesided: bool | None = None, stream: StreamOrDevice = None
) -> array:
    """Short-time Fourier transform of the last axis: complex64 spectra (..., frequencies, frames) of frames of n_fft
    samples, hop_length (n_fft / 4) apart, each times the window (1-d; win_length ones by default), which is centred
    and zero-padded to n_fft. center pads the signal by n_fft / 2 at both ends as mx.pad does; onesided (the default
    of real signals) keeps frequencies 0 ... n_fft / 2. ValueError for sizes that do not fit. Allen, IEEE Trans. ASSP
    25 (1977).
    """
