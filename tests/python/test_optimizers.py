"""Optimizers against NumPy update rules, their state, schedules, clipping, and training in compile."""

import math
from dataclasses import dataclass, field
from typing import Callable

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from mlx.utils import tree_flatten, tree_map, tree_unflatten

random = np.random.default_rng(0)
W = random.normal(size=(3, 4))
GRADIENTS = random.normal(size=(4, 3, 4))
LR = 0.05


def sgd(p, g, s, t, momentum=0.0, weight_decay=0.0, dampening=0.0, nesterov=False):
    g = g + weight_decay * p
    if momentum == 0:
        return p - LR * g
    s["v"] = momentum * s["v"] + (1 - dampening) * g
    return p - LR * (g + momentum * s["v"] if nesterov else s["v"])


def rmsprop(p, g, s, t, alpha=0.99, eps=1e-8):
    s["v"] = alpha * s["v"] + (1 - alpha) * g**2
    return p - LR * g / (np.sqrt(s["v"]) + eps)


def adagrad(p, g, s, t, eps=1e-8):
    s["v"] = s["v"] + g**2
    return p - LR * g / (np.sqrt(s["v"]) + eps)


def adadelta(p, g, s, t, rho=0.9, eps=1e-6):
    s["v"] = rho * s["v"] + (1 - rho) * g**2
    d = np.sqrt(s["u"] + eps) / np.sqrt(s["v"] + eps) * g
    s["u"] = rho * s["u"] + (1 - rho) * d**2
    return p - LR * d


def adam(p, g, s, t, betas=(0.9, 0.999), eps=1e-8, bias_correction=False):
    b1, b2 = betas
    s["m"] = b1 * s["m"] + (1 - b1) * g
    s["v"] = b2 * s["v"] + (1 - b2) * g**2
    m, v = s["m"], s["v"]
    if bias_correction:
        m, v = m / (1 - b1**t), v / (1 - b2**t)
    return p - LR * m / (np.sqrt(v) + eps)


def adamw(p, g, s, t, weight_decay=0.01, **arguments):
    return adam(p * (1 - LR * weight_decay), g, s, t, **arguments)


def adamax(p, g, s, t):
    s["m"] = 0.9 * s["m"] + 0.1 * g
    s["v"] = np.maximum(0.999 * s["v"], np.abs(g))
    return p - LR * s["m"] / (s["v"] + 1e-8)


def lion(p, g, s, t, betas=(0.9, 0.99), weight_decay=0.0):
    c = betas[0] * s["m"] + (1 - betas[0]) * g
    s["m"] = betas[1] * s["m"] + (1 - betas[1]) * g
    return p * (1 - LR * weight_decay) - LR * np.sign(c)


def rms(x):
    return np.sqrt(np.mean(x**2))


def adafactor(p, g, s, t, relative_step=False, beta_1=None, weight_decay=0.0, scale_parameter=True):
    rate = min(1e-2, 1 / math.sqrt(t)) if relative_step else LR
    rate = rate * max(1e-3, rms(p)) if scale_parameter else rate
    b2 = 1 - t**-0.8
    squares = g**2 + 1e-30
    s["exp_avg_sq_row"] = b2 * s["exp_avg_sq_row"] + (1 - b2) * squares.mean(-1)
    s["exp_avg_sq_col"] = b2 * s["exp_avg_sq_col"] + (1 - b2) * squares.mean(-2)
    row, column = s["exp_avg_sq_row"], s["exp_avg_sq_col"]
    u = g / np.sqrt((row / row.mean())[:, None] * column)
    u = rate * u / max(1, rms(u))
    if beta_1 is not None:
        s["exp_avg"] = u = beta_1 * s["exp_avg"] + (1 - beta_1) * u
    return p * (1 - weight_decay * rate) - u


