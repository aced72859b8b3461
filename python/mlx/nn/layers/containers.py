"""Sequential, the module that applies its children one after another."""

from typing import Callable

import mlx.core as mx
from mlx.nn.layers.base import Module


class Sequential(Module):
    """Feed the input through ``modules`` in order.

    Args:
        modules: modules or plain callables; they are kept in the list ``layers``.
    """

    def __init__(self, *modules: Callable):
        super().__init__()
        self.layers = list(modules)

    def __call__(self, x: mx.array) -> mx.array:
        for layer in self.layers:
            x = layer(x)
        return x
