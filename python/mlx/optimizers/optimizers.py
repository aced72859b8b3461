"""The optimizers: update rules for one parameter each, and clipping of the gradients' norm."""

import math
from typing import Any, Callable, List, Optional, Tuple, Union

import mlx.core as mx
from mlx.nn.utils import _limit_norm, _sum_of_squares
from mlx.optimizers.base import LearningRate, MultiOptimizer as MultiOptimizer, Optimizer


def _check_betas(optimizer: str, betas: List[float]) -> None:
    for i, beta in enumerate(betas, start=1):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"[{optimizer}] beta {i} must be in [0, 1), not {beta}.")


def _check_positive(optimizer: str, name: str, value: float) -> None:
    if value <= 0.0:
        raise ValueError(f"[{optimizer}] {name} must be >0, not {value}.")


def _check_not_negative(optimizer: str, name: str, value: float) -> None:
    if value < 0.0:
        raise ValueError(f"[{optimizer}] {name} must be >=0, not {value}.")


class SGD(Optimizer):
    """Stochastic gradient descent with momentum (https://proceedings.mlr.press/v28/sutskever13.html).

    Args:
        learning_rate: a number or a schedule.
        momentum: decay of the velocity ``v = momentum * v + (1 - dampening) * g``.
        weight_decay: times the parameter is added to the gradient.
        dampening: see momentum.
        nesterov: the update is ``g + momentum * v`` instead of ``v``; needs a momentum and no
            dampening (ValueError).
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
    ):
        super().__init__()
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("[SGD] Nesterov momentum needs a positive momentum and no dampening.")
        self._maybe_schedule("learning_rate", learning_rate)
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.dampening = dampening
        self.nesterov = nesterov

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``v``, zeros."""
        state["v"] = mx.zeros_like(parameter)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter
        if self.momentum <= 0:
            return parameter - lr * gradient

        v = self.momentum * state["v"] + (1 - self.dampening) * gradient
        state["v"] = v
        return parameter - lr * (gradient + self.momentum * v if self.nesterov else v)


