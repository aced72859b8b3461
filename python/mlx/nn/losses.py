"""Loss functions; ``reduction`` says whether they return items, their mean or their sum."""

import math
from typing import Literal, Optional, get_args

import mlx.core as mx

Reduction = Literal["none", "mean", "sum"]


def _reduce(loss: mx.array, reduction: str = "none") -> mx.array:
    if reduction == "mean":
        return mx.mean(loss)
    if reduction == "sum":
        return mx.sum(loss)
    if reduction == "none":
        return loss
    raise ValueError(f"[losses] reduction must be one of {', '.join(get_args(Reduction))}, not {reduction!r}.")


def _check_same_shape(loss: str, predictions: mx.array, targets: mx.array) -> None:
    if predictions.shape != targets.shape:
        raise ValueError(f"[{loss}] Predictions of shape {predictions.shape} meet targets of shape {targets.shape}.")


def _weighted(name: str, loss: mx.array, weights: Optional[mx.array]) -> mx.array:
    if weights is None:
        return loss
    if weights.shape != loss.shape:
        raise ValueError(f"[{name}] Weights must have shape {loss.shape}, not {weights.shape}.")
    return loss * weights


def cross_entropy(
    logits: mx.array,
    targets: mx.array,
    weights: Optional[mx.array] = None,
    axis: int = -1,
    label_smoothing: float = 0.0,
    reduction: Reduction = "none",
) -> mx.array:
    """Cross entropy of the softmax of ``logits`` along ``axis``.

    Args:
        logits: scores of the classes.
        targets: class ids, shape of ``logits`` without ``axis``, or probabilities, same shape.
        weights: factor of every item, shape of the result without reduction.
        label_smoothing: share of the uniform distribution in the targets, in [0, 1).

    Raises:
        ValueError: shapes do not fit, or ``label_smoothing`` is out of range.
    """
    if label_smoothing < 0 or label_smoothing >= 1:
        raise ValueError(f"[cross_entropy] label_smoothing must be in [0, 1), not {label_smoothing}.")
    as_probabilities = targets.ndim == logits.ndim
    items = list(logits.shape)
    del items[axis]
    if list(targets.shape) != (list(logits.shape) if as_probabilities else items):
        raise ValueError(f"[cross_entropy] Logits of shape {logits.shape} meet targets of shape {targets.shape}.")

    # Shifting by the maximum keeps the score and the logsumexp accurate for large logits.
    logits = logits - mx.stop_gradient(mx.max(logits, axis=axis, keepdims=True))
    if as_probabilities:
        score = mx.sum(logits * targets, axis=axis)
    else:
        score = mx.take_along_axis(logits, mx.expand_dims(targets, axis), axis).squeeze(axis)
    normalizer = mx.logsumexp(logits, axis=axis)
    if label_smoothing > 0:
        mean_logits = logits.mean(axis=axis)
        score = (1 - label_smoothing) * score + label_smoothing * mean_logits
    loss = normalizer - score
    return _reduce(_weighted("cross_entropy", loss, weights), reduction)


def binary_cross_entropy(
    inputs: mx.array,
    targets: mx.array,
    weights: Optional[mx.array] = None,
    with_logits: bool = True,
    reduction: Reduction = "mean",
) -> mx.array:
    """Cross entropy of probabilities ``targets`` of one class.

    Args:
        inputs: logits, or probabilities if not ``with_logits`` (logarithms are at least -100).
        targets: same shape.
        weights: factor of every item, same shape.

    Raises:
        ValueError: shapes do not fit.
    """
    _check_same_shape("binary_cross_entropy", inputs, targets)
    if with_logits:
        loss = mx.logaddexp(0.0, inputs) - inputs * targets
    else:
        log_p = mx.clip(mx.log(inputs), a_min=-100, a_max=None)
        log_q = mx.clip(mx.log(1 - inputs), a_min=-100, a_max=None)
        loss = -(targets * log_p + (1 - targets) * log_q)
    return _reduce(_weighted("binary_cross_entropy", loss, weights), reduction)


def l1_loss(predictions: mx.array, targets: mx.array, reduction: Reduction = "mean") -> mx.array:
    """``|predictions - targets|``; ValueError if the shapes differ."""
    _check_same_shape("l1_loss", predictions, targets)
    return _reduce(mx.abs(predictions - targets), reduction)


def mse_loss(predictions: mx.array, targets: mx.array, reduction: Reduction = "mean") -> mx.array:
    """``(predictions - targets)^2``; ValueError if the shapes differ."""
    _check_same_shape("mse_loss", predictions, targets)
    return _reduce(mx.square(predictions - targets), reduction)


def nll_loss(inputs: mx.array, targets: mx.array, axis: int = -1, reduction: Reduction = "none") -> mx.array:
    """Minus the log-probability of the class ids ``targets`` along ``axis`` of ``inputs``."""
    picked = mx.take_along_axis(inputs, mx.expand_dims(targets, axis), axis)
    return _reduce(-picked.squeeze(axis), reduction)


