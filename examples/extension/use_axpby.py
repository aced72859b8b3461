"""The operation from Python: its value, its gradient, a batch, and compiled."""

import mlx.core as mx
from mlx_axpby import axpby

x, y = mx.array([1.0, 2.0, 3.0]), mx.array([4.0, 5.0, 6.0])
print(axpby(x, y, 2.0, 3.0))
print(mx.grad(lambda a: axpby(a, y, 2.0, 3.0).sum())(x))
print(mx.vmap(lambda a: axpby(a, y, 2.0, 3.0))(mx.stack([x, y])))
print(mx.compile(lambda a, b: axpby(a, b, 2.0, 3.0) + 1)(x, y))
