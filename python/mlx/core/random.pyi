# Types of mlx.core.random, written by tools/stubs/generate.py: do not edit.

from collections.abc import Iterator, Sequence
from . import Dtype, Operand, StreamOrDevice, array, float32, int32

class _RandomState:
    """Stands for the calling thread's random key; a sequence of length 1."""
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> array: ...
    def __iter__(self) -> Iterator[array]: ...

def bernoulli(
    p: Operand = 0.5, shape: Sequence[int] | None = None, key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """True with probability p; shape defaults to p's."""
def categorical(
    logits: array, axis: int = -1, shape: Sequence[int] | None = None, num_samples: int | None = None,
    key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """uint32 classes drawn with probabilities softmax(logits, axis). At most one of shape and num_samples (ValueError).
    """
def gumbel(
    shape: Sequence[int] = (), dtype: Dtype | None = float32, key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """Standard Gumbel: -log(-log(u))."""
def key(seed: int) -> array:
    """A key: the uint32 array [seed >> 32, seed & 0xffffffff]."""
def laplace(
    shape: Sequence[int] = (), dtype: Dtype | None = float32, loc: float = 0.0, scale: float = 1.0,
    key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """Laplace by its inverse distribution function."""
def multivariate_normal(
    mean: array, cov: array, shape: Sequence[int] = (), dtype: Dtype | None = float32, key: array | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Normal vectors with mean (..., n) and covariance (..., n, n); float32 only."""
def normal(
    shape: Sequence[int] = (), dtype: Dtype | None = float32, loc: Operand | None = None, scale: Operand | None = None,
    key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """Normal with mean loc and standard deviation scale. Floating dtypes and complex64."""
def permutation(x: int | array, axis: int = 0, key: array | None = None, stream: StreamOrDevice = None) -> array:
    """0 … x - 1 in random order, or the array shuffled along an axis."""
def randint(
    low: Operand, high: Operand, shape: Sequence[int] = (), dtype: Dtype | None = int32, key: array | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Integers of [low, high). Integer dtypes and bool, else ValueError."""
def seed(seed: int) -> None:
    """Set the calling thread's key to key(seed)."""
def split(key: array, num: int = 2, stream: StreamOrDevice = None) -> array:
    """num child keys, shape (num, 2). Key: uint32 of shape (2,), else ValueError."""
state: _RandomState
def truncated_normal(
    lower: Operand, upper: Operand, shape: Sequence[int] | None = None, dtype: Dtype | None = float32,
    key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """Standard normal restricted to [lower, upper]."""
def uniform(
    low: Operand = 0, high: Operand = 1, shape: Sequence[int] = (), dtype: Dtype | None = float32,
    key: array | None = None, stream: StreamOrDevice = None
) -> array:
    """Uniform on [low, high). shape must equal its broadcast with the bounds; floating dtypes except float64."""