def gaussian_nll_loss(
    inputs: mx.array,
    targets: mx.array,
    vars: mx.array,
    full: bool = False,
    eps: float = 1e-6,
    reduction: Reduction = "mean",
) -> mx.array:
    """Negative log-likelihood of ``targets`` under normals of mean ``inputs`` and variance ``vars``.

    Args:
        vars: variances, same shape as ``inputs``; at least ``eps`` is used.
        full: add the constant ``log(2 pi) / 2``.

    Raises:
        ValueError: shapes do not fit.
    """
    _check_same_shape("gaussian_nll_loss", inputs, targets)
    if inputs.shape != vars.shape:
        raise ValueError(f"[gaussian_nll_loss] Inputs of shape {inputs.shape} meet vars of shape {vars.shape}.")
    vars = mx.maximum(vars, eps)
    loss = 0.5 * (mx.log(vars) + mx.square(targets - inputs) / vars)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduce(loss, reduction)


def kl_div_loss(inputs: mx.array, targets: mx.array, axis: int = -1, reduction: Reduction = "none") -> mx.array:
    """Kullback-Leibler divergence of log-probabilities ``inputs`` from log-probabilities ``targets``."""
    return _reduce(mx.sum(mx.exp(targets) * (targets - inputs), axis), reduction)


def smooth_l1_loss(
    predictions: mx.array,
    targets: mx.array,
    beta: float = 1.0,
    reduction: Reduction = "mean",
) -> mx.array:
    """``d^2 / (2 beta)`` where ``d = |predictions - targets| < beta``, else ``d - beta / 2``.

    See https://arxiv.org/abs/1504.08083. ValueError if the shapes differ.
    """
    _check_same_shape("smooth_l1_loss", predictions, targets)
    distance = mx.abs(predictions - targets)
    loss = mx.where(distance < beta, 0.5 * mx.square(distance) / beta, distance - 0.5 * beta)
    return _reduce(loss, reduction)


def triplet_loss(
    anchors: mx.array,
    positives: mx.array,
    negatives: mx.array,
    axis: int = -1,
    p: int = 2,
    margin: float = 1.0,
    eps: float = 1e-6,
    reduction: Reduction = "none",
) -> mx.array:
    """``max(dist(anchors, positives) - dist(anchors, negatives) + margin, 0)``.

    The distance is ``(sum |x - y|^p + eps)^(1/p)`` along ``axis``
    (https://arxiv.org/abs/1503.03832).
    """

    def distance(other: mx.array) -> mx.array:
        return mx.power(mx.power(mx.abs(anchors - other), p).sum(axis) + eps, 1 / p)

    return _reduce(mx.maximum(distance(positives) - distance(negatives) + margin, 0), reduction)


def hinge_loss(inputs: mx.array, targets: mx.array, reduction: Reduction = "none") -> mx.array:
    """``max(1 - inputs * targets, 0)`` for targets -1 and 1."""
    return _reduce(mx.maximum(1 - inputs * targets, 0), reduction)


def huber_loss(inputs: mx.array, targets: mx.array, delta: float = 1.0, reduction: Reduction = "none") -> mx.array:
    """Quadratic for errors up to ``delta``, linear beyond (Huber 1964)."""
    error = mx.abs(inputs - targets)
    quadratic = mx.minimum(error, delta)
    return _reduce(0.5 * mx.square(quadratic) + delta * (error - quadratic), reduction)


def log_cosh_loss(inputs: mx.array, targets: mx.array, reduction: Reduction = "none") -> mx.array:
    """``log(cosh(inputs - targets))``."""
    error = inputs - targets
    return _reduce(mx.logaddexp(error, -error) - math.log(2), reduction)


def cosine_similarity_loss(
    x1: mx.array,
    x2: mx.array,
    axis: int = 1,
    eps: float = 1e-8,
    reduction: Reduction = "none",
) -> mx.array:
    """Cosine of the angle between ``x1`` and ``x2`` along ``axis``: a similarity, 1 when they agree.

    ``eps`` is the least value of the product of the norms.
    """
    norms = mx.linalg.norm(x1, axis=axis) * mx.linalg.norm(x2, axis=axis)
    return _reduce(mx.sum(x1 * x2, axis=axis) / mx.maximum(norms, eps), reduction)


def margin_ranking_loss(
    inputs1: mx.array,
    inputs2: mx.array,
    targets: mx.array,
    margin: float = 0.0,
    reduction: Reduction = "none",
) -> mx.array:
    """``max(0, -targets * (inputs1 - inputs2) + margin)`` for targets -1 and 1.

    Raises:
        ValueError: the shapes differ.
    """
    if not (inputs1.shape == inputs2.shape == targets.shape):
        raise ValueError(
            f"[margin_ranking_loss] The shapes {inputs1.shape}, {inputs2.shape} and {targets.shape} differ."
        )
    return _reduce(mx.maximum(0, -targets * (inputs1 - inputs2) + margin), reduction)
