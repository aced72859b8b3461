# Types of mlx.core.distributed, written by tools/stubs/generate.py: do not edit.

from collections.abc import Callable, Sequence
from typing import Any
from . import Dtype, Operand, StreamOrDevice, array

class Group:
    """The processes that take part in a communication."""
    def rank(self) -> int:
        """Number of this process."""
    def size(self) -> int:
        """How many processes there are."""
    def split(self, color: int, key: int = -1) -> Group:
        """The group of the processes that give the same color, ordered by key (by default the rank). All processes of
        this group call it. RuntimeError for a group of size 1.
        """

def all_gather(x: Operand, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """The arrays of all processes of `group`, which have the same shape, joined along axis 0; scalars become 1-d. The
    gradient is this process' part of the cotangent. In a group of one: the input.
    """
def all_max(x: Operand, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """Largest elements over the processes of `group`; NaN wins. See all_sum."""
def all_min(x: Operand, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """Smallest elements over the processes of `group`; NaN wins. See all_sum."""
def all_sum(x: Operand, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """Sum over the processes of `group` (by default all), float16 and bfloat16 in float32. Shapes and dtypes must
    agree: RuntimeError, when the result is evaluated, that names the rank and the operation. The gradient is the
    cotangent. In a group of one: the input.
    """
def init(strict: bool = False, backend: str = 'any', *, all_gather_factory: Callable[..., Any] | None = None) -> Group:
    """The group of all processes that a launcher started, connected at the first call; of this process alone when there
    was no launcher. RuntimeError when nothing can connect it with the others and, if `strict`, when there are none;
    ValueError for an unknown backend.
    """
def is_available(backend: str = 'any') -> bool:
    """Whether a backend is there: 'mpi' when a library of Open MPI or MPICH can be loaded, 'ring' when Gloo is built
    in, 'any' for either.
    """
def recv(
    shape: Sequence[int], dtype: Dtype, src: int, *, group: Group | None = None, stream: StreamOrDevice = None
) -> array:
    """Receive an array from the process `src` of `group`, which sends one of that shape and dtype. ValueError in a
    group of one, and for a rank that is not in it.
    """
def recv_like(x: Operand, src: int, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """recv with the shape and dtype of `x`, which is not evaluated."""
def send(x: Operand, dst: int, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """Send `x` to the process `dst` of `group`; gives `x`, and sends when that is evaluated. ValueError in a group of
    one, and for a rank that is not in it.
    """
def sum_scatter(x: Operand, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """This process' part (of axis 0, divided by the size of `group`) of the sum over the processes. The gradient is the
    gathered cotangent. ValueError when axis 0 cannot be divided. In a group of one: the input.
    """