def muon(p, g, s, t, nesterov=True):
    g = g + 0.01 * p
    s["v"] = 0.95 * s["v"] + 0.05 * g
    x = 0.05 * g + 0.95 * s["v"] if nesterov else s["v"]
    x = x / (np.linalg.norm(x) + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return p - LR * x


@dataclass(frozen=True)
class Case:
    """An optimizer with its arguments, its rule in NumPy, and the keys of a parameter's state."""

    name: str
    rule: Callable
    keys: list
    arguments: dict = field(default_factory=dict)


FACTORS = ["exp_avg_sq_col", "exp_avg_sq_row"]
CASES = [
    Case("SGD", sgd, ["v"]),
    Case("SGD", sgd, ["v"], {"momentum": 0.9, "weight_decay": 0.1, "dampening": 0.2}),
    Case("SGD", sgd, ["v"], {"momentum": 0.9, "nesterov": True}),
    Case("RMSprop", rmsprop, ["v"], {"alpha": 0.9, "eps": 1e-4}),
    Case("Adagrad", adagrad, ["v"]),
    Case("AdaDelta", adadelta, ["u", "v"], {"rho": 0.8, "eps": 1e-3}),
    Case("Adam", adam, ["m", "v"]),
    Case("Adam", adam, ["m", "v"], {"betas": [0.8, 0.9], "eps": 1e-3, "bias_correction": True}),
    Case("AdamW", adamw, ["m", "v"], {"weight_decay": 0.2}),
    Case("AdamW", adamw, ["m", "v"], {"bias_correction": True}),
    Case("Adamax", adamax, ["m", "v"]),
    Case("Lion", lion, ["m"], {"weight_decay": 0.1}),
    Case("Adafactor", adafactor, FACTORS, {"relative_step": False}),
    Case("Adafactor", adafactor, FACTORS, {"relative_step": True}),
    Case(
        "Adafactor",
        adafactor,
        ["exp_avg", *FACTORS],
        {"relative_step": False, "beta_1": 0.9, "weight_decay": 0.1, "scale_parameter": False},
    ),
    Case("Muon", muon, ["v"]),
    Case("Muon", muon, ["v"], {"nesterov": False}),
]
IDS = [f"{case.name}-{i}" for i, case in enumerate(CASES)]


def array(x):
    return mx.array(x, mx.float32)


def make(case):
    return getattr(optim, case.name)(learning_rate=LR, **case.arguments)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_rule(case):
    optimizer, parameters = make(case), {"w": array(W)}
    optimizer.init(parameters)
    assert sorted(optimizer.state["w"]) == case.keys
    expected, state = W, tree_map(lambda x: np.array(x, np.float64), optimizer.state["w"])
    for t, gradient in enumerate(GRADIENTS, start=1):
        parameters = optimizer.apply_gradients({"w": array(gradient)}, parameters)
        expected = case.rule(expected, gradient, state, t, **case.arguments)
    np.testing.assert_allclose(parameters["w"], expected, rtol=2e-4, atol=2e-5)
    assert optimizer.step.item() == 4 and optimizer.step.dtype == mx.uint64


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
def test_dtype_is_kept(case, dtype):
    optimizer = make(case)
    parameters = {"w": array(W).astype(dtype), "b": mx.ones((3,), dtype), "c": mx.ones((2, 3, 4), dtype)}
    updated = optimizer.apply_gradients(parameters, parameters)
    assert all(x.dtype == dtype for x in updated.values())


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_resumes_from_a_saved_state(case):
    def run(optimizer, parameters, gradients):
        for gradient in gradients:
            parameters = optimizer.apply_gradients({"w": array(gradient)}, parameters)
        return parameters

    first, second = make(case), make(case)
    halfway = run(first, {"w": array(W)}, GRADIENTS[:2])
    second.state = tree_unflatten(tree_flatten(first.state))
    assert mx.array_equal(run(first, halfway, GRADIENTS[2:])["w"], run(second, halfway, GRADIENTS[2:])["w"])


class Model(nn.Module):
    """Parameters in lists and dicts, and modules without any."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.rest = [nn.Tanh(), {"last": nn.Linear(8, 1)}]

    def __call__(self, x):
        return self.rest[1]["last"](self.rest[0](self.first(x)))


X = array(random.normal(size=(16, 3)))
Y = mx.sin(X.sum(-1, keepdims=True))


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("compiled", [False, True])
def test_training_lowers_the_loss(case, compiled):
    model, optimizer = Model(), make(case)
    optimizer.init(model.trainable_parameters())
    evaluate = nn.value_and_grad(model, lambda x, y: nn.losses.mse_loss(model(x), y))

    def step(x, y):
        loss, gradients = evaluate(x, y)
        optimizer.update(model, gradients)
        return loss

    state = [model.state, optimizer.state]
    if compiled:
        step = mx.compile(step, inputs=state, outputs=state)
    losses = []
    for _ in range(20):
        losses.append(step(X, Y).item())
        mx.eval(state)
    assert losses[-1] < losses[0]
    assert optimizer.step.item() == 20


def test_only_gradients_that_are_given_are_applied():
    optimizer = optim.SGD(0.5)
    assert list(optimizer.apply_gradients({"w": array(W)}, {"w": array(W), "b": array(W)})) == ["w"]


def test_init_keeps_what_is_there():
    optimizer = optim.Adam(0.1)
    optimizer.init({"w": array(W), "empty": {}})
    optimizer.state["w"]["m"] = array(W)
    optimizer.init({"w": array(W), "list": [array(W)]})
    assert mx.array_equal(optimizer.state["w"]["m"], array(W))
    assert sorted(optimizer.state["list"][0]) == ["m", "v"]


def test_learning_rate():
    optimizer = optim.SGD(0.1)
    assert optimizer.learning_rate.dtype == mx.float32
    optimizer.learning_rate = 0.5
    assert optimizer.learning_rate.item() == 0.5
    with pytest.raises(KeyError):
        optim.Adafactor().learning_rate


def test_a_schedule_sees_the_step_before_the_update():
    seen = []
    optimizer = optim.SGD(lambda step: seen.append(step.item()) or step * 0.1)
    rates = []
    for _ in range(3):
        optimizer.apply_gradients({"w": array(W)}, {"w": array(W)})
        rates.append(round(optimizer.learning_rate.item(), 4))
    assert seen == [0, 0, 1, 2] and rates == [0, 0.1, 0.2]


def test_subclass_with_its_own_schedule():
    class Constant(optim.Optimizer):
        def init_single(self, parameter, state):
            state["count"] = mx.array(0)

        def apply_single(self, gradient, parameter, state):
            state["count"] = state["count"] + 1
            return parameter - self.state["size"]

    optimizer = Constant({"size": lambda step: step + 1.0})
    parameters = {"w": mx.array(10.0)}
    for _ in range(3):
        parameters = optimizer.apply_gradients(parameters, parameters)
    assert parameters["w"].item() == 4 and optimizer.state["w"]["count"].item() == 3


@pytest.mark.parametrize("method, arguments", [("init_single", (None, {})), ("apply_single", (None, None, {}))])
def test_the_base_class_has_no_rule(method, arguments):
    with pytest.raises(NotImplementedError):
        getattr(optim.Optimizer(), method)(*arguments)


def test_multi_optimizer_routes_by_path():
    members = [optim.SGD(1.0), optim.SGD(0.1), optim.SGD(0.0)]
    optimizer = optim.MultiOptimizer(members, [lambda path, g: g.ndim > 1, lambda path, g: "bias" in path])
    one = {"w": mx.ones((2, 2)), "bias": mx.ones(2), "rest": [mx.ones(2)]}
    updated = optimizer.apply_gradients(one, one)
    assert [updated["w"][0, 0].item(), round(updated["bias"][0].item(), 3), updated["rest"][0][0].item()] == [0, 0.9, 1]
    assert len(optimizer.state["states"]) == 3
    assert optimizer.learning_rate.item() == 1
    optimizer.learning_rate = 0.3
    assert all(member.learning_rate.item() == pytest.approx(0.3) for member in members)


def test_multi_optimizer_trains_a_model():
    model = Model()
    optimizer = optim.MultiOptimizer([optim.Adam(0.05), optim.SGD(0.1)], [lambda path, g: g.ndim > 1])
    evaluate = nn.value_and_grad(model, lambda: nn.losses.mse_loss(model(X), Y))
    before, _ = evaluate()
    for _ in range(20):
        optimizer.update(model, evaluate()[1])
        mx.eval(model, optimizer.state)
    assert evaluate()[0].item() < before.item()


@pytest.mark.parametrize(
    "call",
    [
        lambda: optim.SGD(0.1, nesterov=True),
        lambda: optim.SGD(0.1, momentum=0.9, dampening=0.1, nesterov=True),
        lambda: optim.RMSprop(0.1, alpha=-1),
        lambda: optim.RMSprop(0.1, eps=0),
        lambda: optim.Adagrad(0.1, eps=0),
        lambda: optim.AdaDelta(0.1, rho=-1),
        lambda: optim.AdaDelta(0.1, eps=0),
        lambda: optim.Adam(0.1, betas=[1.0, 0.9]),
        lambda: optim.AdamW(0.1, betas=[0.9, -0.1]),
        lambda: optim.Adamax(0.1, eps=-1),
        lambda: optim.Lion(0.1, betas=[0.9, 1.0]),
        lambda: optim.MultiOptimizer([optim.SGD(0.1), optim.SGD(0.2)]),
        lambda: setattr(optim.MultiOptimizer([optim.SGD(0.1)]), "state", {"states": []}),
        lambda: optim.clip_grad_norm([mx.ones(2)], -1),
        lambda: optim.step_decay(0.1, 0.5, 0),
        lambda: optim.cosine_decay(0.1, 0),
        lambda: optim.linear_schedule(0.0, 0.1, 0),
        lambda: optim.join_schedules([], []),
        lambda: optim.join_schedules([optim.exponential_decay(0.1, 0.9)], [1]),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(ValueError):
        call()


SCHEDULES = [
    (optim.exponential_decay(0.1, 0.9), lambda t: 0.1 * 0.9**t),
    (optim.step_decay(0.1, 0.5, 3), lambda t: 0.1 * 0.5 ** (t // 3)),
    (optim.cosine_decay(0.1, 5, 0.02), lambda t: 0.02 + 0.04 * (1 + math.cos(math.pi * min(t, 5) / 5))),
    (optim.linear_schedule(0.1, 0.5, 4), lambda t: 0.1 + 0.1 * min(t, 4)),
    (
        optim.join_schedules([optim.linear_schedule(0.0, 1.0, 3), optim.exponential_decay(1.0, 0.5)], [3]),
        lambda t: t / 3 if t < 3 else 0.5 ** (t - 3),
    ),
]


@pytest.mark.parametrize("schedule, formula", SCHEDULES)
def test_schedule(schedule, formula):
    for t in range(8):
        assert schedule(mx.array(t)).item() == pytest.approx(formula(t), abs=1e-6)
        assert float(schedule(t)) == pytest.approx(formula(t), abs=1e-6)


def test_clip_grad_norm_of_integers_gives_floats():
    clipped, norm = optim.clip_grad_norm({"a": mx.array([3, 4])}, 1.0)
    assert clipped["a"].dtype == mx.float32
    assert np.allclose(clipped["a"].tolist(), [0.6, 0.8]) and norm.item() == 5


@pytest.mark.parametrize("max_norm, expected", [(1.0, 0.2), (5.0, 1.0), (100.0, 1.0), (0.0, 0.0)])
def test_clip_grad_norm(max_norm, expected):
    clipped, norm = optim.clip_grad_norm({"a": mx.array([3.0]), "b": [mx.array([[4.0]])]}, max_norm)
    assert norm.item() == 5
    assert clipped["a"].item() == pytest.approx(3 * expected, rel=1e-4)
    assert clipped["b"][0].item() == pytest.approx(4 * expected, rel=1e-4)


def test_the_norm_of_float16_gradients_does_not_overflow():
    gradients = {"a": mx.full((300,), 300, mx.float16), "b": mx.array([300.0])}
    clipped, norm = optim.clip_grad_norm(gradients, 1.0)
    assert norm.item() == pytest.approx(300 * math.sqrt(301), rel=1e-4)
    assert clipped["a"].dtype == mx.float16 and clipped["b"].dtype == mx.float32
    assert np.allclose(np.array(clipped["a"]), 1 / math.sqrt(301), rtol=2e-3)


@pytest.mark.parametrize("optimizer", [optim.RMSprop, optim.Adagrad, optim.AdaDelta])
def test_eps_of_zero_is_refused_in_words(optimizer):
    with pytest.raises(ValueError, match=">0"):
        optimizer(learning_rate=0.1, eps=0.0)


def test_adafactor_rebuilds_the_second_moment_from_rows_and_columns():
    row, column = np.array([[4.0, 16.0]]), np.array([[1.0, 4.0, 25.0]])
    expected = np.sqrt(row.mean() / row)[..., None] / np.sqrt(column)[..., None, :]
    factored = optim.Adafactor()._approximate_exp_moving_avg(mx.array(row), mx.array(column))
    assert np.allclose(np.array(factored), expected)


def test_muon_brings_singular_values_near_one():
    x = mx.array(random.normal(size=(6, 4)).astype(np.float32))
    values = np.linalg.svd(np.array(optim.Muon(0.1)._zeropower_via_newtonschulz5(x, steps=10)), compute_uv=False)
    assert np.all((0.6 < values) & (values < 1.3))
