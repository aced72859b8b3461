"""Functions compiled or exported for any shape: recorded at one shape, replayed at others, compared with eager calls."""

import math

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

losses, fast = nn.losses, mx.fast


def real(*shape):
    return ("real", shape)


def positive(*shape):
    return ("positive", shape)


def indices(below, *shape):
    return ("indices", shape, below)


def truth(*shape):
    return ("truth", shape)


def matrix(*shape):
    return ("matrix", shape)


def make(spec, seed):
    kind, shape = spec[:2]
    random = np.random.default_rng(seed)
    if kind == "indices":
        return mx.array(random.integers(0, spec[2], shape).astype(np.int32))
    if kind == "truth":
        return mx.array(random.random(shape) > 0.5)
    if kind == "positive":
        return mx.array((random.random(shape) + 1.1).astype(np.float32))
    values = random.standard_normal(shape)
    if kind == "matrix":
        values = values @ np.swapaxes(values, -1, -2) + 3 * np.eye(shape[-1])
    return mx.array(values.astype(np.float32))


def made(specs, seed):
    return [make(spec, seed + i) for i, spec in enumerate(specs)]


def batched(specs):
    return [(spec[0], (2, *spec[1]), *spec[2:]) for spec in specs]


def put(a, index, value):
    a = mx.array(a)
    a[index] = value
    return a


ONE = ([real(3, 4)], [real(5, 1)], [real(1, 7)])
POSITIVE = ([positive(3, 4)], [positive(5, 1)])
TWO = ([positive(3, 1), positive(4)], [positive(5, 6), positive(1)], [positive(1, 1), positive(2)])
PAIR = ([real(3, 4), real(3, 4)], [real(5, 6), real(5, 6)])
LABELS = ([real(3, 4), indices(3, 3)], [real(5, 6), indices(3, 5)])
TAKEN = ([real(3, 4), indices(3, 2)], [real(5, 4), indices(3, 6)], [real(3, 1), indices(3, 1)])
WRITTEN = ([positive(3, 4), indices(3, 2), positive(2, 4)], [positive(5, 6), indices(3, 7), positive(7, 6)])
CONV = ([real(1, 9, 4), real(6, 3, 4)], [real(2, 14, 4), real(6, 3, 4)])

