"""Lets `reprlib`, and with it pytest and debuggers, print arrays of mlx.

Before Python 3.12 reprlib chose its printer by the type's name alone, so that an array of mlx went to the one of
`array.array`, which asks for its truth value and its typecode.
"""

import array
import reprlib
import sys

_repr_array = reprlib.Repr.repr_array


def _repr_array_or_instance(self, x, level):
    return _repr_array(self, x, level) if isinstance(x, array.array) else self.repr_instance(x, level)


if sys.version_info < (3, 12):
    reprlib.Repr.repr_array = _repr_array_or_instance
