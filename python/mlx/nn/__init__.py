"""Neural network layers, losses, initializers and model transforms."""

# `name as name`: a package that is typed re-exports only what is imported so.
from mlx.nn import (
    init as init,
    losses as losses,
)
from mlx.nn.layers import *
from mlx.nn.utils import (
    average_gradients as average_gradients,
    value_and_grad as value_and_grad,
)