# name, function, and the shapes: the first is recorded, the others follow.
REDUCTIONS = (mx.sum, mx.mean, mx.prod, mx.max, mx.min, mx.var, mx.std, mx.logsumexp, mx.softmax, mx.argmax, mx.argmin)
ROWS = [
    *[
        (f.__name__, f, *ONE)
        for f in (
            mx.abs,
            mx.exp,
            mx.sin,
            mx.cos,
            mx.tanh,
            mx.sigmoid,
            mx.square,
            mx.negative,
            mx.erf,
            mx.arctan,
            mx.floor,
            mx.isnan,
            mx.stop_gradient,
            mx.zeros_like,
            mx.ones_like,
        )
    ],
    *[(f.__name__, f, *POSITIVE) for f in (mx.log, mx.log2, mx.log1p, mx.sqrt, mx.rsqrt, mx.reciprocal, mx.arccosh)],
    *[
        (f.__name__, f, *TWO)
        for f in (
            mx.add,
            mx.subtract,
            mx.multiply,
            mx.divide,
            mx.power,
            mx.maximum,
            mx.minimum,
            mx.arctan2,
            mx.logaddexp,
            mx.remainder,
            mx.floor_divide,
            mx.less,
        )
    ],
    ("a number", lambda a: (a + 1) * 2 - a / 3, *ONE),
    ("full_like", lambda a: mx.full_like(a, 3), *ONE),
    ("sum of all and a tail", lambda a: (a * a).sum() * a, *ONE),
    *[(f"{f.__name__} over everything", f, *ONE) for f in (*REDUCTIONS, mx.all)],
    *[(f"{f.__name__} of an axis", lambda a, f=f: f(a * a, axis=1), *ONE) for f in REDUCTIONS],
    *[
        (f"{f.__name__} of a first axis of one", lambda a, f=f: f(a, axis=0), [real(1, 4)], [real(5, 3)])
        for f in (mx.sum, mx.mean, mx.max, mx.var, mx.logsumexp, mx.softmax, mx.argmax)
    ],
    *[
        (
            f"{f.__name__} of two axes, kept",
            lambda a, f=f: f(a, axis=(0, 2), keepdims=True),
            [real(3, 4, 2)],
            [real(5, 2, 1)],
        )
        for f in (mx.sum, mx.mean, mx.max, mx.var, mx.logsumexp)
    ],
    ("logsumexp of complex rows", lambda a: mx.logsumexp(a * (1 + 1j), axis=-1), *ONE),
    ("logsumexp of complex rows, kept", lambda a: mx.logsumexp(a * (1 + 1j), axis=-1, keepdims=True), *ONE),
    ("var with ddof", lambda a: mx.var(a, axis=1, ddof=1), [real(3, 4)], [real(5, 3)]),
    *[(f.__name__, lambda a, f=f: f(a, axis=1), *ONE) for f in (mx.cumsum, mx.cumprod, mx.sort, mx.argsort)],
    ("reshape with -1", lambda a: (a.reshape(-1, 4), a.reshape(-1), a.flatten()), [real(2, 4)], [real(6, 4)]),
    ("reshape to a product", lambda a: a.reshape(a.shape[0] * a.shape[1], -1), [real(2, 3, 4)], [real(3, 2, 1)]),
    ("unflatten", lambda a: mx.unflatten(a, 1, (2, -1)), [real(3, 4)], [real(5, 6)]),
    ("squeeze, expand, transpose", lambda a: mx.transpose(mx.squeeze(a[None], 0))[:, None], *ONE),
    ("broadcast_to", lambda a: mx.broadcast_to(a, (3, 4)), [real(3, 4)], [real(1, 4)], [real(3, 1)]),
    ("broadcast_arrays", lambda a, b: mx.broadcast_arrays(a, b), [real(1, 3), real(2, 1)], [real(4, 1), real(1, 5)]),
    ("meshgrid", lambda a, b: mx.meshgrid(a, b), [real(3), real(4)], [real(5), real(2)]),
    ("repeat and tile", lambda a: (mx.repeat(a, 2, axis=1), mx.tile(a, (2, 3))), *ONE),
    ("tril", mx.tril, *ONE),
    ("diag", mx.diag, [real(3)], [real(5)]),
    ("diagonal and trace", lambda a: (mx.diagonal(a), mx.trace(a)), *ONE),
    ("concatenate and stack", lambda a, b: (mx.concatenate([a, b], 1), mx.stack([a, b])), *PAIR),
    ("where", mx.where, [truth(3, 1), real(4), real()], [truth(5, 6), real(1), real()]),
    ("clip", lambda a, b: mx.clip(a, b, 0.5), [real(3, 4), real(4)], [real(5, 1), real(1)]),
    (
        "matmul",
        mx.matmul,
        [real(2, 1, 4, 2), real(3, 2, 5)],
        [real(5, 1, 4, 2), real(6, 2, 5)],
        [real(1, 1, 2, 3), real(1, 3, 1)],
    ),
    ("matmul of a vector", mx.matmul, [real(3, 4), real(4)], [real(5, 1), real(1)]),
    ("addmm", mx.addmm, [real(2), real(3, 4), real(4, 2)], [real(6), real(5, 1), real(1, 6)]),
    ("tensordot", lambda a, b: mx.tensordot(a, b, 2), [real(2, 3, 4), real(3, 4, 2)], [real(5, 2, 3), real(2, 3, 1)]),
    (
        "outer, inner, kron",
        lambda a, b: (mx.outer(a, b), mx.inner(a, b), mx.kron(a, b)),
        [real(4), real(4)],
        [real(2), real(2)],
    ),
    (
        "einsum",
        lambda a, b: mx.einsum("bij,bjk->bik", a, b),
        [real(2, 3, 4), real(2, 4, 2)],
        [real(3, 5, 6), real(3, 6, 3)],
    ),
    (
        "take",
        lambda a, i: (mx.take(a, i, axis=0), mx.take(a, i, axis=1), mx.take(a, i)),
        [real(3, 4), indices(3, 2)],
        [real(5, 4), indices(3, 6)],
    ),
    ("an integer index", lambda a: a[1], [real(3, 4)], [real(5, 2)]),
    ("an index array", lambda a, i: (a[i], a[i, None]), *TAKEN),
    ("two index arrays", lambda a, i: a[i, i], *TAKEN[:2]),
    (
        "take_along_axis",
        lambda a, i: mx.take_along_axis(a, i, axis=1),
        [real(3, 4), indices(3, 3, 2)],
        [real(5, 4), indices(3, 5, 6)],
    ),
    (
        "put_along_axis",
        lambda a, i, v: mx.put_along_axis(a, i, v, axis=1),
        [real(3, 4), indices(3, 3, 1), real(3, 1)],
        [real(5, 4), indices(3, 5, 1), real(5, 1)],
    ),
    ("at, add and multiply", lambda a, i, v: (a.at[i].add(v), a.at[i].multiply(2.0)), *WRITTEN),
    ("an assignment to rows", lambda a, i: put(a, i, 1.0), *TAKEN[:2]),
    (
        "assignments to a row, to all, by a mask",
        lambda a: (put(a, 1, 2.0), put(a, slice(None), 3.0), put(a, a > 0, 1.0)),
        [real(3, 4)],
        [real(5, 6)],
    ),
    ("an assignment to a column", lambda a: put(a, (slice(None), 1), 2.0), [real(3, 4)], [real(5, 6)]),
    ("conv1d", lambda x, w: mx.conv1d(x, w, stride=2, padding=1), *CONV),
    (
        "conv1d in groups, dilated",
        lambda x, w: mx.conv1d(x, w, groups=2, dilation=2),
        [real(1, 9, 4), real(6, 3, 2)],
        [real(2, 14, 4), real(6, 3, 2)],
    ),
    ("conv2d", mx.conv2d, [real(1, 5, 5, 2), real(3, 3, 3, 2)], [real(2, 7, 6, 2), real(3, 3, 3, 2)]),
    (
        "conv_transpose1d",
        lambda x, w: mx.conv_transpose1d(x, w, stride=2),
        [real(1, 9, 4), real(6, 3, 4)],
        [real(3, 5, 4), real(6, 3, 4)],
    ),
    ("hadamard_transform", mx.hadamard_transform, [real(3, 4)], [real(5, 8)]),
    (
        "layer_norm",
        lambda x, w, b: fast.layer_norm(x, w, b, 1e-5),
        [real(3, 4), real(4), real(4)],
        [real(5, 6), real(6), real(6)],
    ),
    ("rms_norm", lambda x, w: fast.rms_norm(x, w, 1e-5), [real(3, 4), real(4)], [real(5, 6), real(6)]),
    (
        "attention",
        lambda q, k, v: fast.scaled_dot_product_attention(q, k, v, scale=0.5),
        [real(1, 2, 3, 8), real(1, 2, 5, 8), real(1, 2, 5, 8)],
        [real(2, 4, 6, 8), real(2, 2, 7, 8), real(2, 2, 7, 8)],
    ),
    (
        "rope",
        lambda x: fast.rope(x, 8, traditional=False, base=100.0, scale=1.0, offset=0),
        [real(1, 2, 3, 8)],
        [real(2, 3, 5, 8)],
    ),
    *[
        (f.__name__, f, *PAIR)
        for f in (
            losses.mse_loss,
            losses.l1_loss,
            losses.smooth_l1_loss,
            losses.huber_loss,
            losses.log_cosh_loss,
            losses.hinge_loss,
            losses.kl_div_loss,
            losses.cosine_similarity_loss,
        )
    ],
    ("cross_entropy", losses.cross_entropy, *LABELS),
    ("nll_loss", losses.nll_loss, *LABELS),
    ("binary_cross_entropy", losses.binary_cross_entropy, [real(3, 4), truth(3, 4)], [real(5, 6), truth(5, 6)]),
    (
        "gaussian_nll_loss",
        losses.gaussian_nll_loss,
        [real(3, 4), real(3, 4), positive(3, 4)],
        [real(5, 6), real(5, 6), positive(5, 6)],
    ),
    ("triplet_loss", losses.triplet_loss, [real(3, 4)] * 3, [real(5, 6)] * 3),
    ("margin_ranking_loss", losses.margin_ranking_loss, [real(3)] * 3, [real(5)] * 3),
    ("a checkpoint", lambda a: mx.checkpoint(lambda v: mx.exp(v) * v)(a), *ONE),
]
NO_VMAP = {"conv1d", "conv1d in groups, dilated", "conv2d", "conv_transpose1d", "a checkpoint"}


