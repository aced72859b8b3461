"""Derivatives and vmap of mx.linalg: vjp and jvp against finite differences, second derivatives, degenerate spectra."""

import mlx.core as mx
import numpy as np
import pytest
from support import check_gradient, check_vmap

linalg = mx.linalg


@pytest.fixture(autouse=True)
def on_the_cpu():
    mx.set_default_device(mx.cpu)


def adjoint(x):
    return mx.conj(x.swapaxes(-1, -2))


def general(*shape, seed=0):
    """Well-conditioned where square."""
    values = np.random.default_rng(seed).normal(size=shape)
    return values + (3 * np.eye(shape[-1]) if shape[-1] == shape[-2] else 0)


def definite(*shape, seed=0):
    values = general(*shape, seed=seed)
    return values @ np.swapaxes(values, -1, -2) / 4


def symmetric(function):
    """Of the symmetric part: what a function that reads one triangle is differentiated as."""
    return lambda x: function((x + x.swapaxes(-1, -2)) / 2)


def spread(x):
    """Fixed weights, so that no entry of a result goes unnoticed."""
    return mx.arange(1.0, x.size + 1).reshape(x.shape).astype(x.dtype) / x.size


def of_parts(function):
    """The parts of a tuple side by side, as far as they are floats."""
    return lambda *x: mx.concatenate([p.reshape(-1) for p in function(*x) if mx.issubdtype(p.dtype, mx.floating)])


def projector(x, chosen):
    """On the eigenvectors of some eigenvalues: free of their signs and rotations."""
    v = linalg.eigh(x)[1][..., chosen]
    return v @ adjoint(v)


def singular_projectors(x):
    u, s, vt = linalg.svd(x)
    pairs = [u[..., :, i : i + 1] @ vt[..., i : i + 1, :] for i in range(s.shape[-1])]
    k = s.shape[-1]
    around = [u[..., k:] @ adjoint(u[..., k:]), adjoint(vt[..., k:, :]) @ vt[..., k:, :]]
    return mx.concatenate([p.reshape(-1) for p in [s, *pairs, *around]])


