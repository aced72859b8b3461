"""Neural network layers, losses, initializers and model transforms."""

from mlx.nn import init, losses
from mlx.nn.layers import *
from mlx.nn.utils import average_gradients, value_and_grad
