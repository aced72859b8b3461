# Types of mlx.core.linalg, written by tools/stubs/generate.py: do not edit.

from collections.abc import Sequence
from typing import Literal, overload
from . import Dtype, StreamOrDevice, array

def cholesky(a: array, upper: bool = False, *, stream: StreamOrDevice = None) -> array:
    """L with a = L @ L.T, or U with a = U.T @ U; one triangle is read, and gradients are those among symmetric
    matrices.
    """
def cholesky_inv(a: array, upper: bool = False, *, stream: StreamOrDevice = None) -> array:
    """Inverse of the matrix whose Cholesky factor is given."""
def cross(a: array, b: array, axis: int = -1, *, stream: StreamOrDevice = None) -> array:
    """Cross product along an axis of size 2 or 3 (ValueError otherwise)."""
def det(a: array, *, stream: StreamOrDevice = None) -> array:
    """Determinant of square matrices. Singular ones have gradients, above 3 rows but no second derivatives."""
def diagonal(a: array, /, *, offset: int = 0, stream: StreamOrDevice = None) -> array:
    """Diagonals of the matrices."""
def eig(a: array, *, stream: StreamOrDevice = None) -> tuple[array, array]:
    """Eigenvalues and unit eigenvectors (columns) of square matrices, complex64. Derivatives need a full set of
    eigenvectors, and are those of functions that do not depend on the vectors' phases.
    """
def eigh(a: array, UPLO: str = 'L', *, stream: StreamOrDevice = None) -> tuple[array, array]:
    """Ascending eigenvalues and eigenvectors (columns) of symmetric or Hermitian matrices; gradients are those among
    such. Functions of equal eigenvalues alone, and projectors on all of their vectors, have derivatives. What else
    depends on the choice of vectors has none: among those of equal values, and along signs and phases, they are
    taken as zero.
    """
def eigvals(a: array, *, stream: StreamOrDevice = None) -> array:
    """Eigenvalues of square matrices, complex64. Derivatives need a full set of eigenvectors."""
def eigvalsh(a: array, UPLO: str = 'L', *, stream: StreamOrDevice = None) -> array:
    """Ascending eigenvalues of symmetric or Hermitian matrices; one triangle is read. Equal ones have derivatives as a
    sum.
    """
def inv(a: array, *, stream: StreamOrDevice = None) -> array:
    """Inverse; a singular matrix raises RuntimeError when evaluated."""
def lu(a: array, *, stream: StreamOrDevice = None) -> tuple[array, array, array]:
    """(P, L, U) with a = L[P] @ U, P as row indices. Derivatives need a regular leading block."""
def lu_factor(a: array, *, stream: StreamOrDevice = None) -> tuple[array, array]:
    """Packed L and U, and the row exchanges."""
def matmul(a: array, b: array, /, *, stream: StreamOrDevice = None) -> array:
    """See mx.matmul."""
def matrix_norm(
    a: array, /, *, keepdims: bool = False, ord: str | float | None = 'fro', stream: StreamOrDevice = None
) -> array:
    """Norm of the matrices: 'fro', 'nuc', 1, -1, 2, -2, inf, -inf. ValueError below two dimensions."""
def matrix_power(a: array, n: int, /, *, stream: StreamOrDevice = None) -> array:
    """Product of n copies of square matrices (ValueError otherwise), of their inverses when n < 0."""
def matrix_rank(a: array, /, *, rtol: float | None = None, stream: StreamOrDevice = None) -> array:
    """How many singular values exceed rtol times the largest, int32; rtol is max(m, n) * epsilon unless given."""
def matrix_transpose(a: array, /, *, stream: StreamOrDevice = None) -> array:
    """The last two axes exchanged. ValueError below two dimensions."""
def norm(
    a: array, /, ord: str | float | None = None, axis: int | Sequence[int] | None = None, keepdims: bool = False, *,
    stream: StreamOrDevice = None
) -> array:
    """Vector norm over one axis (any number as ord), matrix norm over two ('fro', 'nuc', 1, -1, 2, -2, inf, -inf)."""
def outer(a: array, b: array, /, *, stream: StreamOrDevice = None) -> array:
    """See mx.outer."""
def pinv(a: array, *, stream: StreamOrDevice = None) -> array:
    """Moore-Penrose inverse by the singular value decomposition; its derivative is that at constant rank."""
def qr(a: array, *, stream: StreamOrDevice = None) -> tuple[array, array]:
    """Reduced QR factors (Q, R) of (..., m, n). float32 and float64. Derivatives need independent columns (of the first
    m).
    """
def slogdet(a: array, *, stream: StreamOrDevice = None) -> tuple[array, array]:
    """Sign of the determinant, and the logarithm of its magnitude."""
def solve(a: array, b: array, *, stream: StreamOrDevice = None) -> array:
    """x with a @ x = b; b is a vector or as many matrices as a. Singular: RuntimeError. a must be float32 or float64
    (else ValueError).
    """
def solve_triangular(a: array, b: array, *, upper: bool = False, stream: StreamOrDevice = None) -> array:
    """x with a @ x = b for triangular a, float32 or float64 (else ValueError)."""
@overload
def svd(a: array, compute_uv: Literal[True] = True, *, stream: StreamOrDevice = None) -> tuple[array, array, array]:
    """(U, S, Vt) with square U and Vt, or S alone. Derivatives as in eigh: sums over equal singular values and
    projectors on all of their vectors have them; among vectors of equal values, and along free signs and phases,
    they are taken as zero.
    """
@overload
def svd(a: array, compute_uv: Literal[False], *, stream: StreamOrDevice = None) -> array:
    """(U, S, Vt) with square U and Vt, or S alone. Derivatives as in eigh: sums over equal singular values and
    projectors on all of their vectors have them; among vectors of equal values, and along free signs and phases,
    they are taken as zero.
    """
def svdvals(a: array, /, *, stream: StreamOrDevice = None) -> array:
    """Singular values in descending order."""
def tensordot(
    a: array, b: array, /, axes: int | Sequence[Sequence[int]] = 2, *, stream: StreamOrDevice = None
) -> array:
    """See mx.tensordot."""
def trace(a: array, /, *, offset: int = 0, dtype: Dtype | None = None, stream: StreamOrDevice = None) -> array:
    """Sum along a diagonal of the matrices."""
def tri_inv(a: array, upper: bool = False, *, stream: StreamOrDevice = None) -> array:
    """Inverse of a triangular matrix; the other triangle is ignored."""
def vecdot(a: array, b: array, /, axis: int = -1, *, stream: StreamOrDevice = None) -> array:
    """See mx.vecdot."""
def vector_norm(
    a: array, /, *, axis: int | Sequence[int] | None = None, keepdims: bool = False, ord: float = 2,
    stream: StreamOrDevice = None
) -> array:
    """Norm of the vectors along one or several axes, of the flattened array by default; ord is any number."""
