"""What a case of the table is: inputs, a function of them, and how much work one call is."""

from dataclasses import dataclass
from typing import Any, Callable, Optional

import mlx.core as mx
import numpy as np


@dataclass(frozen=True)
class Case:
    """One row. Every callable but `function` and `expected` takes the dimensions, `full` or `small`.

    function: takes the inputs as arrays and returns arrays; with `build` it is made anew for each run.
    expected: the same in NumPy float64, for the tests; None where there is nothing simple to compare with.
    calls:    how many operations one call of function holds; the time is printed per operation.
    tokens:   an operation is a token, and the rate is printed in tokens per second.
    lazy:     the results are dropped without being evaluated (what is timed is building the graph).
    """

    name: str
    inputs: Callable[..., list]
    function: Optional[Callable[..., Any]]
    full: tuple
    small: tuple
    bytes: Optional[Callable[..., int]] = None
    flops: Optional[Callable[..., int]] = None
    expected: Optional[Callable[..., Any]] = None
    dtype: str = "float32"
    rtol: float = 1e-5
    atol: float = 1e-5
    calls: int = 1
    tokens: bool = False
    lazy: bool = False
    build: Optional[Callable[..., Callable]] = None

    def make_inputs(self, dimensions: tuple) -> list:
        """NumPy inputs of these dimensions, the same at every call."""
        return self.inputs(np.random.default_rng(len(self.name)), *dimensions)

    def to_arrays(self, inputs: list) -> list:
        """The inputs as evaluated arrays, the floating ones in the case's dtype."""
        dtype = getattr(mx, self.dtype)
        arrays = [mx.array(x) for x in inputs]
        arrays = [x.astype(dtype) if mx.issubdtype(x.dtype, mx.floating) else x for x in arrays]
        mx.eval(arrays)
        return arrays

    def prepare(self, dimensions: tuple, inputs: Optional[list] = None) -> Callable[[], Any]:
        """A call without arguments that does the case's work once and returns the results."""
        arrays = self.to_arrays(self.make_inputs(dimensions) if inputs is None else inputs)
        function = self.build(*dimensions) if self.build else self.function
        if self.lazy:
            return lambda: function(*arrays)

        def evaluated():
            results = function(*arrays)
            mx.eval(results)
            return results

        return evaluated


def normal(shapes: Callable[..., list]) -> Callable[..., list]:
    """Inputs from the standard normal distribution; `shapes` maps the dimensions to a list of shapes."""
    return lambda random, *d: [random.standard_normal(s).astype(np.float32) for s in shapes(*d)]


def uniform(low: float, high: float, shapes: Callable[..., list]) -> Callable[..., list]:
    return lambda random, *d: [random.uniform(low, high, s).astype(np.float32) for s in shapes(*d)]


def floats(*shapes) -> int:
    """Bytes of float32 arrays of these shapes."""
    return 4 * sum(int(np.prod(s)) for s in shapes)
