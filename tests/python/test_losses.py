"""Loss functions against NumPy formulas, their reductions, gradients and errors."""

import math
from dataclasses import dataclass, field

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

losses = nn.losses
random = np.random.default_rng(0)
P, Q = random.normal(size=(2, 3, 4))
WEIGHTS = random.uniform(0.5, 2, size=(3, 4))
ITEM_WEIGHTS = WEIGHTS[:, 0]
IDS = np.array([1, 0, 3])
SIGNS = np.sign(Q)
PROBABILITIES = np.exp(Q) / np.exp(Q).sum(-1, keepdims=True)
LOG_P = P - np.log(np.exp(P).sum(-1, keepdims=True))
LOG_Q = np.log(PROBABILITIES)
CHANCES = 1 / (1 + np.exp(-Q))
ONE_HOT = np.eye(4)[IDS]


def smoothed(targets, amount):
    return (1 - amount) * targets + amount / 4


def distance(x, y, p=2, eps=1e-6, axis=-1):
    return ((np.abs(x - y) ** p).sum(axis) + eps) ** (1 / p)


def cosine(x, y, axis=1):
    return (x * y).sum(axis) / np.maximum(np.linalg.norm(x, axis=axis) * np.linalg.norm(y, axis=axis), 1e-8)


@dataclass(frozen=True)
class Case:
    """A loss, its inputs, the items it returns without reduction, and its default reduction."""

    name: str
    inputs: tuple
    items: np.ndarray
    default: str
    arguments: dict = field(default_factory=dict)


D = np.abs(P - Q)
CASES = [
    Case("cross_entropy", (P, IDS), -(LOG_P * ONE_HOT).sum(-1), "none"),
    Case("cross_entropy", (P, PROBABILITIES), -(LOG_P * PROBABILITIES).sum(-1), "none"),
    Case("cross_entropy", (P, IDS, ITEM_WEIGHTS), -(LOG_P * ONE_HOT).sum(-1) * ITEM_WEIGHTS, "none"),
    Case("cross_entropy", (P, IDS), -(LOG_P * smoothed(ONE_HOT, 0.2)).sum(-1), "none", {"label_smoothing": 0.2}),
    Case("cross_entropy", (P.T, IDS), -(LOG_P * ONE_HOT).sum(-1), "none", {"axis": 0}),
    Case("binary_cross_entropy", (P, CHANCES), np.logaddexp(0, P) - P * CHANCES, "mean"),
    Case("binary_cross_entropy", (P, CHANCES, WEIGHTS), (np.logaddexp(0, P) - P * CHANCES) * WEIGHTS, "mean"),
    Case(
        "binary_cross_entropy",
        (CHANCES, PROBABILITIES),
        -(PROBABILITIES * np.log(CHANCES) + (1 - PROBABILITIES) * np.log(1 - CHANCES)),
        "mean",
        {"with_logits": False},
    ),
    Case("l1_loss", (P, Q), D, "mean"),
    Case("mse_loss", (P, Q), D**2, "mean"),
    Case("nll_loss", (LOG_P, IDS), -(LOG_P * ONE_HOT).sum(-1), "none"),
    Case("gaussian_nll_loss", (P, Q, WEIGHTS), (np.log(WEIGHTS) + D**2 / WEIGHTS) / 2, "mean"),
    Case(
        "gaussian_nll_loss",
        (P, Q, WEIGHTS),
        (np.log(WEIGHTS) + D**2 / WEIGHTS + math.log(2 * math.pi)) / 2,
        "mean",
        {"full": True},
    ),
    Case("kl_div_loss", (LOG_P, LOG_Q), (PROBABILITIES * (LOG_Q - LOG_P)).sum(-1), "none"),
    Case("smooth_l1_loss", (P, Q), np.where(D < 1, D**2 / 2, D - 0.5), "mean"),
    Case("smooth_l1_loss", (P, Q), np.where(D < 0.5, D**2, D - 0.25), "mean", {"beta": 0.5}),
    Case("triplet_loss", (P, Q, WEIGHTS), np.maximum(distance(P, Q) - distance(P, WEIGHTS) + 1, 0), "none"),
    Case(
        "triplet_loss",
        (P, Q, WEIGHTS),
        np.maximum(distance(P, Q, 3, 0.1, 0) - distance(P, WEIGHTS, 3, 0.1, 0) + 0.5, 0),
        "none",
        {"p": 3, "eps": 0.1, "axis": 0, "margin": 0.5},
    ),
    Case("hinge_loss", (P, SIGNS), np.maximum(1 - P * SIGNS, 0), "none"),
    Case("huber_loss", (P, Q), np.where(D <= 1, D**2 / 2, D - 0.5), "none"),
    Case("huber_loss", (P, Q), np.where(D <= 0.3, D**2 / 2, 0.3 * (D - 0.15)), "none", {"delta": 0.3}),
    Case("log_cosh_loss", (P, Q), np.log(np.cosh(P - Q)), "none"),
    Case("cosine_similarity_loss", (P, Q), cosine(P, Q), "none"),
    Case("cosine_similarity_loss", (P, Q), cosine(P, Q, 0), "none", {"axis": 0}),
    Case("margin_ranking_loss", (P, Q, SIGNS), np.maximum(0, -SIGNS * (P - Q) + 0.1), "none", {"margin": 0.1}),
]
NAMES = [f"{case.name}-{i}" for i, case in enumerate(CASES)]