ROWS = {
    "inv": (linalg.inv, general(3, 3)),
    "inv batched": (linalg.inv, general(2, 2, 2)),
    "tri_inv": (linalg.tri_inv, general(3, 3)),
    "tri_inv upper": (lambda x: linalg.tri_inv(x, upper=True), general(2, 3, 3)),
    "solve": (linalg.solve, general(3, 3), general(3, 2, seed=1)),
    "solve vector": (linalg.solve, general(3, 3), general(1, 3, seed=1)[0]),
    "solve broadcast": (linalg.solve, general(1, 2, 2), general(3, 2, 1, seed=1)),
    "solve_triangular": (linalg.solve_triangular, general(3, 3), general(3, 2, seed=1)),
    "solve_triangular upper": (lambda a, b: linalg.solve_triangular(a, b, upper=True), general(2, 2, 2), general(2, 2, 2, seed=1)),
    "cholesky": (symmetric(linalg.cholesky), definite(3, 3)),
    "cholesky upper": (symmetric(lambda x: linalg.cholesky(x, upper=True)), definite(2, 3, 3)),
    "cholesky_inv": (linalg.cholesky_inv, general(3, 3)),
    "cholesky_inv upper": (lambda x: linalg.cholesky_inv(x, upper=True), general(2, 2, 2)),
    "det": (linalg.det, general(4, 4)),
    "det of three": (linalg.det, general(2, 3, 3)),
    "det batched": (linalg.det, general(2, 4, 4)),
    "slogdet": (lambda x: linalg.slogdet(x)[1], general(4, 4)),
    "slogdet batched": (lambda x: linalg.slogdet(x)[1], general(2, 5, 5)),
    "eigvalsh": (symmetric(linalg.eigvalsh), definite(3, 3)),
    "eigvalsh upper": (symmetric(lambda x: linalg.eigvalsh(x, UPLO="U")), definite(2, 3, 3)),
    "eigh values": (symmetric(lambda x: linalg.eigh(x)[0]), definite(3, 3)),
    "eigh vectors": (symmetric(lambda x: projector(x, [0])), definite(2, 3, 3)),
    "eigh function": (symmetric(lambda x: (lambda w, v: (v * mx.sin(w)[..., None, :]) @ adjoint(v))(*linalg.eigh(x))), definite(3, 3)),
    "svdvals": (linalg.svdvals, general(3, 4)),
    "svd values": (lambda x: linalg.svd(x, compute_uv=False), general(2, 4, 2)),
    "svd factors": (singular_projectors, general(3, 3)),
    "svd factors of a tall matrix": (singular_projectors, general(4, 2)),
    "svd factors of a wide matrix": (singular_projectors, general(2, 4)),
    "svd factors batched": (singular_projectors, general(2, 3, 2)),
    "pinv": (linalg.pinv, general(3, 3)),
    "pinv of a tall matrix": (linalg.pinv, general(4, 2)),
    "pinv of a wide matrix": (linalg.pinv, general(2, 2, 3)),
    "qr": (of_parts(linalg.qr), general(3, 3)),
    "qr of a tall matrix": (of_parts(linalg.qr), general(2, 4, 2)),
    "qr of a wide matrix": (of_parts(linalg.qr), general(2, 4)),
    "lu": (of_parts(linalg.lu), general(4, 4)[::-1].copy()),
    "lu of a tall matrix": (of_parts(linalg.lu), general(2, 4, 2)),
    "lu of a wide matrix": (of_parts(linalg.lu), general(2, 4)),
    "lu_factor": (of_parts(linalg.lu_factor), general(2, 3, 3)),
    "norm nuc": (lambda x: linalg.norm(x, "nuc"), general(3, 2)),
    "norm 2": (lambda x: linalg.norm(x, 2), general(3, 3)),
    "norm -2": (lambda x: linalg.norm(x, -2, axis=(0, 2)), general(3, 2, 3)),
    "norm fro": (lambda x: linalg.norm(x, "fro"), general(3, 2)),
    "norm 3": (lambda x: linalg.norm(x, 3, axis=1), general(3, 2)),
    "cross": (linalg.cross, general(2, 3), general(2, 3, seed=1)),
    "cross of two and three": (linalg.cross, general(2, 2), general(2, 3, seed=1)),
    "matrix_power": (lambda x: linalg.matrix_power(x, 3), general(2, 2, 2)),
    "matrix_power negative": (lambda x: linalg.matrix_power(x, -2), general(3, 3)),
    "eigvals": (lambda x: mx.sort(mx.real(linalg.eigvals(x))), definite(3, 3)),
}  # fmt: skip


@pytest.mark.parametrize("function, values", [(row[0], row[1:]) for name, row in ROWS.items() if name != "eigvals"],
                         ids=[name for name in ROWS if name != "eigvals"])  # fmt: skip
def test_gradients(function, values):
    check_gradient(function, *values)


@pytest.mark.parametrize("name", ["inv", "solve", "cholesky", "cholesky_inv", "tri_inv", "det", "slogdet", "eigvalsh",
                                  "eigh function", "svdvals", "svd factors of a tall matrix", "pinv of a wide matrix",
                                  "qr of a wide matrix", "lu", "norm nuc"])  # fmt: skip
def test_second_derivatives(name):
    function, *values = ROWS[name]

    def slope(*x):
        return mx.grad(lambda *x: (lambda y: (y * y * spread(y)).sum())(function(*x)), argnums=0)(*x)

    check_gradient(slope, *values, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["inv", "solve", "cholesky", "det", "eigvalsh", "svdvals", "pinv", "qr", "lu"])
def test_single_precision_agrees_with_double(name):
    function, *values = ROWS[name]

    def slope(dtype):
        x = [mx.array(v, dtype=dtype) for v in values]
        return mx.grad(lambda *x: (lambda y: (y * spread(y)).sum())(function(*x)))(*x)

    single, double = slope(mx.float32), slope(mx.float64)
    assert single.dtype == mx.float32
    np.testing.assert_allclose(np.array(single), np.array(double), rtol=1e-3, atol=1e-4)


