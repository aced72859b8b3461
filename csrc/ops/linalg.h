// mx.linalg: norms, factorisations, solutions. Matrices are the last two axes, everything before
// them is a batch.
#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include "ops/types.h"

namespace mlx::linalg {

using Order = std::optional<std::variant<std::string, double>>;

/// Vector norm over one axis, matrix norm over two; without `ord` the 2-norm of all elements.
array norm(const array& a, const Order& ord = {}, const OptionalAxes& axis = {},
           bool keepdims = false, StreamOrDevice s = {});
/// Vector norm over any number of axes, of the flattened array without `axis`.
array vector_norm(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
                  double ord = 2, StreamOrDevice s = {});
array matrix_norm(const array& a, bool keepdims = false, const Order& ord = "fro",
                  StreamOrDevice s = {});
/// Cross product along an axis of size 2 or 3.
array cross(const array& a, const array& b, int axis = -1, StreamOrDevice s = {});

// Factorisations through LAPACK: float32 and float64, some complex64. Without LAPACK they throw
// std::runtime_error.
std::pair<array, array> qr(const array& a,
                           StreamOrDevice s = {});  ///< reduced: (…, m, k), (…, k, n)
/// U, S, Vᵀ with square factors; only S when not `compute_uv`.
Arrays svd(const array& a, bool compute_uv = true, StreamOrDevice s = {});
array inv(const array& a, StreamOrDevice s = {});  ///< a singular matrix throws when evaluated
array tri_inv(const array& a, bool upper = false, StreamOrDevice s = {});
array cholesky(const array& a, bool upper = false, StreamOrDevice s = {});
array cholesky_inv(const array& a, bool upper = false,
                   StreamOrDevice s = {});  ///< inverse from the factor
array pinv(const array& a, StreamOrDevice s = {});
array eigvals(const array& a, StreamOrDevice s = {});
std::pair<array, array> eig(const array& a,
                            StreamOrDevice s = {});  ///< values and unit column vectors, complex64
array eigvalsh(const array& a, const std::string& UPLO = "L", StreamOrDevice s = {});
std::pair<array, array> eigh(const array& a, const std::string& UPLO = "L", StreamOrDevice s = {});
/// Row indices P, and L and U with a = L[P] @ U.
std::tuple<array, array, array> lu(const array& a, StreamOrDevice s = {});
std::pair<array, array> lu_factor(
    const array& a, StreamOrDevice s = {});  ///< packed L and U, and the row exchanges
array solve(const array& a, const array& b, StreamOrDevice s = {});
array solve_triangular(const array& a, const array& b, bool upper = false, StreamOrDevice s = {});
array det(const array& a, StreamOrDevice s = {});
std::pair<array, array> slogdet(const array& a,
                                StreamOrDevice s = {});  ///< sign and logarithm of the magnitude

array svdvals(const array& a, StreamOrDevice s = {});  ///< singular values, descending
/// By repeated squaring; of the inverse when n < 0.
array matrix_power(const array& a, int n, StreamOrDevice s = {});
/// How many singular values exceed rtol · the largest, int32; rtol is max(m, n) · epsilon unless
/// given.
array matrix_rank(const array& a, std::optional<double> rtol = {}, StreamOrDevice s = {});
array diagonal(const array& a, int offset = 0, StreamOrDevice s = {});
array trace(const array& a, int offset = 0, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});

/// What svd returns to Python: a tuple, or S alone.
std::variant<array, std::tuple<array, array, array>> svd_op(const array& a, bool compute_uv,
                                                            StreamOrDevice s);

}  // namespace mlx::linalg
