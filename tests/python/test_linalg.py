"""mx.linalg against NumPy: norms, factorisations that multiply back, solutions, determinants, errors."""

import mlx.core as mx
import numpy as np
import pytest

CPU = {"stream": mx.cpu}
RTOL = {"float32": 2e-4, "float64": 1e-9}
SHAPES = [(3, 3), (2, 4, 4), (4, 2), (2, 5), (1, 1)]
SQUARE = [(3, 3), (2, 4, 4), (1, 1)]


def sample(shape, dtype="float32", definite=False):
    values = np.random.default_rng(7).normal(size=shape)
    if definite:
        values = values @ np.swapaxes(values, -1, -2) + np.eye(shape[-1])
    with mx.stream(mx.cpu):
        return mx.array(values, dtype=getattr(mx, dtype)), values.astype(dtype)


def check(got, expected, dtype="float32"):
    got = np.array(got)
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(
        got, expected, rtol=RTOL[dtype], atol=RTOL[dtype] * max(1, np.abs(expected).max(initial=0))
    )


@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf")])
@pytest.mark.parametrize("keepdims", [False, True])
def test_matrix_norm(order, keepdims):
    x, values = sample((3, 4))
    check(
        mx.linalg.norm(x, order, axis=(0, 1), keepdims=keepdims, **CPU), np.linalg.norm(values, order, (0, 1), keepdims)
    )


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 0.5, float("inf"), -float("inf")])
@pytest.mark.parametrize("axis", [0, -1])
def test_vector_norm(order, axis):
    x, values = sample((3, 4))
    check(mx.linalg.norm(x, order, axis=axis), np.linalg.norm(values, order, axis))


def test_norm_rejects_what_it_does_not_know():
    x, _ = sample((3, 4))
    for order in ["foo", 3, 0]:
        with pytest.raises(ValueError):
            mx.linalg.norm(x, order)
    with pytest.raises(ValueError):
        mx.linalg.norm(x, axis=(0, 1, 2))
    with pytest.raises(IndexError):
        mx.linalg.norm(x, axis=5)


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (2, 3)), ((2,), (3,))])
def test_cross(shapes):
    (a, p), (b, q) = sample(shapes[0]), sample(shapes[1])
    pad = lambda v: np.concatenate([v, np.zeros(1, v.dtype)]) if v.shape[-1] == 2 else v
    check(mx.linalg.cross(a, b), np.cross(pad(p), pad(q)))


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("shape", SHAPES)
def test_qr_svd_and_lu_multiply_back(shape, dtype):
    x, values = sample(shape, dtype)
    with mx.stream(mx.cpu):
        q, r = mx.linalg.qr(x)
        check(q @ r, values, dtype)
        u, s, vt = mx.linalg.svd(x)
        k = s.shape[-1]
        check((u[..., :k] * s[..., None, :]) @ vt[..., :k, :], values, dtype)
        check(mx.linalg.svd(x, compute_uv=False), np.linalg.svd(values, compute_uv=False), dtype)
        p, low, up = mx.linalg.lu(x)
        check(mx.take_along_axis(low, mx.broadcast_to(p[..., None], low.shape), axis=-2) @ up, values, dtype)
        packed, pivots = mx.linalg.lu_factor(x)
        assert packed.shape == shape and pivots.dtype == mx.uint32
        check(mx.linalg.pinv(x), np.linalg.pinv(values), dtype)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("shape", SQUARE)
def test_inverses_and_solutions(shape, dtype):
    x, values = sample(shape, dtype)
    b, right = sample((*shape[:-1], 2), dtype)
    with mx.stream(mx.cpu):
        check(mx.linalg.inv(x), np.linalg.inv(values), dtype)
        check(mx.linalg.tri_inv(x), np.linalg.inv(np.tril(values)), dtype)
        check(mx.linalg.tri_inv(x, upper=True), np.linalg.inv(np.triu(values)), dtype)
        check(mx.linalg.solve(x, b), np.linalg.solve(values, right), dtype)
        check(mx.linalg.solve_triangular(x, b), np.linalg.solve(np.tril(values), right), dtype)
        check(mx.linalg.solve_triangular(x, b, upper=True), np.linalg.solve(np.triu(values), right), dtype)
        check(mx.linalg.det(x), np.linalg.det(values), dtype)
        for got, expected in zip(mx.linalg.slogdet(x), np.linalg.slogdet(values)):
            check(got, expected, dtype)


@pytest.mark.parametrize("dtype", RTOL)
@pytest.mark.parametrize("shape", SQUARE)
def test_symmetric_matrices(shape, dtype):
    x, values = sample(shape, dtype, definite=True)
    with mx.stream(mx.cpu):
        check(mx.linalg.cholesky(x), np.linalg.cholesky(values), dtype)
        check(mx.linalg.cholesky(x, upper=True), np.swapaxes(np.linalg.cholesky(values), -1, -2), dtype)
        for upper in (False, True):
            check(mx.linalg.cholesky_inv(mx.linalg.cholesky(x, upper), upper), np.linalg.inv(values), dtype)
        check(mx.linalg.eigvalsh(x), np.linalg.eigvalsh(values), dtype)
        w, v = mx.linalg.eigh(x)
        check((v * w[..., None, :]) @ v.swapaxes(-1, -2), values, dtype)
        check(mx.linalg.eigvalsh(mx.triu(x), UPLO="U"), np.linalg.eigvalsh(values), dtype)


@pytest.mark.parametrize("shape", SQUARE)
def test_general_eigenvalues(shape):
    x, values = sample(shape)
    w, v = mx.linalg.eig(x, **CPU)
    assert w.dtype == mx.complex64
    w, v = np.array(w), np.array(v)
    np.testing.assert_allclose(values @ v, v * w[..., None, :], atol=1e-4)
    np.testing.assert_allclose(np.sort(np.array(mx.linalg.eigvals(x, **CPU)).real), np.sort(w.real), atol=1e-4)


def test_a_singular_matrix_fails_when_evaluated():
    x = mx.zeros((2, 2))
    for y in (mx.linalg.inv(x, **CPU), mx.linalg.tri_inv(x, **CPU), mx.linalg.solve(x, x, **CPU)):
        with pytest.raises(RuntimeError):
            mx.eval(y)


@pytest.mark.parametrize("name", ["inv", "cholesky", "eigh", "eigvals", "det", "qr"])
def test_shapes_and_dtypes_are_checked(name):
    function = getattr(mx.linalg, name)
    with pytest.raises(ValueError):
        function(mx.zeros((2,)), **CPU)
    if name != "qr":
        with pytest.raises(ValueError):
            function(mx.zeros((2, 3)), **CPU)
    if name != "det":
        with pytest.raises(ValueError):
            function(mx.zeros((2, 2), mx.int32), **CPU)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_determinants_have_gradients(size):
    x, values = sample((size, size))
    with mx.stream(mx.cpu):
        check(mx.grad(mx.linalg.det)(x), np.linalg.det(values) * np.linalg.inv(values).T)
        check(mx.grad(lambda x: mx.linalg.slogdet(x)[1])(x), np.linalg.inv(values).T)
