"""alpha * x + beta * y as an operation of its own."""

from mlx_axpby._ext import axpby

__all__ = ["axpby"]