def leaves(result):
    return [value for _, value in tree_flatten(result)] if isinstance(result, (list, tuple)) else [result]


def assert_same(found, expected):
    for one, other in zip(leaves(found), leaves(expected), strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        assert np.allclose(np.array(one), np.array(other), rtol=1e-4, atol=1e-4, equal_nan=True)


def follows(f, first, *others):
    compiled = mx.compile(f, shapeless=True)
    for specs in (first, *others, *others):  # shapes that come twice are compiled once more
        args = made(specs, 7)
        assert_same(compiled(*args), f(*args))


@pytest.mark.parametrize("f, specs", [pytest.param(row[1], row[2:], id=row[0]) for row in ROWS])
def test_results_follow_the_inputs(f, specs):
    follows(f, *specs)


@pytest.mark.parametrize("f, specs", [pytest.param(row[1], row[2:], id=row[0]) for row in ROWS])
def test_gradients_follow_the_inputs(f, specs):
    def loss(*args):
        return sum((y.astype(mx.float32) * y * 0.5 + y).sum() for y in leaves(f(*args)))

    wanted = tuple(i for i, spec in enumerate(specs[0]) if spec[0] not in ("indices", "truth"))
    follows(mx.grad(loss, argnums=wanted), *specs)


@pytest.mark.parametrize(
    "f, specs", [pytest.param(row[1], row[2:], id=row[0]) for row in ROWS if row[0] not in NO_VMAP]
)
def test_vmapped_functions_follow_the_inputs(f, specs):
    follows(mx.vmap(f), *map(batched, specs))


REFUSED = {
    "a slice": lambda x: x[1:],
    "a slice to a negative bound": lambda x: x[:-1],
    "split": lambda x: mx.split(x, 2),
    "pad": lambda x: mx.pad(x, 1),
    "flip": mx.flip,
    "roll": lambda x: mx.roll(x, 1),
    "fft": mx.fft.fft,
    "view": lambda x: x.view(mx.int32),
    "as_strided": lambda x: mx.as_strided(x, (2,), (1,)),
    "topk": lambda x: mx.topk(x, 2),
    "random numbers": lambda x: x + mx.random.uniform(shape=x.shape),
    "a vmapped slice": mx.vmap(lambda x: x[1:]),
    "the gradient of a slice": mx.grad(lambda x: x[1:].sum()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_remembers_numbers_is_refused_at_the_first_call(name):
    compiled = mx.compile(REFUSED[name], shapeless=True)
    with pytest.raises(ValueError, match="cannot infer output shapes"):
        compiled(mx.ones((4, 4) if "vmapped" in name else 4))


def test_matrices_are_decomposed_at_any_size():
    f = mx.compile(lambda x: (mx.linalg.eigvalsh(x, stream=mx.cpu), *mx.linalg.eigh(x, stream=mx.cpu)), shapeless=True)
    for n in (2, 4):
        values, again, vectors = f(mx.eye(n) * 2)
        assert values.tolist() == again.tolist() == [2.0] * n and vectors.shape == (n, n)
    for refused in (mx.linalg.inv, mx.linalg.cholesky, mx.linalg.svd, mx.linalg.qr):
        with pytest.raises(ValueError, match="cannot infer output shapes"):
            mx.compile(lambda x, f=refused: f(x, stream=mx.cpu), shapeless=True)(mx.eye(2))


def test_a_reshape_that_does_not_fit_is_refused():
    f = mx.compile(lambda x: x.reshape(4, 2), shapeless=True)
    f(mx.zeros((2, 4)))
    with pytest.raises(ValueError):
        f(mx.zeros((4, 4)))


def test_broadcasts_may_change_sides():
    f = mx.compile(mx.grad(lambda t: (t[0] + t[1]).sum()), shapeless=True)
    f((mx.array(0.0), mx.ones((2, 2))))
    assert [x.shape for x in f((mx.ones((2, 3)), mx.array(1.0)))] == [(2, 3), ()]


def test_intermediate_results_of_fused_functions_keep_their_own_shapes():
    f = mx.compile(lambda x, y: (mx.exp(x), mx.exp(x) + y), shapeless=True)
    f(mx.ones((2, 3)), mx.ones((2, 3)))
    assert [x.shape for x in f(mx.ones((1, 3)), mx.ones((2, 3)))] == [(1, 3), (2, 3)]


def test_a_vmapped_product_is_traced_once():
    traces = []

    def product(x, y):
        traces.append(1)
        return x @ y

    f = mx.vmap(product, in_axes=(0, 1))
    compiled = mx.compile(f, shapeless=True)
    for a, b in (((2, 3, 1, 4, 5), (1, 2, 5, 6)), ((3, 2, 1, 4, 5), (2, 3, 5, 6))):
        x, y = mx.random.normal(a), mx.random.normal(b)
        found = compiled(x, y)
        traced = len(traces)
        assert mx.allclose(found, f(x, y), atol=1e-5).item()
    assert traced == 2  # one by compile, one by the eager call of the first round


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: mx.grad(lambda x: mx.grad(lambda v: f(v).sum())(x).sum()),
        lambda f: lambda x: mx.jvp(f, [x], [mx.ones_like(x)])[1][0],
        lambda f: mx.vmap(mx.grad(lambda x: f(x).sum())),
        lambda f: mx.grad(lambda x: mx.vmap(f)(x).sum()),
    ],
    ids=["second derivative", "jvp", "vmap of grad", "grad of vmap"],
)
@pytest.mark.parametrize(
    "f",
    [
        mx.tanh,
        lambda x: mx.softmax(x, -1) ** 2,
        lambda x: mx.var(x, -1),
        lambda x: mx.exp(x) @ mx.swapaxes(mx.sin(x), -1, -2),
    ],
    ids=["tanh", "softmax", "var", "matmul"],
)
def test_transformations_may_be_nested(transform, f):
    follows(transform(f), [real(2, 3, 3)], [real(4, 5, 5)], [real(1, 1, 1)])


def test_custom_functions_are_called_while_recording_only():
    calls = []

    @mx.custom_function
    def f(x):
        return mx.exp(x)

    @f.vjp
    def f_vjp(primals, cotangent, output):
        calls.append(1)
        return cotangent * output * 2

    gradient = mx.compile(mx.grad(lambda x: f(x).sum()), shapeless=True)
    for shape in ((2,), (3,), (3,), (3,)):
        x = mx.ones(shape)
        assert mx.allclose(gradient(x), 2 * mx.exp(x)).item()
    assert len(calls) == 1


def test_a_training_step_follows_the_batch():
    model = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.LayerNorm(8), nn.Linear(8, 3))
    mx.eval(model.parameters())
    step = nn.value_and_grad(model, lambda x, y: losses.cross_entropy(model(x), y, reduction="mean"))
    compiled = mx.compile(step, inputs=model.state, shapeless=True)
    for size in (2, 5, 5, 1):
        x, y = make(real(size, 4), size), make(indices(3, size), size)
        (loss, gradients), (expected, others) = compiled(x, y), step(x, y)
        assert math.isclose(loss.item(), expected.item(), rel_tol=1e-4)
        assert_same([value for _, value in tree_flatten(gradients)], [value for _, value in tree_flatten(others)])
