# Types of mlx.core, written by tools/stubs/generate.py: do not edit.

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from types import ModuleType, TracebackType
from typing import IO, Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, overload
import builtins
import enum

P = ParamSpec("P")
R = TypeVar("R")

class DLPackCompatible(Protocol):
    def __dlpack__(self, *, stream: Any = ...) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

scalar: TypeAlias = int | float | bool | complex
list_or_scalar: TypeAlias = scalar | list["list_or_scalar"]
StreamOrDevice: TypeAlias = "Stream | ThreadLocalStream | Device | DeviceType | None"
Operand: TypeAlias = "scalar | array | DLPackCompatible"
File: TypeAlias = str | PathLike[str] | IO[bytes]

from . import cuda as cuda
from . import distributed as distributed
from . import fast as fast
from . import fft as fft
from . import linalg as linalg
from . import metal as metal
from . import random as random

class array:
    """An N-dimensional array whose operations run when a result is needed."""
    def __hash__(self) -> int: ...
    def __lt__(self, other: Operand, /) -> array: ...
    def __le__(self, other: Operand, /) -> array: ...
    def __eq__(self, other: Any, /) -> array: ...  # type: ignore[override]
    def __ne__(self, other: Any, /) -> array: ...  # type: ignore[override]
    def __gt__(self, other: Operand, /) -> array: ...
    def __ge__(self, other: Operand, /) -> array: ...
    def __iter__(self) -> ArrayIterator: ...
    def __init__(self, val: Any, dtype: Dtype | None = None) -> None: ...
    def __add__(self, other: Operand, /) -> array: ...
    def __radd__(self, other: Operand, /) -> array: ...
    def __sub__(self, other: Operand, /) -> array: ...
    def __rsub__(self, other: Operand, /) -> array: ...
    def __mul__(self, other: Operand, /) -> array: ...
    def __rmul__(self, other: Operand, /) -> array: ...
    def __mod__(self, other: Operand, /) -> array: ...
    def __rmod__(self, other: Operand, /) -> array: ...
    def __pow__(self, other: Operand, /) -> array: ...
    def __rpow__(self, other: Operand, /) -> array: ...
    def __neg__(self) -> array: ...
    def __pos__(self) -> array: ...
    def __abs__(self) -> array: ...
    def __bool__(self) -> bool: ...
    def __invert__(self) -> array: ...
    def __lshift__(self, other: Operand, /) -> array: ...
    def __rshift__(self, other: Operand, /) -> array: ...
    def __and__(self, other: Operand, /) -> array: ...
    def __xor__(self, other: Operand, /) -> array: ...
    def __or__(self, other: Operand, /) -> array: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __iadd__(self, other: Operand, /) -> array: ...
    def __isub__(self, other: Operand, /) -> array: ...
    def __imul__(self, other: Operand, /) -> array: ...
    def __imod__(self, other: Operand, /) -> array: ...
    def __ipow__(self, other: Operand, /) -> array: ...
    def __ilshift__(self, other: Operand, /) -> array: ...
    def __irshift__(self, other: Operand, /) -> array: ...
    def __iand__(self, other: Operand, /) -> array: ...
    def __ixor__(self, other: Operand, /) -> array: ...
    def __ior__(self, other: Operand, /) -> array: ...
    def __floordiv__(self, other: Operand, /) -> array: ...
    def __rfloordiv__(self, other: Operand, /) -> array: ...
    def __truediv__(self, other: Operand, /) -> array: ...
    def __rtruediv__(self, other: Operand, /) -> array: ...
    def __ifloordiv__(self, other: Operand, /) -> array: ...
    def __itruediv__(self, other: Operand, /) -> array: ...
    def __index__(self) -> int: ...
    def __matmul__(self, other: array, /) -> array: ...
    def __imatmul__(self, other: array, /) -> array: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: Any, /) -> array: ...
    def __setitem__(self, index: Any, value: Operand, /) -> None: ...
    @property
    def T(self) -> array:
        """The array with its axes reversed."""
    @property
    def mT(self) -> array:
        """The array with its last two axes exchanged."""
    @property
    def device(self) -> Device:
        """The device whose memory holds the array, or will."""
    @property
    def real(self) -> array:
        """The real part."""
    @property
    def imag(self) -> array:
        """The imaginary part."""
    @property
    def size(self) -> int:
        """Number of elements."""
    @property
    def ndim(self) -> int:
        """Number of axes."""
    @property
    def itemsize(self) -> int:
        """Bytes an element."""
    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, a tuple of ints."""
    @property
    def dtype(self) -> Dtype:
        """The element type."""
    @property
    def at(self) -> ArrayAt:
        """Updates that apply every duplicate: a.at[i].add(v)."""
    def __div__(self, other: Operand, /) -> array: ...
    def __rdiv__(self, other: Operand, /) -> array: ...
    def item(self) -> Any:
        """The only element as a Python number; ValueError for other sizes."""
    def tolist(self) -> Any:
        """Nested lists of Python numbers; a number for 0-d."""
    def __complex__(self) -> complex:
        """The only element as a complex number."""
    def __bytes__(self) -> bytes:
        """The elements' bytes in row-major order."""
    def __copy__(self) -> array:
        """Another object of the same value."""
    def __deepcopy__(self, memo: Any) -> array:
        """Another object of the same value."""
    def __setstate__(self, state: tuple[Any, ...], /) -> None:
        """Restores what pickle stored."""
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """A NumPy array; TypeError for bfloat16."""
    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: tuple[int, int] | None = None,
        copy: bool | None = None
    ) -> Any:
        """A DLPack capsule over the array's memory; BufferError for devices other than the host."""
    def to_device(self, device: Device | DeviceType, /, *, stream: Stream | None = None) -> array:
        """The value in the memory of a device."""
    def __dlpack_device__(self) -> tuple[int, int]:
        """The DLPack device of the memory: (1, 0), the host."""
    def __array_namespace__(self, api_version: str | None = None) -> ModuleType:
        """The module mlx.core."""
    def astype(self, dtype: Dtype, stream: StreamOrDevice = None, *, copy: bool | None = None) -> array:
        """mx.astype of this array."""
    def reshape(self, *shape: int | Sequence[int], stream: StreamOrDevice = None) -> array:
        """mx.reshape of this array; the shape may be given as separate ints."""
    def transpose(self, *axes: int | Sequence[int], stream: StreamOrDevice = None) -> array:
        """mx.transpose of this array; the axes may be given as separate ints."""
    def all(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.all."""
    def any(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.any."""
    def sum(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.sum."""
    def prod(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.prod."""
    def min(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.min."""
    def max(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.max."""
    def mean(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.mean."""
    def var(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, ddof: int = 0, *,
        correction: int | None = None, stream: StreamOrDevice = None
    ) -> array:
        """See mx.var."""
    def std(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, ddof: int = 0, *,
        correction: int | None = None, stream: StreamOrDevice = None
    ) -> array:
        """See mx.std."""
    def argmin(self, axis: int | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None) -> array:
        """See mx.argmin."""
    def argmax(self, axis: int | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None) -> array:
        """See mx.argmax."""
    def cumsum(
        self, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, dtype: Dtype | None = None,
        stream: StreamOrDevice = None
    ) -> array:
        """See mx.cumsum."""
    def cumprod(
        self, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, dtype: Dtype | None = None,
        stream: StreamOrDevice = None
    ) -> array:
        """See mx.cumprod."""
    def cummax(
        self, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, stream: StreamOrDevice = None
    ) -> array:
        """See mx.cummax."""
    def cummin(
        self, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, stream: StreamOrDevice = None
    ) -> array:
        """See mx.cummin."""
    def logcumsumexp(
        self, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, stream: StreamOrDevice = None
    ) -> array:
        """See mx.logcumsumexp."""
    def logsumexp(
        self, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
    ) -> array:
        """See mx.logsumexp."""
    def abs(self, *, stream: StreamOrDevice = None) -> array:
        """mx.abs of this array."""
    def square(self, *, stream: StreamOrDevice = None) -> array:
        """mx.square of this array."""
    def sqrt(self, *, stream: StreamOrDevice = None) -> array:
        """mx.sqrt of this array."""
    def rsqrt(self, *, stream: StreamOrDevice = None) -> array:
        """mx.rsqrt of this array."""
    def reciprocal(self, *, stream: StreamOrDevice = None) -> array:
        """mx.reciprocal of this array."""
    def exp(self, *, stream: StreamOrDevice = None) -> array:
        """mx.exp of this array."""
    def log(self, *, stream: StreamOrDevice = None) -> array:
        """mx.log of this array."""
    def log2(self, *, stream: StreamOrDevice = None) -> array:
        """mx.log2 of this array."""
    def log10(self, *, stream: StreamOrDevice = None) -> array:
        """mx.log10 of this array."""
    def log1p(self, *, stream: StreamOrDevice = None) -> array:
        """mx.log1p of this array."""
    def sin(self, *, stream: StreamOrDevice = None) -> array:
        """mx.sin of this array."""
    def cos(self, *, stream: StreamOrDevice = None) -> array:
        """mx.cos of this array."""
    def conj(self, *, stream: StreamOrDevice = None) -> array:
        """mx.conjugate of this array."""
    def view(self, dtype: Dtype, *, stream: StreamOrDevice = None) -> array:
        """mx.view of this array."""
    def round(self, decimals: int = 0, *, stream: StreamOrDevice = None) -> array:
        """mx.round of this array."""
    def flatten(self, start_axis: int = 0, end_axis: int = -1, *, stream: StreamOrDevice = None) -> array:
        """mx.flatten of this array."""
    def squeeze(self, axis: int | Sequence[int] | None = None, *, stream: StreamOrDevice = None) -> array:
        """mx.squeeze of this array."""
    def moveaxis(self, source: int, destination: int, *, stream: StreamOrDevice = None) -> array:
        """mx.moveaxis of this array."""
    def swapaxes(self, axis1: int, axis2: int, *, stream: StreamOrDevice = None) -> array:
        """mx.swapaxes of this array."""
    def split(
        self, indices_or_sections: int | Sequence[int], axis: int = 0, *, stream: StreamOrDevice = None
    ) -> list[array]:
        """mx.split of this array."""
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1, stream: StreamOrDevice = None) -> array:
        """mx.diagonal of this array."""
    def diag(self, k: int = 0, *, stream: StreamOrDevice = None) -> array:
        """mx.diag of this array."""

class _ImportedFunction:
    def __call__(self, *args: Any, **kwargs: Any) -> tuple[array, ...]: ...

class _PrintOptionsContext:
    def __init__(self, options: PrintOptions, /) -> None: ...
    def __enter__(self) -> _PrintOptionsContext: ...
    def __exit__(self, *args: Any) -> None: ...

class _Transformed:
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

class ArrayAt:
    """An array with the places that an update is for: x.at[index].add(value)."""
    def __getitem__(self, index: Any, /) -> ArrayAt: ...
    def add(self, value: Operand) -> array:
        """The array with `value` added at these places, as often as each is named."""
    def subtract(self, value: Operand) -> array:
        """The array with `value` subtracted at these places, as often as each is named."""
    def multiply(self, value: Operand) -> array:
        """The array multiplied by `value` at these places, as often as each is named."""
    def divide(self, value: Operand) -> array:
        """The array divided by `value` at these places, as often as each is named."""
    def maximum(self, value: Operand) -> array:
        """The array with the larger of its element and `value` at these places."""
    def minimum(self, value: Operand) -> array:
        """The array with the smaller of its element and `value` at these places."""
    def set(self, value: Operand) -> array:
        """The array with `value` at these places; which one wins is open where a place is named twice."""

class ArrayIterator:
    """The slices of an array along its first axis, in turn."""
    def __next__(self) -> array: ...
    def __iter__(self) -> ArrayIterator: ...

class ArrayLike:
    """Marks an object as data for an array."""
    def __init__(self, obj: Any, /) -> None: ...
    def __mlx_array__(self) -> array: ...

class custom_function:
    """A function with transformations of its own; use it as a decorator."""
    def __init__(self, f: Callable[..., Any]) -> None: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def vjp(self, f: Callable[..., Any]) -> custom_function:
        """Registers f(primals, cotangents, outputs), the vector-Jacobian product."""
    def jvp(self, f: Callable[..., Any]) -> custom_function:
        """Registers f(primals, tangents), the Jacobian-vector product."""
    def vmap(self, f: Callable[..., Any]) -> custom_function:
        """Registers f(inputs, axes) -> (outputs, axes), the function over a batch."""

class Device:
    """A device to run operations on."""
    def __init__(self, type: DeviceType, index: int = 0) -> None: ...
    @property
    def type(self) -> DeviceType:
        """mx.cpu or mx.gpu."""

class DeviceType(enum.Enum):
    """The kinds of devices, mx.cpu and mx.gpu."""
    cpu = 0
    gpu = 1

class Dtype:
    """An element type."""
    @property
    def size(self) -> int:
        """Bytes an element."""

class DtypeCategory(enum.Enum):
    """Categories of dtypes, for mx.issubdtype."""
    complexfloating = 0
    floating = 1
    inexact = 2
    signedinteger = 3
    unsignedinteger = 4
    integer = 5
    number = 6
    generic = 7

class finfo:
    """Limits of a floating dtype."""
    def __init__(self, dtype: Dtype, /) -> None: ...
    @property
    def bits(self) -> int:
        """Bits an element."""
    @property
    def min(self) -> float:
        """The lowest finite value."""
    @property
    def max(self) -> float:
        """The largest finite value."""
    @property
    def eps(self) -> float:
        """The distance from 1 to the next larger value."""
    @property
    def smallest_normal(self) -> float:
        """The smallest positive normal value."""
    @property
    def dtype(self) -> Dtype:
        """The dtype; float32 for complex64."""

class FunctionExporter:
    """Records calls of a function into a file. See mx.exporter."""
    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Records a call with arrays like these."""
    def close(self) -> None:
        """Ends the recording; further calls raise RuntimeError."""
    def __enter__(self) -> FunctionExporter: ...
    def __exit__(
        self, exc_type: type[BaseException] | None = None, exc_value: BaseException | None = None,
        traceback: TracebackType | None = None
    ) -> None: ...

class iinfo:
    """Limits of an integer dtype."""
    def __init__(self, dtype: Dtype, /) -> None: ...
    @property
    def min(self) -> int:
        """The lowest value."""
    @property
    def max(self) -> int:
        """The largest value."""
    @property
    def dtype(self) -> Dtype:
        """The dtype."""

class PrintOptions:
    """How arrays are printed."""
    def __init__(self, precision: int = -1) -> None: ...
    precision: int
    """Decimals; -1 stands for six significant digits."""

class Stream:
    """An order of execution on a device."""
    @property
    def device(self) -> Device:
        """The device that the stream is on."""

class StreamContext:
    """Makes a stream and its device the defaults within a `with` block."""
    def __init__(self, s: StreamOrDevice) -> None: ...
    def __enter__(self) -> None: ...
    def __exit__(self, *args: Any) -> None: ...

class ThreadLocalStream:
    """Stands for a stream of its own on each thread."""
    @property
    def device(self) -> Device:
        """The device that the stream is on."""

class _DeviceScope(Device):
    def __enter__(self) -> Device: ...
    def __exit__(self, *args: Any) -> None: ...

def __array_namespace_info__() -> Any:
    """What this implementation of the array API standard has."""
__version__: str
_array_bridge: Any
def _build_ahead() -> None:
    """Builds the kernels that another process asks for on standard input."""
def _build_kit(name: str) -> None:
    """Builds a kit for mx.cpu, unless it is stored."""
def _runtime_info() -> dict[str, Any]:
    """Platforms, devices, libraries, cache, variables and elementwise operations, for `python -m mlx`."""
def abs(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Magnitude."""
def acos(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse cosine, in radians."""
def acosh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse hyperbolic cosine."""
def add(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a + b with broadcasting."""
def addmm(
    c: array, a: array, b: array, /, alpha: float = 1.0, beta: float = 1.0, *, stream: StreamOrDevice = None
) -> array:
    """alpha * (a @ b) + beta * c, where c broadcasts to the shape of a @ b. Floating dtypes only (ValueError)."""
def all(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """True where every value over the axes is not zero. IndexError for an axis out of range."""
def allclose(
    a: array, b: array, /, rtol: float = 1e-05, atol: float = 1e-08, *, equal_nan: bool = False,
    stream: StreamOrDevice = None
) -> array:
    """One bool: whether isclose holds everywhere. ValueError for shapes that do not broadcast."""
def any(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """True where some value over the axes is not zero. IndexError for an axis out of range."""
def arange(
    start: scalar | None = None, stop: scalar | None = None, step: scalar | None = None, dtype: Dtype | None = None, *,
    device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """start, start + step, … below stop; one argument is the stop. int32, int64 or float32 by the arguments. ValueError
    for a step of 0, NaN and infinite bounds.
    """
def arccos(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse cosine, in radians."""
def arccosh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse hyperbolic cosine."""
def arcsin(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse sine, in radians."""
def arcsinh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse hyperbolic sine."""
def arctan(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse tangent, in radians."""
def arctan2(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Angle of the point (b, a), in radians."""
def arctanh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse hyperbolic tangent."""
def argmax(a: array, /, axis: int | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None) -> array:
    """Index (uint32) of the first largest value along the axis, or of the flattened array. ValueError for an empty
    array, IndexError for an axis out of range.
    """
def argmin(a: array, /, axis: int | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None) -> array:
    """Index (uint32) of the first smallest value along the axis, or of the flattened array. ValueError for an empty
    array, IndexError for an axis out of range.
    """
def argpartition(a: array, /, kth: int, axis: int | None = -1, *, stream: StreamOrDevice = None) -> array:
    """Indices (uint32) that partition along the axis. ValueError for kth or axis out of range."""
def argsort(a: array, /, axis: int | None = -1, *, stream: StreamOrDevice = None) -> array:
    """Indices (uint32) that sort along the axis, equal elements in their order. ValueError for an axis out of range."""
def argwhere(a: array, /, *, stream: StreamOrDevice = None) -> array:
    """Indices (uint32) of the elements that are not zero as the rows of an array (count, ndim). Evaluates `a`:
    ValueError inside a function that compile or vmap traces.
    """
def array_equal(a: Operand, b: Operand, /, *, equal_nan: bool = False, stream: StreamOrDevice = None) -> array:
    """One bool: whether shapes and all values agree; shapes that differ are not an error."""
def as_strided(
    a: array, /, shape: Sequence[int] | None = None, strides: Sequence[int] | None = None, offset: int = 0, *,
    stream: StreamOrDevice = None
) -> array:
    """Seen through strides counted in elements of its row-major order. ValueError beyond its elements."""
def asarray(
    a: Any, /, dtype: Dtype | None = None, *, copy: bool | None = None, device: Device | DeviceType | None = None
) -> array:
    """An array from `a`, whose memory is copied unless it is an array. copy=False is a ValueError: the memory of a
    device is its own.
    """
def asin(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse sine, in radians."""
def asinh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse hyperbolic sine."""
def astype(a: array, /, dtype: Dtype, *, stream: StreamOrDevice = None, copy: bool | None = None) -> array:
    """Converted to another dtype; when it has it already, the same array, or with copy=True one with memory of its own.
    """
def async_eval(*args: Any) -> None:
    """Starts the evaluation of all arrays in the arguments. ValueError for arrays that depend on what a transformation
    traces.
    """
def atan(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse tangent, in radians."""
def atan2(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Angle of the point (b, a), in radians."""
def atanh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse hyperbolic tangent."""
def atleast_1d(*arys: array, stream: StreamOrDevice = None) -> array | list[array]:
    """With at least one dimension; several arrays give a list."""
def atleast_2d(*arys: array, stream: StreamOrDevice = None) -> array | list[array]:
    """With at least two dimensions; several arrays give a list."""
def atleast_3d(*arys: array, stream: StreamOrDevice = None) -> array | list[array]:
    """With at least three dimensions; several arrays give a list."""
def bartlett(M: int, *, stream: StreamOrDevice = None) -> array:
    """The Bartlett window of M values."""
bfloat16: Dtype
def bitwise_and(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Bitwise and."""
def bitwise_invert(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Every bit flipped."""
def bitwise_left_shift(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a shifted left by b bits; 0 where b is negative or as wide as a."""
def bitwise_or(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Bitwise or."""
def bitwise_right_shift(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a shifted right by b bits; only the sign is left where b is negative or as wide as a."""
def bitwise_xor(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Bitwise exclusive or."""
def blackman(M: int, *, stream: StreamOrDevice = None) -> array:
    """The Blackman window of M values."""
def block_masked_mm(
    a: array, b: array, /, block_size: int = 64, mask_out: array | None = None, mask_lhs: array | None = None,
    mask_rhs: array | None = None, *, stream: StreamOrDevice = None
) -> array:
    """a @ b with tiles of block_size squared multiplied by masks, one entry a tile."""
bool_: Dtype
def broadcast_arrays(*arrays: array, stream: StreamOrDevice = None) -> list[array]:
    """The arrays broadcast to one shape, as a list. ValueError when they do not broadcast."""
def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that all of them broadcast to, as a tuple. ValueError when they do not, or without any."""
def broadcast_to(a: Operand, /, shape: Sequence[int], *, stream: StreamOrDevice = None) -> array:
    """Repeated along new axes and axes of size 1 to this shape, without a copy. ValueError when it does not broadcast.
    """
def can_cast(from_: array | Dtype, to: Dtype) -> bool:
    """True when the promotion of both is `to`."""
def ceil(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Smallest integer that is not below a."""
def checkpoint(fun: Callable[P, R]) -> Callable[P, R]:
    """A function like `fun` whose backward pass recomputes the intermediate values instead of keeping them."""
def clear_cache() -> None:
    """Frees the memory kept for reuse."""
def clear_streams() -> None:
    """Ends the calling thread's streams."""
def clip(a: array, /, a_min: Operand | None, a_max: Operand | None, *, stream: StreamOrDevice = None) -> array:
    """Limited to the bounds, each a number, an array or None. ValueError when both are None."""
def compile(fun: Callable[P, R], inputs: Any = None, outputs: Any = None, shapeless: bool = False) -> Callable[P, R]:
    """A function like `fun` that is recorded at its first call and replayed, simplified and fused, afterwards."""
complex64: Dtype
complexfloating: DtypeCategory
def concat(arrays: Sequence[array], /, axis: int | None = 0, *, stream: StreamOrDevice = None) -> array:
    """Joined along an axis; None flattens first. Dtypes promote. ValueError when other axes differ."""
def concatenate(arrays: Sequence[array], /, axis: int | None = 0, *, stream: StreamOrDevice = None) -> array:
    """Joined along an axis; None flattens first. Dtypes promote. ValueError when other axes differ."""
def conj(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Complex conjugate."""
def conjugate(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Complex conjugate."""
def contiguous(a: array, /, allow_col_major: bool = False, *, stream: StreamOrDevice = None) -> array:
    """Dense in row-major order; copied only when it is not so already."""
def conv1d(
    input: array, weight: array, /, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1, *,
    stream: StreamOrDevice = None
) -> array:
    """Cross-correlation of input (N, L, C) with weight (O, K, C / groups), floating or complex, not conjugated.
    ValueError when groups does not divide C and O.
    """
def conv2d(
    input: array, weight: array, /, stride: int | tuple[int, int] = 1, padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1, groups: int = 1, *, stream: StreamOrDevice = None
) -> array:
    """Cross-correlation of input (N, H, W, C) with weight (O, KH, KW, C / groups)."""
def conv3d(
    input: array, weight: array, /, stride: int | tuple[int, int, int] = 1, padding: int | tuple[int, int, int] = 0,
    dilation: int | tuple[int, int, int] = 1, groups: int = 1, *, stream: StreamOrDevice = None
) -> array:
    """Cross-correlation of input (N, D, H, W, C) with weight (O, KD, KH, KW, C / groups)."""
def conv_general(
    input: array, weight: array, /, stride: int | Sequence[int] = 1, padding: int | Sequence[int] | tuple[Sequence[int],
    Sequence[int]] = 0, kernel_dilation: int | Sequence[int] = 1, input_dilation: int | Sequence[int] = 1,
    groups: int = 1, flip: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Convolution over 1 to 3 spatial axes; padding may be (low list, high list), flip gives a true convolution."""
def conv_transpose1d(
    input: array, weight: array, /, stride: int = 1, padding: int = 0, dilation: int = 1, output_padding: int = 0,
    groups: int = 1, *, stream: StreamOrDevice = None
) -> array:
    """Transposed convolution of input (N, L, C) with weight (O, K, C / groups)."""
def conv_transpose2d(
    input: array, weight: array, /, stride: int | tuple[int, int] = 1, padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1, output_padding: int | tuple[int, int] = 0, groups: int = 1, *,
    stream: StreamOrDevice = None
) -> array:
    """Transposed convolution of input (N, H, W, C) with weight (O, KH, KW, C / groups)."""
def conv_transpose3d(
    input: array, weight: array, /, stride: int | tuple[int, int, int] = 1, padding: int | tuple[int, int, int] = 0,
    dilation: int | tuple[int, int, int] = 1, output_padding: int | tuple[int, int, int] = 0, groups: int = 1, *,
    stream: StreamOrDevice = None
) -> array:
    """Transposed convolution of input (N, D, H, W, C) with weight (O, KD, KH, KW, C / groups)."""
def convolve(a: array, v: array, /, mode: str = 'full', *, stream: StreamOrDevice = None) -> array:
    """Convolution of two 1-d arrays, floating or complex; mode full, valid or same (else ValueError)."""
def copy(a: array, /, *, stream: StreamOrDevice = None) -> array:
    """The same value in memory of its own."""
def copysign(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """The magnitude of a with the sign of b."""
def cos(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Cosine of an angle in radians."""
def cosh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Hyperbolic cosine."""
def count_nonzero(
    a: array, /, axis: int | Sequence[int] | None = None, *, keepdims: bool = False, stream: StreamOrDevice = None
) -> array:
    """How many values over the axes are not zero, as int32. IndexError for an axis out of range."""
cpu: DeviceType
def cummax(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True,
    stream: StreamOrDevice = None
) -> array:
    """Running maxima along the axis, or of the flattened array; a NaN stays. ValueError for an axis out of range."""
def cummin(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True,
    stream: StreamOrDevice = None
) -> array:
    """Running minima along the axis, or of the flattened array; a NaN stays. ValueError for an axis out of range."""
def cumprod(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, dtype: Dtype | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Running products along the axis, or of the flattened array. ValueError for an axis out of range."""
def cumsum(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, dtype: Dtype | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Running sums along the axis, or of the flattened array; bool gives int32. ValueError for an axis out of range."""
def cumulative_prod(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, dtype: Dtype | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Running products along the axis, or of the flattened array. ValueError for an axis out of range."""
def cumulative_sum(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True, dtype: Dtype | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Running sums along the axis, or of the flattened array; bool gives int32. ValueError for an axis out of range."""
@overload
def default_device(device: None = None) -> Device:
    """The device that operations run on by default. With a device: a context manager that makes it the default."""
@overload
def default_device(device: Device | DeviceType) -> _DeviceScope:
    """The device that operations run on by default. With a device: a context manager that makes it the default."""
def default_stream(device: Device | DeviceType) -> Stream:
    """The calling thread's default stream of a device."""
def degrees(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Radians to degrees."""
def depends(inputs: array | Sequence[array], dependencies: array | Sequence[array], /) -> array | list[array]:
    """The inputs, evaluated after the dependencies; one array gives one array."""
def dequantize(
    w: array, /, scales: array, biases: array | None = None, group_size: int | None = None, bits: int | None = None,
    mode: str = 'affine', global_scale: array | None = None, dtype: Dtype | None = None, *,
    stream: StreamOrDevice = None
) -> array:
    """The values (..., K) of packed weights; unless given the dtype is that of scales and biases (affine), float32 with
    a global scale, else bfloat16. ValueError for scales and biases that are not floating.
    """
def device_count(device_type: DeviceType) -> int:
    """How many devices of a type there are."""
def device_info(d: Device | DeviceType | None = None) -> dict[str, Any]:
    """Facts of a device by name; empty when there is no such device."""
def diag(a: array, /, k: int = 0, *, stream: StreamOrDevice = None) -> array:
    """The k-th diagonal of a matrix, or the matrix that has the vector as k-th diagonal. ValueError for other
    dimensions.
    """
def diagonal(a: array, offset: int = 0, axis1: int = 0, axis2: int = 1, stream: StreamOrDevice = None) -> array:
    """Diagonals of the matrices along two axes, as the last axis. IndexError for an axis out of range."""
def diff(a: array, /, n: int = 1, axis: int = -1, *, stream: StreamOrDevice = None) -> array:
    """Differences of neighbours along the axis, n times over. ValueError for a negative n or an axis out of range."""
def disable_compile() -> None:
    """Makes compiled functions run as they are."""
def divide(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a / b; integers become float32."""
def divmod(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> list[array]:
    """[floor(a / b), remainder with the sign of b], element by element with broadcasting. ValueError for complex
    values.
    """
e: float
def einsum(subscripts: str, *operands: array, stream: StreamOrDevice = None) -> array:
    """Einstein summation over letters and '...' as in NumPy; contractions run as matrix products in the greedy order of
    einsum_path.
    """
def einsum_path(subscripts: str, *operands: array) -> tuple[list[tuple[int, ...]], str]:
    """The order in which einsum contracts its operands, and a printable account of its cost."""
def empty(
    shape: int | Sequence[int], dtype: Dtype | None = float32, *, device: Device | DeviceType | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Zeros. ValueError for negative dimensions."""
def empty_like(
    a: array, /, dtype: Dtype | None = None, *, device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """Zeros; shape and dtype of `a`."""
def enable_compile() -> None:
    """Undoes disable_compile and the environment's MLX_DISABLE_COMPILE."""
def equal(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a == b."""
def erf(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Error function."""
def erfinv(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Inverse of the error function."""
euler_gamma: float
def eval(*args: Any) -> None:
    """Evaluates all arrays in the arguments, which may be nested lists, tuples and dicts, and waits. ValueError inside
    a function that is being traced by compile or vmap.
    """
def exp(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Exponential."""
def expand_dims(a: array, /, axis: int | Sequence[int], *, stream: StreamOrDevice = None) -> array:
    """Axes of size 1 inserted at these positions of the result. ValueError for duplicates and axes out of range."""
def expm1(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """exp(a) - 1, accurate near 0."""
def export_function(
    file_or_callback: str | Callable[[dict[str, Any]], Any], /, fun: Callable[..., Any], *args: Any,
    shapeless: bool = False, metadata: str | None = None, **kwargs: Any
) -> None:
    """Saves `fun`, recorded for arrays like the given ones, in a file for mx.import_function."""
def export_to_dot(file: str | IO[str], *args: array, **kwargs: array) -> None:
    """Writes the graph of arrays as Graphviz text to a path or text file; keyword names label arrays."""
def exporter(
    file: str, fun: Callable[..., Any], *, shapeless: bool = False, metadata: str | None = None
) -> FunctionExporter:
    """A context manager; calling it records one more call of `fun` into the file."""
def eye(
    n: int, m: int | None = None, k: int = 0, dtype: Dtype | None = float32, *,
    device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """Ones on the k-th diagonal of an n × m matrix."""
def flatten(a: array, /, start_axis: int = 0, end_axis: int = -1, *, stream: StreamOrDevice = None) -> array:
    """Axes start_axis to end_axis (clamped) made one; a scalar gives shape (1,). ValueError when they are out of order.
    """
def flip(a: array, /, axis: int | Sequence[int] | None = None, *, stream: StreamOrDevice = None) -> array:
    """Elements in reverse along the axes (all of them by default). ValueError for an axis out of range."""
float16: Dtype
float32: Dtype
float64: Dtype
floating: DtypeCategory
def floor(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Largest integer that is not above a."""
def floor_divide(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a / b, rounded down; plain division for complex values."""
def from_dlpack(
    x: DLPackCompatible, /, *, copy: bool | None = None, device: Device | DeviceType | None = None
) -> array:
    """An array from a tensor in host memory with __dlpack__, or from a NumPy scalar. copy=False is a ValueError."""
def from_fp8(x: array, /, dtype: Dtype = bfloat16, *, stream: StreamOrDevice = None) -> array:
    """The values of e4m3 codes. uint8 only (ValueError)."""
def full(
    shape: int | Sequence[int], vals: Operand | None = None, dtype: Dtype | None = None, *,
    fill_value: Operand | None = None, device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """Filled with a (broadcast) value, vals or by the array API's name fill_value. A number takes dtype, or the lowest
    of a higher kind that holds it; an array keeps its own. bool_ always gives truth values. ValueError for negative
    dimensions.
    """
def full_like(
    a: array, /, vals: Operand | None = None, dtype: Dtype | None = None, *, fill_value: Operand | None = None,
    device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """Filled with a value (vals, or fill_value); shape and dtype of `a`."""
def gather_mm(
    a: array, b: array, /, lhs_indices: array | None = None, rhs_indices: array | None = None, *,
    sorted_indices: bool = False, stream: StreamOrDevice = None
) -> array:
    """a[lhs_indices] @ b[rhs_indices] over the flattened batches; the indices (integers) broadcast. Floating dtypes
    (ValueError).
    """
def gather_qmm(
    x: array, w: array, /, scales: array, biases: array | None = None, lhs_indices: array | None = None,
    rhs_indices: array | None = None, transpose: bool = True, group_size: int | None = None, bits: int | None = None,
    mode: str = 'affine', *, sorted_indices: bool = False, global_scale: array | None = None,
    stream: StreamOrDevice = None
) -> array:
    """quantized_matmul of the matrices of x and w that the broadcast batch indices choose. global_scale: float32, for
    mode nvfp4 with indices, one for each matrix of w (else ValueError).
    """
def gather_qqmm(
    x: array, w: array, /, scales: array | None = None, lhs_indices: array | None = None,
    rhs_indices: array | None = None, group_size: int | None = None, bits: int | None = None, mode: str = 'nvfp4',
    global_scale_x: array | None = None, global_scale_w: array | None = None, *, sorted_indices: bool = False,
    stream: StreamOrDevice = None
) -> array:
    """qqmm of the matrices of x and w that the broadcast batch indices choose."""
generic: DtypeCategory
def get_active_memory() -> int:
    """Bytes in use by arrays."""
def get_array_buffer_size(*args: Any) -> int:
    """Bytes of the memory behind the arrays in the arguments (lists, tuples and dicts of them, too), each block counted
    once and as large as it was allocated. ValueError for arrays that are not evaluated.
    """
def get_cache_memory() -> int:
    """Bytes kept for reuse."""
def get_memory_limit() -> int:
    """The bytes above which allocations wait for memory."""
def get_peak_memory() -> int:
    """The most bytes in use since the last reset."""
def get_printoptions() -> PrintOptions:
    """The options in force."""
gpu: DeviceType
def grad(
    fun: Callable[P, R], argnums: int | Sequence[int] | None = None, argnames: str | Sequence[str] = []
) -> Callable[P, Any]:
    """A function that returns the gradient of `fun`, whose result must be a scalar array."""
def greater(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a > b."""
def greater_equal(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a >= b."""
def hadamard_transform(a: array, /, scale: float | None = None, *, stream: StreamOrDevice = None) -> array:
    """Times a Hadamard matrix along the last axis of size m * 2^k, m in {1, 12, 20, 28} (else ValueError); scale 1 /
    sqrt(size).
    """
def hamming(M: int, *, stream: StreamOrDevice = None) -> array:
    """The Hamming window of M values."""
def hanning(M: int, *, stream: StreamOrDevice = None) -> array:
    """The Hann window of M values."""
def hypot(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """sqrt(a * a + b * b) without overflow in between."""
def identity(n: int, dtype: Dtype | None = float32, *, stream: StreamOrDevice = None) -> array:
    """The identity matrix."""
def imag(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Imaginary part."""
@overload
def import_function(file: str, return_metadata: Literal[False] = False) -> _ImportedFunction:
    """The function saved in a file; calls return a tuple of arrays. RuntimeError for a missing or damaged file."""
@overload
def import_function(file: str, return_metadata: bool = False) -> Any:
    """The function saved in a file; calls return a tuple of arrays. RuntimeError for a missing or damaged file."""
inexact: DtypeCategory
inf: float
def inner(a: array, b: array, /, *, stream: StreamOrDevice = None) -> array:
    """Sum over the last axis of both operands; shape a.shape[:-1] + b.shape[:-1]. A scalar multiplies."""
int16: Dtype
int32: Dtype
int64: Dtype
int8: Dtype
integer: DtypeCategory
def is_available(device: Device | DeviceType) -> bool:
    """True when the device exists."""
def isclose(
    a: array, b: array, /, rtol: float = 1e-05, atol: float = 1e-08, *, equal_nan: bool = False,
    stream: StreamOrDevice = None
) -> array:
    """True where |a - b| <= atol + rtol * |b|, computed in float32; infinities are close when their signs agree.
    ValueError for shapes that do not broadcast.
    """
def isdtype(dtype: Dtype, kind: Dtype | str | tuple[Dtype | str, ...]) -> bool:
    """True when a dtype is of a kind such as 'integral' or 'real floating'."""
def isfinite(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where a is neither infinite nor NaN."""
def isinf(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where a is infinite."""
def isnan(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where a is not a number."""
def isneginf(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where a is -inf; the whole of a complex number."""
def isposinf(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where a is +inf; the whole of a complex number."""
def issubdtype(arg1: Dtype | DtypeCategory, arg2: Dtype | DtypeCategory, /) -> bool:
    """True when a Dtype or DtypeCategory lies below another one in the tree of categories."""
def jvp(
    fun: Callable[..., Any], primals: Sequence[array], tangents: Sequence[array]
) -> tuple[list[array], list[array]]:
    """Jacobian-vector products: (outputs of `fun` at `primals`, one product per output), as lists."""
def kron(a: array, b: array, *, stream: StreamOrDevice = None) -> array:
    """Kronecker product; empty operands raise ValueError."""
def left_shift(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a shifted left by b bits; 0 where b is negative or as wide as a."""
def less(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a < b."""
def less_equal(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a <= b."""
def linspace(
    start: Operand, stop: Operand, num: int = 50, endpoint: bool = True, dtype: Dtype | None = float32, *,
    device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """`num` evenly spaced values from start to stop. ValueError for a negative number."""
def load(
    file: File, /, format: str | None = None, return_metadata: bool = False, *, stream: StreamOrDevice = None
) -> Any:
    """Reads .npy (an array), .npz, .safetensors or .gguf (a dict). Data of a path are read when needed. RuntimeError
    for files that are cut short.
    """
def log(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Natural logarithm."""
def log10(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Base-10 logarithm."""
def log1p(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """log(1 + a), accurate near 0."""
def log2(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Base-2 logarithm."""
def logaddexp(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """log(exp(a) + exp(b))."""
def logcumsumexp(
    a: array, /, axis: int | None = None, *, reverse: bool = False, inclusive: bool = True,
    stream: StreamOrDevice = None
) -> array:
    """Logarithms of running sums of exponentials along the axis, or of the flattened array; integers give float32.
    ValueError for an axis out of range.
    """
def logical_and(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where both are not zero."""
def logical_not(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where a is zero."""
def logical_or(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where either is not zero."""
def logical_xor(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where exactly one is not zero."""
def logsumexp(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Logarithm of the sum of exponentials over the axes, without overflow. ValueError for an empty array, IndexError
    for an axis out of range.
    """
def matmul(a: array, b: array, /, *, stream: StreamOrDevice = None) -> array:
    """Matrix product of (..., m, k) and (..., k, n); batches broadcast, a 1-d operand loses its axis. Inexact dtypes
    only (ValueError).
    """
def matrix_norm(
    a: array, /, ord: str | float | None = None, axis: int | Sequence[int] | None = None, keepdims: bool = False, *,
    stream: StreamOrDevice = None
) -> array:
    """Vector norm over one axis (any number as ord), matrix norm over two ('fro', 'nuc', 1, -1, 2, -2, inf, -inf)."""
def matrix_transpose(a: array, /, *, stream: StreamOrDevice = None) -> array:
    """The last two axes exchanged. ValueError below two dimensions."""
def max(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Largest value over the axes; NaN if there is one. ValueError over an axis of size 0, IndexError for an axis out
    of range.
    """
def maximum(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """The larger value; NaN if either is."""
def mean(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Mean over the axes; bool and integers give float32. ValueError for an axis out of range."""
def median(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Median over the axes; integers give float32. ValueError for an empty axis or one out of range."""
def meshgrid(
    *arrays: array, sparse: bool = False, indexing: str = 'xy', stream: StreamOrDevice = None
) -> tuple[array, ...]:
    """Coordinate matrices of coordinate vectors, as a tuple; indexing 'xy' or 'ij' (ValueError otherwise)."""
def min(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Smallest value over the axes; NaN if there is one. ValueError over an axis of size 0, IndexError for an axis out
    of range.
    """
def minimum(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """The smaller value; NaN if either is."""
def minmax(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> tuple[array, array]:
    """(mx.min, mx.max) over the axes: smallest and largest value; NaN if there is one. ValueError over an axis of size
    0, IndexError for an axis out of range.
    """
def moveaxis(a: array, /, source: int, destination: int, *, stream: StreamOrDevice = None) -> array:
    """One axis moved to another place. IndexError for an axis out of range."""
def multiply(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a * b with broadcasting."""
nan: float
def nan_to_num(
    a: Operand, /, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None, *,
    stream: StreamOrDevice = None
) -> array:
    """NaN and infinities replaced, the latter by the ends of the dtype's range by default. ValueError for float64 and
    complex64 without bounds.
    """
def negative(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Numerical negative."""
def new_stream(device: Device | DeviceType) -> Stream:
    """A stream for use on the calling thread."""
def new_thread_local_stream(device: Device | DeviceType) -> ThreadLocalStream:
    """A token that stands for a stream of its own on each thread."""
def new_thread_unsafe_stream(device: Device | DeviceType) -> Stream:
    """A stream for use on any thread; the order among threads is the caller's duty."""
newaxis: None
def nextafter(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """The neighbour of a in the direction of b."""
def nonzero(a: array, /, *, stream: StreamOrDevice = None) -> tuple[array, ...]:
    """Indices (uint32) of the elements that are not zero, in row-major order: a tuple of 1-d arrays, one for each axis.
    Evaluates `a`: ValueError inside a function that compile or vmap traces, and for a 0-d array.
    """
def not_equal(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a != b."""
number: DtypeCategory
def ones(
    shape: int | Sequence[int], dtype: Dtype | None = float32, *, device: Device | DeviceType | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Ones. ValueError for negative dimensions."""
def ones_like(
    a: array, /, dtype: Dtype | None = None, *, device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """Ones; shape and dtype of `a`."""
def outer(a: array, b: array, /, *, stream: StreamOrDevice = None) -> array:
    """Products of all pairs of elements; shape (a.size, b.size)."""
def pad(
    a: array, /, pad_width: int | Sequence[int] | Sequence[Sequence[int]], mode: str = 'constant',
    constant_values: Operand = 0, *, stream: StreamOrDevice = None
) -> array:
    """Grown at both ends of each axis. pad_width: an int, a pair (low, high) or a pair for each axis; mode: constant,
    edge, reflect or symmetric. ValueError for other modes and negative widths.
    """
def partition(a: array, /, kth: int, axis: int | None = -1, *, stream: StreamOrDevice = None) -> array:
    """Rearranged along the axis so that element kth is in its sorted place, smaller ones before it. ValueError for kth
    or axis out of range.
    """
def permute_dims(a: array, /, axes: Sequence[int] | None = None, *, stream: StreamOrDevice = None) -> array:
    """Axes in another order, reversed by default. ValueError unless `axes` names each axis once."""
pi: float
def positive(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """The value itself."""
def pow(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a to the power b; a negative integer exponent gives 0."""
def power(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a to the power b; a negative integer exponent gives 0."""
def printoptions(precision: int = -1) -> _PrintOptionsContext:
    """set_printoptions within a `with` block."""
def prod(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Product over the axes; bool and integers below 32 bits give 32. IndexError for an axis out of range."""
def put_along_axis(
    a: array, /, indices: array, values: array, axis: int | None = None, *, stream: StreamOrDevice = None
) -> array:
    """`a` with values written where take_along_axis would read. IndexError for an axis out of range."""
def qqmm(
    x: array, w: array, /, scales: array | None = None, group_size: int | None = None, bits: int | None = None,
    mode: str = 'nvfp4', global_scale_x: array | None = None, global_scale_w: array | None = None, *,
    stream: StreamOrDevice = None
) -> array:
    """x @ w.T with both quantised: x on the way, w too unless it is packed and comes with scales."""
@overload
def quantize(
    w: array, /, group_size: int | None = None, bits: int | None = None, mode: Literal['affine'] = 'affine',
    global_scale: array | None = None, *, stream: StreamOrDevice = None
) -> tuple[array, array, array]:
    """Packed uint32 weights, scales and (affine) biases of floating w (..., K): K * bits / 32 words and K / group_size
    scales a row. affine: bits 1 to 6 or 8, groups of 32, 64 or 128; mxfp4 and mxfp8 (OCP Microscaling Formats):
    groups of 32 with the least power of two that saturates nothing; nvfp4: groups of 16. Anything else is a
    ValueError.
    """
@overload
def quantize(
    w: array, /, group_size: int | None = None, bits: int | None = None, mode: str = 'affine',
    global_scale: array | None = None, *, stream: StreamOrDevice = None
) -> Any:
    """Packed uint32 weights, scales and (affine) biases of floating w (..., K): K * bits / 32 words and K / group_size
    scales a row. affine: bits 1 to 6 or 8, groups of 32, 64 or 128; mxfp4 and mxfp8 (OCP Microscaling Formats):
    groups of 32 with the least power of two that saturates nothing; nvfp4: groups of 16. Anything else is a
    ValueError.
    """
def quantized_matmul(
    x: array, w: array, /, scales: array, biases: array | None = None, transpose: bool = True,
    group_size: int | None = None, bits: int | None = None, mode: str = 'affine', *, stream: StreamOrDevice = None
) -> array:
    """x @ w.T for packed w (N, K * bits / 32), or x @ w with transpose=False for packed w (K, N * bits / 32)."""
def radians(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Degrees to radians."""
def real(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Real part."""
def reciprocal(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """1 / a."""
def remainder(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Remainder of a / b with the sign of b."""
def repeat(array: array, /, repeats: int, axis: int | None = None, *, stream: StreamOrDevice = None) -> array:
    """Each element repeated along an axis; None flattens first. ValueError for a negative number."""
def reset_peak_memory() -> None:
    """Sets the peak to 0."""
def reshape(a: array, /, shape: Sequence[int], *, stream: StreamOrDevice = None) -> array:
    """The same elements in another shape; one dimension may be -1. ValueError when the sizes differ."""
def result_type(*args: array | Dtype | scalar) -> Dtype:
    """The dtype that arrays and dtypes meet in."""
def right_shift(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a shifted right by b bits; only the sign is left where b is negative or as wide as a."""
def roll(
    a: array, /, shift: int | Sequence[int], axis: int | Sequence[int] | None = None, *, stream: StreamOrDevice = None
) -> array:
    """Elements moved along the axes, those leaving one end enter at the other; None rolls the flattened array."""
def round(a: Operand, /, decimals: int = 0, *, stream: StreamOrDevice = None) -> array:
    """Rounded half to even at that many decimals; keeps the dtype."""
def rsqrt(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Reciprocal of the square root."""
def save(file: File, arr: array) -> None:
    """Writes an array as .npy (the extension is added) to a path or a binary file object."""
def save_gguf(
    file: File, arrays: Mapping[str, array], metadata: Mapping[str, array | str | list[str]] | None = None
) -> None:
    """Writes a dict of arrays (float32, float16, int8, int16, int32) as .gguf (the extension is added). Metadata:
    scalars and 1-d arrays, str, lists of str.
    """
def save_safetensors(file: File, arrays: Mapping[str, array], metadata: Mapping[str, str] | None = None) -> None:
    """Writes a dict of arrays as .safetensors (the extension is added); metadata maps str to str."""
def savez(file: File, /, *args: array, **kwargs: array) -> None:
    """Writes arrays as .npz; positional ones are named arr_0, arr_1, …"""
def savez_compressed(file: File, /, *args: array, **kwargs: array) -> None:
    """Writes arrays as a compressed .npz; positional ones are named arr_0, arr_1, …"""
def searchsorted(
    sorted_sequence: array, values: array, /, side: str = 'left', *, stream: StreamOrDevice = None
) -> array:
    """Positions (uint32) where the values belong in the sorted 1-d sequence. ValueError for another shape or side."""
def segmented_mm(a: array, b: array, /, segments: array, *, stream: StreamOrDevice = None) -> array:
    """a[:, start:stop] @ b[start:stop] for each pair of segments (..., 2); shape (..., M, N). 2-d operands only
    (ValueError).
    """
def set_cache_limit(limit: int) -> int:
    """Sets how many bytes are kept for reuse; 0 keeps none. Returns the previous limit."""
def set_default_device(device: Device | DeviceType) -> None:
    """Makes a device the default of the process."""
def set_default_stream(stream: Stream) -> None:
    """Makes a stream the calling thread's default for its device."""
def set_memory_limit(limit: int) -> int:
    """Sets the bytes above which allocations wait for memory to be freed; returns the previous limit."""
def set_printoptions(precision: int = -1) -> None:
    """Prints floats with that many decimals; -1 restores six significant digits."""
def set_wired_limit(limit: int) -> int:
    """Has no effect here; returns 0."""
def sigmoid(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """1 / (1 + exp(-a))."""
def sign(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """-1, 0 or 1 by sign; a / |a| for complex values."""
def signbit(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """True where the sign bit is set: negative numbers, -0.0 and such NaNs."""
signedinteger: DtypeCategory
def sin(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Sine of an angle in radians."""
def sinh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Hyperbolic sine."""
def slice(
    a: array, /, start_indices: array, axes: Sequence[int], slice_size: Sequence[int], *, stream: StreamOrDevice = None
) -> array:
    """A part of slice_size (one per axis) that starts at start_indices along `axes`. ValueError for float indices and
    sizes that do not fit.
    """
def slice_update(
    a: array, /, update: array, start_indices: array, axes: Sequence[int], *, stream: StreamOrDevice = None
) -> array:
    """`a` with the part that begins at start_indices along `axes` replaced. ValueError for float indices and updates
    that do not fit.
    """
def softmax(
    a: array, /, axis: int | Sequence[int] | None = None, *, precise: bool = False, stream: StreamOrDevice = None
) -> array:
    """Exponentials divided by their sum over the axes (all of them by default); integers give float32. IndexError for
    an axis out of range.
    """
def sort(a: array, /, axis: int | None = -1, *, stream: StreamOrDevice = None) -> array:
    """Sorted along the axis, or flattened with axis=None; NaN comes last. ValueError for an axis out of range."""
def split(
    a: array, /, indices_or_sections: int | Sequence[int], axis: int = 0, *, stream: StreamOrDevice = None
) -> list[array]:
    """Equal parts, or parts cut at the given positions, as a list. ValueError when the parts would not be equal."""
def sqrt(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Square root."""
def square(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a * a."""
def squeeze(a: array, /, axis: int | Sequence[int] | None = None, *, stream: StreamOrDevice = None) -> array:
    """Without these axes (all of size 1 by default). ValueError when one has another size or is out of range."""
def stack(arrays: Sequence[array], /, axis: int | None = 0, *, stream: StreamOrDevice = None) -> array:
    """Joined along a new axis. Dtypes promote. ValueError when shapes differ."""
def std(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, ddof: int = 0, *,
    correction: int | None = None, stream: StreamOrDevice = None
) -> array:
    """Square root of the variance over the axes, with n - ddof as divisor. ValueError for an axis out of range."""
def stop_gradient(a: array, /, *, stream: StreamOrDevice = None) -> array:
    """The same value, through which no gradient flows."""
def stream(s: StreamOrDevice) -> StreamContext:
    """A context manager that makes a stream, or a device's default stream, the default."""
def subtract(a: Operand, b: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """a - b with broadcasting."""
def sum(
    array: array, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, stream: StreamOrDevice = None
) -> array:
    """Sum over the axes (all of them by default); bool and integers below 32 bits are summed in 32. IndexError for an
    axis out of range.
    """
def swapaxes(a: array, /, axis1: int, axis2: int, *, stream: StreamOrDevice = None) -> array:
    """Two axes exchanged. IndexError for an axis out of range."""
def synchronize(stream: StreamOrDevice = None) -> None:
    """Waits for everything on a stream; raises what failed there."""
def take(a: array, /, indices: int | array, axis: int | None = None, *, stream: StreamOrDevice = None) -> array:
    """Elements at the indices along an axis; None takes from the flattened array. ValueError for indices that are not
    integers and an axis out of range.
    """
def take_along_axis(a: array, /, indices: array, axis: int | None = -1, *, stream: StreamOrDevice = None) -> array:
    """Element [i, indices[i, j, k], k] at each [i, j, k]; other axes broadcast. None takes from the flattened array by
    indices of one dimension, else ValueError. IndexError for an axis out of range.
    """
def tan(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Tangent of an angle in radians."""
def tanh(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """Hyperbolic tangent."""
def tensordot(
    a: array, b: array, /, axes: int | Sequence[Sequence[int]] = 2, *, stream: StreamOrDevice = None
) -> array:
    """Sum over pairs of axes: a count (last of a, first of b) or two lists. Contracted sizes must agree (ValueError).
    """
def tile(a: array, reps: int | Sequence[int], /, *, stream: StreamOrDevice = None) -> array:
    """The whole array repeated that many times along each axis."""
def to_fp8(x: array, /, *, stream: StreamOrDevice = None) -> array:
    """e4m3 codes as uint8, rounded half to even, saturating at 448. Floating dtypes only (ValueError)."""
def topk(a: array, /, k: int, axis: int | None = -1, *, stream: StreamOrDevice = None) -> array:
    """The k largest elements along the axis. ValueError for k or axis out of range."""
def trace(
    a: array, /, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Dtype | None = None, *,
    stream: StreamOrDevice = None
) -> array:
    """Sum along a diagonal of the planes that the two axes span. IndexError for an axis out of range."""
def transpose(a: array, /, axes: Sequence[int] | None = None, *, stream: StreamOrDevice = None) -> array:
    """Axes in another order, reversed by default. ValueError unless `axes` names each axis once."""
def tri(
    n: int, m: int | None = None, k: int = 0, dtype: Dtype | None = float32, *, stream: StreamOrDevice = None
) -> array:
    """Ones on and below the k-th diagonal of an n × m matrix."""
def tril(x: array, k: int = 0, *, stream: StreamOrDevice = None) -> array:
    """Zero above the k-th diagonal. ValueError below two dimensions."""
def triu(x: array, k: int = 0, *, stream: StreamOrDevice = None) -> array:
    """Zero below the k-th diagonal. ValueError below two dimensions."""
def trunc(a: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """The integer part."""
uint16: Dtype
uint32: Dtype
uint64: Dtype
uint8: Dtype
def unflatten(a: array, /, axis: int, shape: Sequence[int], *, stream: StreamOrDevice = None) -> array:
    """One axis split into `shape`; one dimension may be -1. ValueError when the sizes differ or the axis is out of
    range.
    """
def unique(
    a: array, /, size: int | None = None, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, fill_value: Operand | None = None, *, stream: StreamOrDevice = None
) -> array | tuple[array, ...]:
    """The sorted distinct values of the flattened array; each NaN is one. With `size` nothing is evaluated and the
    result has that many: the smallest, or beyond them fill_value (the first value by default) with count 0. Without
    it the array is evaluated and the result has exactly as many as there are (ValueError inside a function that
    compile or vmap traces). With return_*: a tuple with the first index of each value (uint32), the position of each
    element's value in the result (uint32, shape of `a`), and counts (int32). ValueError for a negative size, and for
    an empty array without fill_value.
    """
unsignedinteger: DtypeCategory
def unstack(x: array, /, *, axis: int = 0, stream: StreamOrDevice = None) -> tuple[array, ...]:
    """The slices along an axis, as a tuple. IndexError for an axis out of range."""
def value_and_grad(
    fun: Callable[P, R], argnums: int | Sequence[int] | None = None, argnames: str | Sequence[str] = []
) -> Callable[P, tuple[R, Any]]:
    """Like grad, but the new function returns (value of `fun`, gradient)."""
def var(
    a: array, /, axis: int | Sequence[int] | None = None, keepdims: bool = False, ddof: int = 0, *,
    correction: int | None = None, stream: StreamOrDevice = None
) -> array:
    """Mean squared deviation from the mean over the axes, with n - ddof as divisor (correction is the array API's name
    of ddof); complex64 gives float32. ValueError for an axis out of range.
    """
def vecdot(a: array, b: array, /, axis: int = -1, *, stream: StreamOrDevice = None) -> array:
    """Sum of conj(a) * b along one axis; both need the same number of dimensions (ValueError)."""
def view(a: Operand, /, dtype: Dtype, *, stream: StreamOrDevice = None) -> array:
    """The bytes as another dtype; the last axis grows or shrinks by the ratio of the sizes. ValueError when it cannot.
    """
def vjp(
    fun: Callable[..., Any], primals: Sequence[array], cotangents: Sequence[array]
) -> tuple[list[array], list[array]]:
    """Vector-Jacobian products: (outputs of `fun` at `primals`, one product per primal), as lists."""
def vmap(fun: Callable[P, R], in_axes: Any = 0, out_axes: Any = 0) -> Callable[P, R]:
    """A function that applies `fun`, written for single examples, to whole batches at once."""
def where(condition: Operand, x: Operand, y: Operand, /, *, stream: StreamOrDevice = None) -> array:
    """x where the condition is not zero, y elsewhere; all broadcast. ValueError when they do not."""
def zeros(
    shape: int | Sequence[int], dtype: Dtype | None = float32, *, device: Device | DeviceType | None = None,
    stream: StreamOrDevice = None
) -> array:
    """Zeros. ValueError for negative dimensions."""
def zeros_like(
    a: array, /, dtype: Dtype | None = None, *, device: Device | DeviceType | None = None, stream: StreamOrDevice = None
) -> array:
    """Zeros; shape and dtype of `a`."""
