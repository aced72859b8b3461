"""Dropout of single entries and of whole channels."""

from typing import Sequence

import mlx.core as mx
from mlx.nn.layers.base import Module


class _Dropout(Module):
    """The common part: a random mask that broadcasts against the input, scaled by ``1 / (1 - p)``."""

    def __init__(self, p: float = 0.5):
        super().__init__()
        if p < 0 or p >= 1:
            raise ValueError(f"[{type(self).__name__}] The probability must be in [0, 1), not {p}.")
        self._p_1 = 1 - p

    def _extra_repr(self) -> str:
        return f"p={1 - self._p_1}"

    def _mask_shape(self, x: mx.array) -> Sequence[int]:
        raise NotImplementedError

    def __call__(self, x: mx.array) -> mx.array:
        shape = self._mask_shape(x)
        if self._p_1 == 1 or not self.training:
            return x
        mask = mx.random.bernoulli(self._p_1, shape)
        return (mask * x) * (1 / self._p_1)

    def _one_mask_per_channel(self, x: mx.array, spatial: int) -> Sequence[int]:
        """Shape of a mask that drops whole channels of an input with ``spatial`` spatial axes."""
        if x.ndim not in (spatial + 1, spatial + 2):
            raise ValueError(
                f"[{type(self).__name__}] The input must have {spatial + 1} or {spatial + 2} axes, not {x.ndim}."
            )
        return (*x.shape[: -spatial - 1], *(1,) * spatial, x.shape[-1])


class Dropout(_Dropout):
    """Zero entries at random in training mode (https://jmlr.org/papers/v15/srivastava14a.html).

    Args:
        p: probability of zeroing an entry, in [0, 1); the others are scaled by ``1 / (1 - p)``.
    """

    def _mask_shape(self, x: mx.array) -> Sequence[int]:
        return x.shape


class Dropout2d(_Dropout):
    """Zero whole channels of inputs of shape (N, H, W, C) or (H, W, C) at random.

    See https://arxiv.org/abs/1411.4280. The probability ``p`` is as in :class:`Dropout`.
    """

    def _mask_shape(self, x: mx.array) -> Sequence[int]:
        return self._one_mask_per_channel(x, 2)


class Dropout3d(_Dropout):
    """Zero whole channels of inputs of shape (N, D, H, W, C) or (D, H, W, C) at random.

    See https://arxiv.org/abs/1411.4280. The probability ``p`` is as in :class:`Dropout`.
    """

    def _mask_shape(self, x: mx.array) -> Sequence[int]:
        return self._one_mask_per_channel(x, 3)
