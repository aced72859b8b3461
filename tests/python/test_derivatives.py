"""Derivatives with rules of their own: comparisons, casts to integers, divmod, scans, scatters, complex numbers."""

import mlx.core as mx
import numpy as np
import pytest
from support import check_gradient, device_for, draw, same

pytestmark = pytest.mark.core


def tangent(function, x):
    return mx.jvp(function, [x], [mx.ones_like(x)])[1][0]


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16, mx.complex64], ids=str)
def test_tangents_of_comparisons_are_zeros_of_the_tangents_dtype(dtype):
    x = mx.array([1.0, 0.2], dtype)
    half = mx.array(0.5, dtype)
    for compare in (mx.greater, mx.less, mx.equal, mx.not_equal, mx.greater_equal, mx.less_equal):
        for function in (lambda v: compare(v, half), lambda v: compare(half, v), lambda v: compare(v[:, None], v)):
            t = tangent(function, x)
            assert t.dtype == dtype and not t.any().item() and t.shape == function(x).shape
    for function in (mx.isnan, mx.isposinf, mx.isneginf) if dtype != mx.complex64 else (mx.isnan,):
        assert tangent(function, x).dtype == dtype
    for function in (mx.logical_not, mx.all, mx.any, mx.isinf, mx.isfinite, lambda v: mx.logical_and(v, v)):
        assert tangent(function, x).dtype == mx.bool_
    if dtype != mx.complex64:
        assert tangent(mx.argmax, x).dtype == tangent(mx.argsort, x).dtype == mx.uint32


def test_what_is_selected_by_a_comparison_has_its_tangent():
    x = mx.array([1.0, 0.2, -3.0])
    assert tangent(lambda v: (v > 0.5) * v, x).tolist() == [1, 0, 0]
    assert tangent(lambda v: mx.where(v > 0.5, v * v, -v), x).tolist() == [2, -1, -1]
    assert tangent(lambda v: (v > 0.5).sum() + v.sum(), x).item() == 3
    assert mx.grad(lambda v: tangent(lambda w: (w > 0.5) * w * w, v).sum())(x).tolist() == [2, 0, 0]


@pytest.mark.parametrize("dtype", [mx.int32, mx.uint8, mx.bool_], ids=str)
def test_whole_numbers_carry_no_tangent(dtype):
    x = mx.array([1.7, 0.2])
    steps = lambda v: v.astype(dtype).astype(mx.float32) * v
    assert tangent(lambda v: v.astype(dtype).astype(mx.float32), x).tolist() == [0, 0]
    assert tangent(lambda v: v.astype(dtype), x).dtype == dtype
    same(tangent(steps, x), x.astype(dtype).astype(mx.float32))
    same(mx.grad(lambda v: steps(v).sum())(x), x.astype(dtype).astype(mx.float32))
    assert tangent(lambda v: v.astype(mx.float16).astype(mx.float32), x).tolist() == [1, 1]


def test_views_of_other_dtypes():
    x = mx.array([1.5, -2.0])
    assert tangent(lambda v: mx.view(v, mx.int32), x).tolist() == [0, 0]
    assert mx.grad(lambda v: v.view(mx.uint32).astype(mx.float32).sum())(x).tolist() == [0, 0]
    same(mx.grad(lambda v: mx.abs(v.view(mx.complex64)).sum())(x), np.array([1.5, -2.0]) / 2.5, 1e-6)
    with pytest.raises(ValueError):
        mx.grad(lambda v: v.view(mx.float16).sum())(x)


def test_divmod_has_no_derivatives_but_remainder_has():
    one, a, b = mx.array(1.0), mx.array(11.0), mx.array(4.0)
    for function in (lambda v: mx.divmod(v, b), lambda v: mx.divmod(a, v)):
        assert [t.item() for t in mx.jvp(function, [a], [one])[1]] == [0, 0]
    assert [t.item() for t in mx.vjp(mx.divmod, [a, b], [one, one])[1]] == [0, 0]
    assert mx.grad(lambda v: mx.divmod(v, b)[1])(a).item() == 0
    assert [t.item() for t in mx.vjp(mx.remainder, [a, b], [one])[1]] == [1, -2]
    assert [y.tolist() for y in mx.divmod(mx.array([11, -7]), mx.array([4, 2]))][1] == [3, 1]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_running_products_of_zeros(reverse, inclusive, axis):
    values = draw("float64", (3, 6))
    values[0, 1] = values[1, 2] = values[1, 4] = values[2, 0] = values[2, 5] = 0
    check_gradient(lambda x: mx.cumprod(x, axis=axis, reverse=reverse, inclusive=inclusive), values)