VMAPPED = {
    "inv": linalg.inv, "tri_inv": linalg.tri_inv, "cholesky": lambda x: linalg.cholesky(x @ x.T),
    "cholesky_inv": linalg.cholesky_inv, "det": linalg.det, "slogdet": linalg.slogdet, "pinv": linalg.pinv,
    "eigvalsh": linalg.eigvalsh, "eigh": lambda x: linalg.eigh(x + x.T), "svd": linalg.svd, "svdvals": linalg.svdvals,
    "qr": linalg.qr, "lu": linalg.lu, "lu_factor": linalg.lu_factor, "norm nuc": lambda x: linalg.norm(x, "nuc"),
    "norm 2": lambda x: linalg.norm(x, 2), "norm -2": lambda x: linalg.norm(x, -2), "matrix_rank": linalg.matrix_rank,
    "matrix_power": lambda x: linalg.matrix_power(x, 2), "eigvals": linalg.eigvals, "eig": linalg.eig,
}  # fmt: skip


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("name", VMAPPED)
def test_vmap(name, axis):
    function = VMAPPED[name]
    one = lambda x: function(x)
    check_vmap(one, mx.array(general(4, 4, 4), dtype=mx.float64), in_axes=axis, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("axes", [(0, 0), (1, 2), (None, 0), (None, 1), (None, -1), (0, None), (2, None)])
@pytest.mark.parametrize(
    "function", [linalg.solve, linalg.solve_triangular, linalg.cross], ids=["solve", "solve_triangular", "cross"]
)
def test_vmap_of_two_operands(function, axes):
    arrays = [
        mx.array(general(*[3] * (2 + (axis is not None)), seed=k), dtype=mx.float64) for k, axis in enumerate(axes)
    ]
    check_vmap(function, *arrays, in_axes=axes, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["inv", "cholesky", "det", "eigh vectors", "svd factors of a tall matrix", "qr", "lu"])
def test_gradients_under_vmap(name):
    function, value = ROWS[name]
    value = value.reshape(-1, *value.shape[-2:])[0]
    batch = mx.array(np.stack([value, value + 0.1 * np.eye(*value.shape), value * 2]), dtype=mx.float64)
    slope = mx.grad(lambda x: (lambda y: (y * spread(y)).sum())(function(x)))
    check_vmap(slope, batch, rtol=1e-8, atol=1e-8)


def turned(values, *shape, dtype=np.float64):
    """A symmetric or Hermitian matrix with these eigenvalues, a rectangular one with these singular values."""
    random = np.random.default_rng(3)

    def unitary(n):
        z = random.normal(size=(n, n)) + (
            1j * random.normal(size=(n, n)) if np.issubdtype(dtype, np.complexfloating) else 0
        )
        return np.linalg.qr(z)[0]

    if not shape:
        q = unitary(len(values))
        return (q * values) @ q.conj().T
    middle = np.zeros(shape)
    np.fill_diagonal(middle, values)
    return unitary(shape[0]) @ middle @ unitary(shape[1])


DEGENERATE = {
    "sum of a function of eigenvalues": (symmetric(lambda x: mx.sin(linalg.eigvalsh(x)).sum()), turned([1, 1, 2.5])),
    "the same beside the vectors": (symmetric(lambda x: mx.sin(linalg.eigh(x)[0]).sum()), turned([1, 1, 2.5])),
    "projector on equal eigenvalues": (symmetric(lambda x: projector(x, [0, 1])), turned([1, 1, 2.5])),
    "projector on the other": (symmetric(lambda x: projector(x, [2])), turned([1, 1, 2.5])),
    "nuclear norm": (lambda x: linalg.norm(x, "nuc"), turned([2, 2, 1], 3, 4)),
    "squares of singular values": (lambda x: mx.square(linalg.svd(x)[1]).sum(), turned([2, 2, 0.5], 4, 3)),
    "polar factor": (lambda x: (lambda u, s, vt: u @ vt)(*linalg.svd(x)), turned([2, 1, 0.5], 3, 3)),
    "pinv of equal singular values": (linalg.pinv, turned([2, 2], 4, 2)),
    "det of equal singular values": (linalg.det, turned([2, 2, 2, 2], 4, 4)),
    "det of a singular matrix": (linalg.det, turned([2, 1, 1, 0], 4, 4)),
    "det of rank two": (linalg.det, turned([2, 1, 0, 0], 4, 4)),
    "projection on a range of equal singular values": (lambda x: (lambda u: u @ u.T)(linalg.svd(x)[0][:, :2]), turned([2, 2], 4, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_spectra(name):
    function, value = DEGENERATE[name]
    check_gradient(function, value, rtol=1e-4, atol=1e-5)


def test_vectors_of_equal_values_have_finite_slopes():
    for function in (lambda x: linalg.eigh(x)[1], lambda x: linalg.svd(x)[0], lambda x: linalg.svd(x)[2]):
        for value in (mx.eye(3), mx.zeros((3, 3))):
            assert mx.isfinite(mx.grad(lambda x: (function(x) * spread(x)).sum())(value)).all()


COMPLEX = {
    "eigvalsh": (linalg.eigvalsh, True), "eigh vectors": (lambda x: projector(x, [0]), True), "svdvals": (linalg.svdvals, False),
    "svd factors": (lambda x: (lambda u, s, vt: (u[..., :2] * mx.sin(s)) @ vt[..., :2, :])(*linalg.svd(x)), False),
    "eigvals": (lambda x: mx.square(linalg.eigvals(x)).sum(), None),
    "eig vectors": (lambda x: (lambda w, v: mx.abs(v * (mx.real(w) == mx.max(mx.real(w)))))(*linalg.eig(x)).sum(), None),
}  # fmt: skip


@pytest.mark.parametrize("real", [False, True], ids=["complex", "real"])
@pytest.mark.parametrize("name", COMPLEX)
def test_gradients_of_complex_matrices(name, real):
    function, hermitian = COMPLEX[name]
    random = np.random.default_rng(5)
    draw = lambda *shape: random.normal(size=shape) + (0 if real else 1j * random.normal(size=shape))
    shape = (3, 2) if hermitian is False else (3, 3)
    z = draw(*shape) + (np.diag([3, 0, -3]) if hermitian is None else 0)
    moves = [draw(*shape) for _ in range(3)]
    if hermitian:
        z, moves = z + z.conj().T, [m + m.conj().T for m in moves]
    dtype = mx.float32 if real else mx.complex64

    def loss(x):
        y = function(x)
        return mx.real(y * spread(y)).sum() + (mx.imag(y) * spread(y) * 0.5).sum()

    slope = np.array(mx.grad(loss)(mx.array(z, dtype=dtype)))
    at = lambda x: loss(mx.array(x, dtype=dtype)).item()
    step = 5e-3
    for move in moves:
        want = (at(z + step * move) - at(z - step * move)) / (2 * step)
        np.testing.assert_allclose(np.sum(slope.conj() * move).real, want, rtol=2e-2, atol=3e-3)
        _, pushed = mx.jvp(loss, [mx.array(z, dtype=dtype)], [mx.array(move, dtype=dtype)])
        np.testing.assert_allclose(pushed[0].item(), want, rtol=2e-2, atol=3e-3)


def test_eigenvalues_of_real_matrices_have_real_gradients():
    function, value = ROWS["eigvals"]
    slope = mx.grad(lambda x: (function(x) * spread(function(x))).sum())(mx.array(value, dtype=mx.float64))
    want = mx.grad(lambda x: (linalg.eigvalsh(x) * spread(linalg.eigvalsh(x))).sum())(mx.array(value, dtype=mx.float64))
    assert slope.dtype == mx.float64
    np.testing.assert_allclose(np.array(slope + slope.T), np.array(want + want.T), rtol=1e-4, atol=1e-4)


def test_a_matrix_is_factored_once_for_a_batch_of_right_hand_sides():
    a, b = mx.array(general(3, 3)), mx.array(general(5, 3, 2))
    got = mx.vmap(linalg.solve, in_axes=(None, 0))(a, b)
    np.testing.assert_allclose(
        np.array(got), np.linalg.solve(general(3, 3)[None], general(5, 3, 2)), rtol=1e-4, atol=1e-5
    )


def test_empty_matrices_have_identity_factors():
    u, s, vt = linalg.svd(mx.zeros((3, 0)))
    assert u.tolist() == np.eye(3).tolist() and s.shape == (0,) and vt.shape == (0, 0)
    u, s, vt = linalg.svd(mx.zeros((2, 0, 4)))
    assert vt.tolist() == [np.eye(4).tolist()] * 2 and u.shape == (2, 0, 0)


@pytest.mark.parametrize("dtype", [mx.bool_, mx.int32, mx.uint8, mx.float16, mx.bfloat16])
def test_systems_need_a_matrix_of_single_or_double_precision(dtype):
    for function in (linalg.solve, linalg.solve_triangular):
        for right in (mx.ones((2, 1)), mx.ones((2, 1), dtype=dtype)):
            with pytest.raises(ValueError):
                function(mx.eye(2).astype(dtype), right)
        assert function(mx.eye(2), mx.ones((2, 1)).astype(dtype)).dtype == mx.float32
