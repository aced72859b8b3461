# Types of mlx.core.distributed, written by tools/stubs/generate.py: do not edit.

from collections.abc import Callable, Sequence
from typing import Any
from . import Dtype, StreamOrDevice, array

class Group:
    """The processes that take part in a communication."""
    def rank(self) -> int:
        """Number of this process."""
    def size(self) -> int:
        """How many processes there are."""
    def split(self, color: int, key: int = -1) -> Group:
        """RuntimeError: a group of size 1 cannot be split."""

def all_gather(x: array, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """The input, an array or a number: a group of size 1 has nothing to combine."""
def all_max(x: array, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """The input, an array or a number: a group of size 1 has nothing to combine."""
def all_min(x: array, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """The input, an array or a number: a group of size 1 has nothing to combine."""
def all_sum(x: array, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """The input, an array or a number: a group of size 1 has nothing to combine."""
def init(strict: bool = False, backend: str = 'any', *, all_gather_factory: Callable[..., Any] | None = None) -> Group:
    """The group of size 1. RuntimeError when `strict`, ValueError for an unknown backend."""
def is_available(backend: str = 'any') -> bool:
    """Whether a communication backend is built in: False."""
def recv(
    shape: Sequence[int], dtype: Dtype, src: int, *, group: Group | None = None, stream: StreamOrDevice = None
) -> array:
    """ValueError: there is nobody to receive from."""
def recv_like(x: array, src: int, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """ValueError: there is nobody to receive from."""
def send(x: array, dst: int, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """ValueError: there is nobody to send to."""
def sum_scatter(x: array, *, group: Group | None = None, stream: StreamOrDevice = None) -> array:
    """The input, an array or a number: a group of size 1 has nothing to combine."""