@pytest.mark.parametrize("name", ["cummax", "cummin"])
@pytest.mark.parametrize("reverse", [False, True])
def test_running_extremes(name, reverse):
    scan = lambda x, **more: getattr(mx, name)(x, axis=1, reverse=reverse, **more)
    check_gradient(scan, draw("float64", (3, 6)))
    x = mx.array([[2.0, 1.0, 2.0, 2.0, 0.0, 2.0]])
    t, g = mx.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), mx.array([[1.0, 3.0, 5.0, 7.0, 9.0, 11.0]])
    for inclusive in (True, False):  # with ties too, the two directions are each other's transpose
        pushed = mx.jvp(lambda v: scan(v, inclusive=inclusive), [x], [t])[1][0]
        pulled = mx.vjp(lambda v: scan(v, inclusive=inclusive), [x], [g])[1][0]
        assert (pushed * g).sum().item() == (pulled * t).sum().item()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_running_log_sums(reverse, axis):
    values = draw("float64", (3, 6), -30, 30)
    check_gradient(lambda x: mx.logcumsumexp(x, axis=axis, reverse=reverse), values)
    x = mx.array([[-mx.inf, -mx.inf, 1.0, -mx.inf, 2.0]])
    share = mx.vjp(lambda v: mx.logcumsumexp(v, axis=1), [x], [mx.array([[0.0, 0.0, 0.0, 0.0, 1.0]])])[1][0]
    same(share, mx.array([[0.0, 0.0, 1 / (1 + np.e), 0.0, np.e / (1 + np.e)]]), 1e-6, 1e-7)


@pytest.mark.parametrize("shape, axis", [((1, 70_001), 1), ((70_001, 3), 0), ((2, 40_000, 2), 1)])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_gradients_of_long_running_products(shape, axis, dtype):
    x = mx.array(draw("float32", shape, 0.7, 1.1)).astype(getattr(mx, dtype))
    for reverse in (False, True):
        got = mx.grad(lambda v: mx.cumprod(v, axis=axis, reverse=reverse).astype(mx.float32).sum())(x)
        rows = np.moveaxis(np.array(x.astype(mx.float32), np.float64), axis, -1)
        rows = rows[..., ::-1] if reverse else rows
        before = np.cumprod(np.concatenate([np.ones_like(rows[..., :1]), rows[..., :-1]], -1), -1)
        after = np.ones_like(rows)
        for i in range(rows.shape[-1] - 2, -1, -1):
            after[..., i] = 1 + rows[..., i + 1] * after[..., i + 1]
        want = before * after
        bound = 1e-4 if dtype == "float32" else 2e-2
        same(got.astype(mx.float32), np.moveaxis(want[..., ::-1] if reverse else want, -1, axis), bound, bound)


SCATTERS = {
    "set": lambda a, u: put(a, u),
    "add": lambda a, u: a.at[mx.array([2, 0, 2])].add(u),
    "multiply": lambda a, u: a.at[mx.array([2, 0, 2])].multiply(u),
    "divide": lambda a, u: a.at[mx.array([2, 0, 2])].divide(u),
    "maximum": lambda a, u: a.at[mx.array([2, 0, 2])].maximum(u),
    "minimum": lambda a, u: a.at[mx.array([2, 0, 2])].minimum(u),
    "multiply a slice": lambda a, u: a.at[:, ::2].multiply(u[:, :2]),
}


def put(a, u):
    a = a + 0
    a[mx.array([2, 0])] = u[:2]
    return a


@pytest.mark.parametrize("name", SCATTERS)
def test_scatters(name):
    check_gradient(SCATTERS[name], draw("float64", (3, 4), 0.3, 2), draw("float64", (3, 4), 0.4, 2, seed=1))


def test_products_of_scattered_zeros():
    updates = draw("float64", (3, 4))
    updates[0, 1] = updates[2, 1] = updates[2, 2] = updates[1, 0] = 0
    check_gradient(SCATTERS["multiply"], draw("float64", (3, 4)), updates)


def test_padding_values_have_gradients():
    check_gradient(
        lambda a, v: mx.pad(a, ((1, 0), (0, 2)), constant_values=v), draw("float64", (2, 3)), draw("float64", ())
    )
    check_gradient(lambda a, v: mx.pad(a, 1, constant_values=v), draw("float64", (2, 3)), draw("float64", (5,)))


