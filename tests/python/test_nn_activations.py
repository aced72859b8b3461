"""Activation functions and layers against NumPy formulas, their gradients against differences."""

import math
from dataclasses import dataclass, field
from typing import Callable

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

erf = np.vectorize(math.erf)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softplus(x):
    return np.logaddexp(x, 0)


@dataclass(frozen=True)
class Case:
    """A function of mlx.nn, its NumPy formula, its layer, and arguments of both."""

    name: str
    formula: Callable
    layer: str
    arguments: dict = field(default_factory=dict)


CASES = [
    Case("sigmoid", sigmoid, "Sigmoid"),
    Case("relu", lambda x: np.maximum(x, 0), "ReLU"),
    Case("relu2", lambda x: np.maximum(x, 0) ** 2, "ReLU2"),
    Case("relu6", lambda x: np.clip(x, 0, 6), "ReLU6"),
    Case("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x), "LeakyReLU"),
    Case("leaky_relu", lambda x: np.where(x > 0, x, 0.3 * x), "LeakyReLU", {"negative_slope": 0.3}),
    Case("elu", lambda x: np.where(x > 0, x, np.expm1(x)), "ELU"),
    Case("elu", lambda x: np.where(x > 0, x, 2 * np.expm1(x)), "ELU", {"alpha": 2.0}),
    Case("celu", lambda x: np.maximum(x, 0) + 2 * np.expm1(np.minimum(x, 0) / 2), "CELU", {"alpha": 2.0}),
    Case("selu", lambda x: 1.0507 * np.where(x > 0, x, 1.67326 * np.expm1(x)), "SELU"),
    Case("softmax", softmax, "Softmax"),
    Case("softmin", lambda x: softmax(-x), "Softmin"),
    Case("log_softmax", lambda x: np.log(softmax(x)), "LogSoftmax"),
    Case("softplus", softplus, "Softplus"),
    Case("softsign", lambda x: x / (1 + np.abs(x)), "Softsign"),
    Case("softshrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), "Softshrink"),
    Case("softshrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 1, 0), "Softshrink", {"lambd": 1.0}),
    Case("hard_shrink", lambda x: np.where(np.abs(x) > 0.5, x, 0), "HardShrink"),
    Case("hard_shrink", lambda x: np.where(np.abs(x) > 1, x, 0), "HardShrink", {"lambd": 1.0}),
    Case("silu", lambda x: x * sigmoid(x), "SiLU"),
    Case("log_sigmoid", lambda x: np.log(sigmoid(x)), "LogSigmoid"),
    Case("gelu", lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, "GELU"),
    Case("mish", lambda x: x * np.tanh(softplus(x)), "Mish"),
    Case("hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6, "Hardswish"),
    Case("hard_tanh", lambda x: np.clip(x, -1, 1), "HardTanh"),
    Case("tanh", np.tanh, "Tanh"),
    Case("glu", lambda x: x[..., :3] * sigmoid(x[..., 3:]), "GLU"),
]
IDS = [f"{case.name}{list(case.arguments.values()) or ''}" for case in CASES]
# No value is at a kink of any function.
X = (np.arange(24).reshape(4, 6) * 7 % 24 - 11.3).astype(np.float32) / 2


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_value(case):
    expected = case.formula(X.astype(np.float64))
    np.testing.assert_allclose(getattr(nn, case.name)(mx.array(X), **case.arguments), expected, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(getattr(nn, case.layer)(**case.arguments)(mx.array(X)), expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_gradient(case):
    weights = np.cos(np.arange(case.formula(X).size)).reshape(case.formula(X).shape)
    got = mx.grad(lambda x: (getattr(nn, case.name)(x, **case.arguments) * mx.array(weights)).sum())(mx.array(X))
    x, h = X.astype(np.float64), 1e-5
    for index in [(0, 0), (1, 4), (2, 2), (3, 5)]:
        step = np.zeros_like(x)
        step[index] = h
        slope = ((case.formula(x + step) - case.formula(x - step)) * weights).sum() / (2 * h)
        assert abs(got[index].item() - slope) < 1e-4 * max(1, abs(slope)), index


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_low_precision_is_kept(case, dtype):
    out = getattr(nn, case.name)(mx.array(X).astype(dtype), **case.arguments)
    assert out.dtype == dtype
    np.testing.assert_allclose(out.astype(mx.float32), case.formula(X), rtol=4e-2, atol=4e-2)


def test_extremes_are_stable():
    x = mx.array([-1e4, 1e4])
    assert nn.log_sigmoid(x).tolist() == [-1e4, 0]
    assert nn.softplus(x).tolist() == [0, 1e4]
    assert nn.silu(x).tolist() == [0, 1e4]
    assert nn.log_softmax(x).tolist() == [-2e4, 0]
    assert not mx.isnan(mx.grad(lambda x: nn.mish(x).sum())(x)).any().item()


@pytest.mark.parametrize("axis", [0, 1])
def test_axis(axis):
    x = mx.array(X)
    np.testing.assert_allclose(nn.softmax(x, axis=axis).sum(axis), 1, rtol=1e-5)
    np.testing.assert_allclose(mx.exp(nn.log_softmax(x, axis=axis)), nn.softmax(x, axis), rtol=1e-4, atol=1e-6)
    assert nn.glu(x, axis=axis).size == 12


def test_approximations_of_gelu():
    x = mx.array(X)
    np.testing.assert_allclose(nn.gelu_approx(x), nn.gelu(x), atol=2e-3)
    np.testing.assert_allclose(nn.gelu_fast_approx(x), nn.gelu(x), atol=3e-2)
    for approx, function in [("tanh", nn.gelu_approx), ("precise", nn.gelu_approx), ("fast", nn.gelu_fast_approx)]:
        assert mx.array_equal(nn.GELU(approx)(x), function(x))


def test_step_counts_the_threshold_in():
    out = nn.step(mx.array([-1.0, 0.0, 1.0]))
    assert out.tolist() == [0, 1, 1] and out.dtype == mx.int32
    assert nn.Step(1.0)(mx.array([0.5, 1.0])).tolist() == [0, 1]


def test_prelu_has_learned_slopes():
    layer = nn.PReLU(2, init=0.5)
    assert layer(mx.array([[-2.0, 3.0]])).tolist() == [[-1.0, 3.0]]
    _, gradients = nn.value_and_grad(layer, lambda x: layer(x).sum())(mx.array([[-2.0, 3.0]]))
    assert gradients["weight"].tolist() == [-2.0, 0.0]


def test_slopes_at_zero():
    zero = mx.array(0.0)
    assert mx.grad(nn.relu)(zero).item() == 0
    assert mx.grad(nn.leaky_relu)(zero).item() == 1


@pytest.mark.parametrize(
    "call",
    [lambda: nn.GELU("other"), lambda: nn.glu(mx.ones((2, 3))), lambda: nn.softmax(mx.ones(2), axis=(0, 0))],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError):
        call()


def test_parameterless_layers_take_no_arguments():
    with pytest.raises(TypeError):
        nn.ReLU(3)


def test_functions_work_inside_compile_and_vmap():
    x = mx.array(X)
    np.testing.assert_allclose(mx.compile(lambda x: nn.gelu(x * 2) + 1)(x), nn.gelu(x * 2) + 1, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mx.vmap(nn.mish)(x), nn.mish(x), rtol=1e-5, atol=1e-6)
