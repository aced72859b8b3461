"""Activation functions, and one parameterless (or nearly so) layer for each of them."""

import math
from functools import partial
from typing import Any, Callable

import mlx.core as mx
from mlx.nn.layers.base import Module

_elementwise = partial(mx.compile, shapeless=True)


@_elementwise
def sigmoid(x):
    """``1 / (1 + exp(-x))``."""
    return mx.sigmoid(x)


@_elementwise
def relu(x):
    """``max(x, 0)``."""
    return mx.maximum(x, 0)


@_elementwise
def relu2(x):
    """``max(x, 0) ** 2`` (So et al. 2021, https://arxiv.org/abs/2109.08668)."""
    return mx.square(mx.maximum(x, 0))


@_elementwise
def relu6(x):
    """``min(max(x, 0), 6)``."""
    return mx.minimum(mx.maximum(x, 0), 6.0)


@_elementwise
def leaky_relu(x, negative_slope=0.01):
    """``max(negative_slope * x, x)``."""
    return mx.maximum(negative_slope * x, x)


@_elementwise
def log_softmax(x, axis=-1):
    """Logarithm of the softmax along ``axis``."""
    shifted = x - mx.stop_gradient(mx.max(x, axis=axis, keepdims=True))
    return shifted - mx.logsumexp(shifted, axis=axis, keepdims=True)


@_elementwise
def elu(x, alpha=1.0):
    """``x`` where positive, else ``alpha * (exp(x) - 1)`` (https://arxiv.org/abs/1511.07289)."""
    return mx.where(x > 0, x, alpha * (mx.exp(x) - 1))


@_elementwise
def softmax(x, axis=-1):
    """Softmax along ``axis``."""
    return mx.softmax(x, axis=axis)


@_elementwise
def softmin(x, axis=-1):
    """Softmax of ``-x`` along ``axis``."""
    return mx.softmax(-x, axis=axis)


@_elementwise
def softplus(x):
    """``log(1 + exp(x))``."""
    return mx.logaddexp(x, 0)


@_elementwise
def softsign(x):
    """``x / (1 + |x|)``."""
    return mx.divide(x, 1 + mx.abs(x))


@_elementwise
def softshrink(x, lambd: float = 0.5):
    """``x`` moved towards 0 by ``lambd``, and 0 where ``|x| <= lambd``."""
    return mx.where(mx.abs(x) > lambd, x - mx.sign(x) * lambd, 0)


@_elementwise
def celu(x, alpha=1.0):
    """``max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1)`` (https://arxiv.org/abs/1704.07483)."""
    return mx.maximum(x, 0.0) + alpha * (mx.exp(mx.minimum(x, 0.0) / alpha) - 1)


@_elementwise
def silu(x):
    """``x * sigmoid(x)`` (https://arxiv.org/abs/1702.03118)."""
    return x * mx.sigmoid(x)


@_elementwise
def log_sigmoid(x):
    """``log(sigmoid(x))``."""
    return -softplus(-x)


@_elementwise
def gelu(x) -> mx.array:
    """``x`` times the standard normal distribution function (https://arxiv.org/abs/1606.08415)."""
    return x * (1 + mx.erf(x / math.sqrt(2))) / 2