Z = np.array([[1 + 2j, 0.5 - 1j, 1.5 + 0.25j], [-0.75 - 1j, 2 + 2j, -1 + 0.5j]], np.complex64)
COMPLEX = {
    "prod": lambda z: mx.prod(z, axis=1),
    "prod of all": lambda z: mx.prod(z),
    "cumprod": lambda z: mx.cumprod(z, axis=1),
    "cumprod, reverse": lambda z: mx.cumprod(z, axis=1, reverse=True),
    "cumprod, exclusive": lambda z: mx.cumprod(z, axis=0, inclusive=False),
    "cumsum": lambda z: mx.cumsum(z, axis=1, reverse=True),
    "logcumsumexp": lambda z: mx.logcumsumexp(z, axis=1),
    "logcumsumexp, reverse": lambda z: mx.logcumsumexp(z, axis=1, reverse=True),
    "sign": mx.sign,
    "scatter by multiplication": lambda z: z.at[mx.array([0, 1, 0])].multiply(mx.concatenate([z * z, z[:1]])),
    "scatter by addition": lambda z: z.at[mx.array([0, 1, 0])].add(mx.concatenate([z * z, z[:1]])),
    "abs": mx.abs,
    "conjugate": mx.conjugate,
    "real": mx.real,
    "imag": mx.imag,
    "multiply": lambda z: z * z[::-1],
    "divide": lambda z: z / (z[::-1] + 1),
    "power": lambda z: mx.power(z, z[::-1] * 0.5),
    "sqrt": mx.sqrt,
    "rsqrt": mx.rsqrt,
    "reciprocal": mx.reciprocal,
    "exp": mx.exp,
    "log": mx.log,
    "sin": mx.sin,
    "cos": mx.cos,
    "tan": mx.tan,
    "tanh": mx.tanh,
    "arcsin": lambda z: mx.arcsin(z * 0.3),
    "arccos": lambda z: mx.arccos(z * 0.3),
    "arctan": lambda z: mx.arctan(z * 0.3),
    "matmul": lambda z: z @ z.T,
    "mean": lambda z: mx.mean(z * z, axis=0),
    "fft": lambda z: mx.fft.fft(z, axis=1),
    "concatenate and pad": lambda z: mx.pad(mx.concatenate([z, z * z]), 1),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_gradients_against_differences(name):
    """The real part of sum(conj(g) * dy) is that of sum(conj(vjp) * dz), for steps dz in any direction."""
    function, z = COMPLEX[name], mx.array(Z)
    random = np.random.default_rng(4)
    draw_like = lambda x: (
        random.uniform(-1, 1, x.shape) + 1j * random.uniform(-1, 1, x.shape) * (x.dtype == mx.complex64)
    )
    y = function(z)
    g = mx.array(draw_like(y)).astype(y.dtype)
    pulled = np.array(mx.vjp(function, [z], [g])[1][0])
    for _ in range(3):
        dz = draw_like(z).astype(np.complex64)
        step = 4e-3
        dy = (np.array(function(z + step * mx.array(dz))) - np.array(function(z - step * mx.array(dz)))) / (2 * step)
        pushed = np.array(mx.jvp(function, [z], [mx.array(dz)])[1][0])
        bound = 4e-3 * (1 + np.abs(dy).max())
        np.testing.assert_allclose(pushed, dy, 0, bound)
        want = np.real(np.sum(np.conj(np.array(g)) * dy))
        np.testing.assert_allclose(np.real(np.sum(np.conj(pulled) * dz)), want, 0, bound * dy.size)


def test_a_product_of_two_complex_numbers_is_multiplied_back_bit_for_bit():
    z, c = mx.array([[1 + 2j, 0.5 - 1j], [3 - 1j, 2 + 2j]]), mx.array([1 + 1j, 2 - 3j])
    g = mx.vjp(lambda v: v.prod(axis=0), [z], [c])[1][0]
    same(g, mx.stack([mx.conj(z[1]) * c, mx.conj(z[0]) * c]))
    same(g, mx.stack(mx.vjp(mx.multiply, [z[0], z[1]], [c])[1]))


def test_the_sign_of_a_complex_zero_has_derivative_zero():
    z = mx.array([0j, 3 + 4j])
    assert mx.vjp(mx.sign, [z], [mx.array([1 + 1j, 0j])])[1][0].tolist() == [0, 0]


def test_derivatives_in_double_precision_of_a_long_scan():
    with device_for("float64"):
        x = mx.array(np.linspace(0.9, 1.05, 100), dtype=mx.float64)
        jacobian_sum = mx.jvp(lambda v: mx.cumprod(v), [x], [mx.ones_like(x)])[1][0]
        want = np.cumprod(np.array(x)) * np.cumsum(1 / np.array(x))
        same(jacobian_sum, want, 1e-12, 0)