def to_mx(x):
    return mx.array(x, mx.float32) if x.dtype.kind == "f" else mx.array(x)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum", None])
def test_value(case, reduction):
    arguments = case.arguments if reduction is None else dict(case.arguments, reduction=reduction)
    got = getattr(losses, case.name)(*map(to_mx, case.inputs), **arguments)
    expected = {"none": case.items, "mean": case.items.mean(), "sum": case.items.sum()}[reduction or case.default]
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_gradient_of_the_first_input(case):
    first, *rest = map(to_mx, case.inputs)

    def total(x):
        return getattr(losses, case.name)(x, *rest, **dict(case.arguments, reduction="sum"))

    got = mx.grad(total)(first)
    direction = to_mx(np.cos(np.arange(first.size)).reshape(first.shape))
    h = 2e-3
    slope = (total(first + h * direction) - total(first - h * direction)).item() / (2 * h)
    assert abs((got * direction).sum().item() - slope) < 2e-2 * max(1, abs(slope))


def test_logits_far_apart_are_accurate():
    logits = mx.array([[1e4, 0.0], [-1e4, 0.0]])
    assert losses.cross_entropy(logits, mx.array([1, 1])).tolist() == [1e4, 0]
    inputs = mx.array([0.0, 1.0])
    assert losses.binary_cross_entropy(inputs, 1 - inputs, with_logits=False).item() == 100


@pytest.mark.parametrize(
    "call",
    [
        lambda p, q: losses.mse_loss(p, q, reduction="other"),
        lambda p, q: losses.mse_loss(p, q[0]),
        lambda p, q: losses.l1_loss(p, q[0]),
        lambda p, q: losses.smooth_l1_loss(p, q[0]),
        lambda p, q: losses.binary_cross_entropy(p, q[0]),
        lambda p, q: losses.binary_cross_entropy(p, q, weights=q[0]),
        lambda p, q: losses.cross_entropy(p, mx.array([1, 0])),
        lambda p, q: losses.cross_entropy(p, q[:2]),
        lambda p, q: losses.cross_entropy(p, mx.array(IDS), weights=q),
        lambda p, q: losses.cross_entropy(p, mx.array(IDS), label_smoothing=1.0),
        lambda p, q: losses.cross_entropy(p, mx.array(IDS), label_smoothing=-0.1),
        lambda p, q: losses.gaussian_nll_loss(p, q, q[0]),
        lambda p, q: losses.gaussian_nll_loss(p, q[0], q),
        lambda p, q: losses.margin_ranking_loss(p, q, q[0]),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError):
        call(to_mx(P), to_mx(Q))