class RMSprop(Optimizer):
    """Divide by a moving root mean square of the gradients (Tieleman & Hinton 2012, lecture 6.5).

    Args:
        learning_rate: a number or a schedule.
        alpha: decay of the mean square; ValueError if negative.
        eps: added to the root; ValueError unless positive.
    """

    def __init__(self, learning_rate: LearningRate, alpha: float = 0.99, eps: float = 1e-8):
        super().__init__()
        _check_not_negative("RMSprop", "alpha", alpha)
        _check_positive("RMSprop", "eps", eps)
        self._maybe_schedule("learning_rate", learning_rate)
        self.alpha = alpha
        self.eps = eps

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``v``, zeros."""
        state["v"] = mx.zeros_like(parameter)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        v = self.alpha * state["v"] + (1 - self.alpha) * mx.square(gradient)
        state["v"] = v
        return parameter - lr * gradient / (mx.sqrt(v) + self.eps)


class Adagrad(Optimizer):
    """Divide by the root of the summed squares (https://jmlr.org/papers/v12/duchi11a.html).

    Args:
        learning_rate: a number or a schedule.
        eps: added to the root; ValueError unless positive.
    """

    def __init__(self, learning_rate: LearningRate, eps: float = 1e-8):
        super().__init__()
        _check_positive("Adagrad", "eps", eps)
        self._maybe_schedule("learning_rate", learning_rate)
        self.eps = eps

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``v``, zeros."""
        state["v"] = mx.zeros_like(parameter)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        v = state["v"] + mx.square(gradient)
        state["v"] = v
        return parameter - lr * gradient / (mx.sqrt(v) + self.eps)


class AdaDelta(Optimizer):
    """Scale by the ratio of moving root mean squares of updates and gradients (https://arxiv.org/abs/1212.5701).

    Args:
        learning_rate: a number or a schedule.
        rho: decay of both means; ValueError if negative.
        eps: added to both means; ValueError unless positive.
    """

    def __init__(self, learning_rate: LearningRate, rho: float = 0.9, eps: float = 1e-6):
        super().__init__()
        _check_not_negative("AdaDelta", "rho", rho)
        _check_positive("AdaDelta", "eps", eps)
        self._maybe_schedule("learning_rate", learning_rate)
        self.rho = rho
        self.eps = eps

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``v`` (squared gradients) and ``u`` (squared updates), zeros."""
        state["v"] = mx.zeros_like(parameter)
        state["u"] = mx.zeros_like(parameter)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        rho, eps = self.rho, self.eps
        v = rho * state["v"] + (1 - rho) * mx.square(gradient)
        delta = mx.sqrt(state["u"] + eps) / mx.sqrt(v + eps) * gradient
        state["v"] = v
        state["u"] = rho * state["u"] + (1 - rho) * mx.square(delta)
        return parameter - lr * delta


class Adam(Optimizer):
    """Adaptive moment estimation (https://arxiv.org/abs/1412.6980).

    Args:
        learning_rate: a number or a schedule.
        betas: decays of the mean and of the mean square, in [0, 1) (ValueError).
        eps: added to the root; ValueError if negative.
        bias_correction: divide the means by ``1 - beta^t``, as in the paper.
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        betas: List[float] = [0.9, 0.999],
        eps: float = 1e-8,
        bias_correction: bool = False,
    ):
        super().__init__()
        _check_betas(type(self).__name__, betas)
        _check_not_negative(type(self).__name__, "eps", eps)
        self._maybe_schedule("learning_rate", learning_rate)
        self.betas = betas
        self.eps = eps
        self.bias_correction = bias_correction

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``m`` and ``v``, zeros."""
        state["m"] = mx.zeros_like(parameter)
        state["v"] = mx.zeros_like(parameter)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        b1, b2 = self.betas
        m = b1 * state["m"] + (1 - b1) * gradient
        v = b2 * state["v"] + (1 - b2) * mx.square(gradient)
        state["m"] = m
        state["v"] = v
        if not self.bias_correction:
            return parameter - lr * m / (mx.sqrt(v) + self.eps)

        step = self.step
        scale = (lr / (1 - b1**step)).astype(gradient.dtype)
        correction = mx.rsqrt(1 - b2**step).astype(gradient.dtype)
        return parameter - scale * m / (mx.sqrt(v) * correction + self.eps)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (https://arxiv.org/abs/1711.05101).

    Args:
        learning_rate, betas, eps, bias_correction: as in :class:`Adam`.
        weight_decay: the parameter is multiplied by ``1 - lr * weight_decay`` first.
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        betas: List[float] = [0.9, 0.999],
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        bias_correction: bool = False,
    ):
        super().__init__(learning_rate=learning_rate, betas=betas, eps=eps, bias_correction=bias_correction)
        self.weight_decay = weight_decay

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        return super().apply_single(gradient, parameter * (1 - lr * self.weight_decay), state)


class Adamax(Adam):
    """Adam with the infinity norm (https://arxiv.org/abs/1412.6980 §7), without bias correction.

    Args:
        learning_rate, betas, eps: as in :class:`Adam`.
    """

    def __init__(self, learning_rate: LearningRate, betas: List[float] = [0.9, 0.999], eps: float = 1e-8):
        super().__init__(learning_rate, betas, eps)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        b1, b2 = self.betas
        m = b1 * state["m"] + (1 - b1) * gradient
        v = mx.maximum(b2 * state["v"], mx.abs(gradient))
        state["m"] = m
        state["v"] = v
        return parameter - lr * m / (v + self.eps)


class Lion(Optimizer):
    """Follow the sign of an interpolated momentum (https://arxiv.org/abs/2302.06675).

    Args:
        learning_rate: a number or a schedule.
        betas: weights of the momentum in the update and in the next momentum, in [0, 1) (ValueError).
        weight_decay: the parameter is multiplied by ``1 - lr * weight_decay``.
    """

    def __init__(self, learning_rate: LearningRate, betas: List[float] = [0.9, 0.99], weight_decay: float = 0.0):
        super().__init__()
        _check_betas("Lion", betas)
        self._maybe_schedule("learning_rate", learning_rate)
        self.betas = betas
        self.weight_decay = weight_decay

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``m``, zeros."""
        state["m"] = mx.zeros_like(parameter)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        b1, b2 = self.betas
        m = state["m"]
        c = b1 * m + (1 - b1) * gradient
        state["m"] = b2 * m + (1 - b2) * gradient
        if self.weight_decay > 0:
            parameter = (1 - lr * self.weight_decay) * parameter
        return parameter - lr * mx.sign(c)


class Adafactor(Optimizer):
    """Adaptive rates from a factored second moment (https://arxiv.org/abs/1804.04235).

    Args:
        learning_rate: a number or a schedule; None with ``relative_step``.
        eps: added to the squared gradients, and least root mean square of a parameter.
        clip_threshold: the update's root mean square is limited to it.
        decay_rate: the second moment decays with ``1 - t^decay_rate``.
        beta_1: decay of the mean of the updates; None keeps none.
        weight_decay: the parameter is multiplied by ``1 - lr * weight_decay``.
        scale_parameter: multiply the rate by the parameter's root mean square.
        relative_step: the rate is ``min(1e-2, 1 / sqrt(t))``.
        warmup_init: with ``relative_step``, ``1e-6 * t`` instead of ``1e-2``.
    """

    def __init__(
        self,
        learning_rate: Union[float, Callable[[mx.array], mx.array], None] = None,
        eps: Tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0,
        decay_rate: float = -0.8,
        beta_1: Optional[float] = None,
        weight_decay: float = 0.0,
        scale_parameter: bool = True,
        relative_step: bool = True,
        warmup_init: bool = False,
    ):
        super().__init__()
        if learning_rate is not None:
            self._maybe_schedule("learning_rate", learning_rate)
        self.eps = eps
        self.clip_threshold = clip_threshold
        self.decay_rate = decay_rate
        self.beta_1 = beta_1
        self.weight_decay = weight_decay
        self.scale_parameter = scale_parameter
        self.relative_step = relative_step
        self.warmup_init = warmup_init

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``exp_avg_sq_row`` and ``exp_avg_sq_col`` (below 2 axes ``exp_avg_sq``), ``exp_avg``."""
        if parameter.ndim >= 2:
            shape, dtype = parameter.shape, parameter.dtype
            state["exp_avg_sq_row"] = mx.zeros(shape[:-1], dtype=dtype)
            state["exp_avg_sq_col"] = mx.zeros(shape[:-2] + shape[-1:], dtype=dtype)
        else:
            state["exp_avg_sq"] = mx.zeros_like(parameter)
        if self.beta_1 is not None:
            state["exp_avg"] = mx.zeros_like(parameter)

    def _compute_rms(self, inputs: mx.array) -> mx.array:
        return mx.sqrt(mx.mean(mx.square(inputs)))

    def _compute_learning_rate(self, step: mx.array, parameter_rms: mx.array) -> mx.array:
        """The learning rate at ``step`` of a parameter with that root mean square, in the dtype of the latter."""
        if self.relative_step:
            rate = mx.minimum(1e-6 * step if self.warmup_init else 1e-2, mx.rsqrt(step))
        else:
            rate = self.learning_rate
        rate = rate.astype(parameter_rms.dtype)
        return mx.maximum(self.eps[1], parameter_rms) * rate if self.scale_parameter else rate

    def _approximate_exp_moving_avg(self, exp_avg_sq_row: mx.array, exp_avg_sq_col: mx.array) -> mx.array:
        """One over the root of the second moment of which the means over columns and rows are given."""
        row_factor = mx.rsqrt(exp_avg_sq_row / mx.mean(exp_avg_sq_row, axis=-1, keepdims=True))
        return mx.expand_dims(row_factor, -1) * mx.expand_dims(mx.rsqrt(exp_avg_sq_col), -2)

    def _second_moment_rsqrt(self, squares: mx.array, beta_2: mx.array, state: dict) -> mx.array:
        """Track the moving mean of ``squares``; returns one over its root."""

        def track(name: str, value: mx.array) -> mx.array:
            state[name] = beta_2 * state[name] + (1 - beta_2) * value
            return state[name]

        if squares.ndim < 2:
            return mx.rsqrt(track("exp_avg_sq", squares))
        row = track("exp_avg_sq_row", mx.mean(squares, axis=-1))
        column = track("exp_avg_sq_col", mx.mean(squares, axis=-2))
        return self._approximate_exp_moving_avg(row, column)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        rate = self._compute_learning_rate(self.step, self._compute_rms(parameter))
        beta_2 = (1.0 - self.step**self.decay_rate).astype(parameter.dtype)
        squares = mx.square(gradient) + self.eps[0]
        update = self._second_moment_rsqrt(squares, beta_2, state) * gradient
        update = update / mx.maximum(1.0, self._compute_rms(update) / self.clip_threshold)
        update = rate * update

        if self.beta_1 is not None:
            update = self.beta_1 * state["exp_avg"] + (1 - self.beta_1) * update
            state["exp_avg"] = update
        if self.weight_decay != 0:
            parameter = parameter + parameter * (-self.weight_decay * rate)
        return parameter - update


class Muon(Optimizer):
    """Momentum orthogonalized by Newton-Schulz steps (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon).

    Args:
        learning_rate: a number or a schedule.
        momentum: decay of the moving mean of the gradients.
        weight_decay: times the parameter is added to the gradient.
        nesterov: mix the gradient into the update.
        ns_steps: number of Newton-Schulz steps for parameters with at least 2 axes.
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
        nesterov: bool = True,
        ns_steps: int = 5,
    ):
        super().__init__()
        self._maybe_schedule("learning_rate", learning_rate)
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.nesterov = nesterov
        self.ns_steps = ns_steps

    def init_single(self, parameter: mx.array, state: dict) -> None:
        """State: ``v``, zeros."""
        state["v"] = mx.zeros_like(parameter)

    def _zeropower_via_newtonschulz5(self, X: mx.array, steps: int) -> mx.array:
        """Push the singular values of the matrix ``X`` towards 1; ValueError unless it has 2 axes."""
        if X.ndim != 2:
            raise ValueError(f"[Muon] Newton-Schulz steps take a 2D array, not a {X.ndim}D one.")
        a, b, c = 3.4445, -4.7750, 2.0315
        tall = X.shape[-2] > X.shape[-1]
        X = X.T if tall else X
        X = X / (mx.linalg.norm(X, keepdims=True) + 1e-7)
        for _ in range(steps):
            gram = X @ X.T
            X = mx.addmm(a * X, mx.addmm(b * gram, gram, gram, beta=1.0, alpha=c), X)
        return X.T if tall else X

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict) -> mx.array:
        """One step."""
        lr = self.learning_rate.astype(gradient.dtype)
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter
        v = self.momentum * state["v"] + (1 - self.momentum) * gradient
        state["v"] = v
        update = gradient * (1 - self.momentum) + v * self.momentum if self.nesterov else v

        if update.ndim >= 2:
            shape = update.shape
            update = self._zeropower_via_newtonschulz5(update.reshape(shape[0], -1), steps=self.ns_steps).reshape(shape)
            lr = lr * math.sqrt(max(1, shape[-2] / shape[-1]))
        return parameter - lr * update


def clip_grad_norm(grads: Any, max_norm: float) -> Tuple[Any, mx.array]:
    """Scale a tree of gradients so that its norm is at most ``max_norm``.

    Returns:
        The scaled tree and the norm before.

    Raises:
        ValueError: ``max_norm`` is negative.
    """
    if max_norm < 0:
        raise ValueError(f"[clip_grad_norm] max_norm must not be negative, not {max_norm}.")
    return _limit_norm(grads, mx.sqrt(_sum_of_squares(grads)), max_norm)