@_elementwise
def gelu_approx(x):
    """GELU through tanh: ``0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))``."""
    return 0.5 * x * (1 + mx.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@_elementwise
def gelu_fast_approx(x):
    """GELU through the logistic function: ``x * sigmoid(1.702 x)``."""
    return x * mx.sigmoid(1.702 * x)


def glu(x: mx.array, axis: int = -1) -> mx.array:
    """``a * sigmoid(b)`` with ``a, b`` the halves of ``x`` (https://arxiv.org/abs/1612.08083).

    Raises:
        ValueError: the size of ``axis`` is odd.
    """
    a, b = mx.split(x, indices_or_sections=2, axis=axis)
    return a * mx.sigmoid(b)


@_elementwise
def step(x: mx.array, threshold: float = 0.0):
    """1 where ``x >= threshold``, else 0 (int32)."""
    return mx.where(x >= threshold, 1, 0)


@_elementwise
def selu(x):
    """Self-normalizing ELU, ``1.0507 * elu(x, 1.67326)`` (https://arxiv.org/abs/1706.02515)."""
    return elu(x, 1.67326) * 1.0507


@_elementwise
def prelu(x: mx.array, alpha: mx.array) -> mx.array:
    """``max(0, x) + alpha * min(0, x)`` (https://arxiv.org/abs/1502.01852)."""
    return mx.maximum(0, x) + alpha * mx.minimum(0, x)


@_elementwise
def mish(x: mx.array) -> mx.array:
    """``x * tanh(softplus(x))`` (https://arxiv.org/abs/1908.08681)."""
    return x * mx.tanh(softplus(x))


@_elementwise
def hardswish(x):
    """``x * min(max(x + 3, 0), 6) / 6`` (https://arxiv.org/abs/1905.02244)."""
    return x * mx.minimum(mx.maximum(x + 3, 0), 6) / 6


@_elementwise
def hard_tanh(x, min_val=-1.0, max_val=1.0):
    """``x`` limited to ``[min_val, max_val]``."""
    return mx.minimum(mx.maximum(x, min_val), max_val)


@_elementwise
def hard_shrink(x, lambd=0.5):
    """``x`` where ``|x| > lambd``, else 0."""
    return mx.where(mx.abs(x) > lambd, x, 0)


def tanh(x):
    """Hyperbolic tangent."""
    return mx.tanh(x)


def _applies(function: Callable) -> Callable[[type], type]:
    """Class decorator: calling the layer applies ``function`` with its default arguments."""

    def complete(layer: type) -> type:
        def __call__(self, x):
            return function(x)

        layer.__call__ = __call__
        return layer

    return complete


@_applies(mx.sigmoid)
class Sigmoid(Module):
    """Layer form of :func:`sigmoid`."""


@_applies(relu)
class ReLU(Module):
    """Layer form of :func:`relu`."""


@_applies(relu2)
class ReLU2(Module):
    """Layer form of :func:`relu2`."""


@_applies(relu6)
class ReLU6(Module):
    """Layer form of :func:`relu6`."""


@_applies(softmax)
class Softmax(Module):
    """Layer form of :func:`softmax`, over the last axis."""


@_applies(softmin)
class Softmin(Module):
    """Layer form of :func:`softmin`, over the last axis."""


@_applies(softplus)
class Softplus(Module):
    """Layer form of :func:`softplus`."""


@_applies(softsign)
class Softsign(Module):
    """Layer form of :func:`softsign`."""


@_applies(silu)
class SiLU(Module):
    """Layer form of :func:`silu`."""


@_applies(log_softmax)
class LogSoftmax(Module):
    """Layer form of :func:`log_softmax`, over the last axis."""


@_applies(log_sigmoid)
class LogSigmoid(Module):
    """Layer form of :func:`log_sigmoid`."""


@_applies(mish)
class Mish(Module):
    """Layer form of :func:`mish`."""


@_applies(hardswish)
class Hardswish(Module):
    """Layer form of :func:`hardswish`."""


@_applies(selu)
class SELU(Module):
    """Layer form of :func:`selu`."""


@_applies(tanh)
class Tanh(Module):
    """Layer form of :func:`tanh`."""


@_applies(hard_tanh)
class HardTanh(Module):
    """Layer form of :func:`hard_tanh` with limits -1 and 1."""


class GLU(Module):
    """Layer form of :func:`glu`, along ``axis``."""

    def __init__(self, axis: int = -1):
        super().__init__()
        self.axis = axis

    def __call__(self, x) -> Any:
        return glu(x=x, axis=self.axis)


class LeakyReLU(Module):
    """Layer form of :func:`leaky_relu`."""

    def __init__(self, negative_slope=1e-2):
        super().__init__()
        self._negative_slope = negative_slope

    def __call__(self, x):
        return leaky_relu(x, self._negative_slope)


class ELU(Module):
    """Layer form of :func:`elu`."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self._alpha = alpha

    def __call__(self, x):
        return elu(x, self._alpha)


class CELU(Module):
    """Layer form of :func:`celu`."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self._alpha = alpha

    def __call__(self, x):
        return celu(x, self._alpha)


class Softshrink(Module):
    """Layer form of :func:`softshrink`."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def __call__(self, x):
        return softshrink(x, self.lambd)


class HardShrink(Module):
    """Layer form of :func:`hard_shrink`."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self.lambd = lambd

    def __call__(self, x):
        return hard_shrink(x, self.lambd)


class Step(Module):
    """Layer form of :func:`step`."""

    def __init__(self, threshold: float = 0.0):
        super().__init__()
        self.threshold = threshold

    def __call__(self, x: mx.array):
        return step(x, self.threshold)


class PReLU(Module):
    """Layer form of :func:`prelu` with learned slopes ``weight`` of shape ``(num_parameters,)``."""

    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = mx.full([num_parameters], init)

    def __call__(self, x: mx.array):
        return prelu(x, self.weight)


class GELU(Module):
    """Layer form of the GELU.

    Args:
        approx: ``"none"`` for :func:`gelu`, ``"precise"`` or ``"tanh"`` for :func:`gelu_approx`,
            ``"fast"`` for :func:`gelu_fast_approx`.

    Raises:
        ValueError: another ``approx``.
    """

    _FORMS = {"none": gelu, "precise": gelu_approx, "tanh": gelu_approx, "fast": gelu_fast_approx}

    def __init__(self, approx="none"):
        super().__init__()
        if approx not in self._FORMS:
            raise ValueError(f"[GELU] approx must be one of {', '.join(self._FORMS)}, not {approx!r}.")
        self._approx = approx

    def __call__(self, x):
        return self._FORMS[self._approx](x)
