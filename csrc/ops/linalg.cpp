// The operations of mx.linalg on factorisations: checks, shapes, and what follows from the factors.
#include "ops/linalg.h"

#include <algorithm>

#include "base/error.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/factorization.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::linalg {
namespace {

void require_matrix(const char* op, const array& a) {
  if (a.ndim() < 2)
    fail(op, "Arrays must have >= 2 dimensions. Received array with ", a.ndim(), " dimensions.");
}

void require_square(const char* op, const char* what, const array& a) {
  require_matrix(op, a);
  if (a.shape(-1) != a.shape(-2)) fail(op, what, " only defined for square matrices.");
}

void require_real(const char* op, const array& a) {
  if (a.dtype() != float32 && a.dtype() != float64)
    fail(op, "Arrays must have type float32 or float64. Received array with type ",
         a.dtype().name(), ".");
}

void require_real_or_complex(const char* op, const array& a) {
  if (a.dtype() != float32 && a.dtype() != float64 && a.dtype() != complex64)
    fail(op, "Arrays must have type float32, float64 or complex64. Received array with type ",
         a.dtype().name(), ".");
}

Shape matrix_shape(const array& a) {
  return {a.shape(-2), a.shape(-1)};
}

/// A routine from one real square matrix to another; `what` is only defined for such.
array square_to_square(const char* op, const char* what, const Routine& routine, const array& a,
                       bool upper, const StreamOrDevice& s) {
  require_square(op, what, a);
  require_real(op, a);
  return factorize_alike(routine, {upper, false}, a, s);
}

/// The part of x where `axis`, counted from the end, is below `stop`.
array leading_part(const array& x, int axis, int stop, const StreamOrDevice& s) {
  Shape end = x.shape();
  end[x.ndim() + axis] = stop;
  return slice(x, Shape(x.ndim(), 0), end, s);
}

Arrays eigen(const char* op, const array& a, bool vectors, const StreamOrDevice& s) {
  require_square(op, "", a);
  require_real_or_complex(op, a);
  const int32_t n = a.shape(-1);
  std::vector<Shape> shapes{{n}};
  if (vectors) shapes.push_back({n, n});
  return factorize(eigenvalues, {false, vectors}, {a}, shapes,
                   std::vector<Dtype>(shapes.size(), complex64), s);
}

Arrays hermitian(const char* op, const array& a, const std::string& triangle, bool vectors,
                 const StreamOrDevice& s) {
  require_square(op, "", a);
  require_real_or_complex(op, a);
  const int32_t n = a.shape(-1);
  std::vector<Shape> shapes{{n}};
  std::vector<Dtype> dtypes{a.dtype() == complex64 ? float32 : a.dtype()};
  if (vectors) shapes.push_back({n, n}), dtypes.push_back(a.dtype());
  return factorize(hermitian_eigenvalues, {triangle != "L", vectors}, {a}, shapes, dtypes, s);
}

/// Packed factors, exchanges, row indices.
Arrays packed_lu(const char* op, const array& a, const StreamOrDevice& s) {
  require_matrix(op, a);
  require_real(op, a);
  const int32_t m = a.shape(-2), n = a.shape(-1);
  return factorize(lu_factors, {}, {a}, {{m, n}, {std::min(m, n)}, {m}},
                   {a.dtype(), uint32, uint32}, s);
}

/// 1 where column - row fulfils the comparison with 0.
array triangle_mask(int32_t rows, int32_t columns, Dtype dtype, bool upper,
                    const StreamOrDevice& s) {
  const array i = expand_dims(arange(rows, int32, s), {-1}, s), j = arange(columns, int32, s);
  return astype(upper ? greater_equal(j, i, s) : less(j, i, s), dtype, s);
}

}  // namespace

std::pair<array, array> qr(const array& a, StreamOrDevice s) {
  require_matrix("linalg::qr", a);
  require_real("linalg::qr", a);
  const int32_t m = a.shape(-2), n = a.shape(-1), k = std::min(m, n);
  const Arrays factors =
      factorize(qr_factors, {}, {a}, {{m, k}, {k, n}}, {a.dtype(), a.dtype()}, s);
  return {factors[0], factors[1]};
}

Arrays svd(const array& a, bool compute_uv, StreamOrDevice s) {
  if (a.ndim() < 2)
    fail("linalg::svd", "Input array must have >= 2 dimensions. Received array with ", a.ndim(),
         " dimensions.");
  require_real_or_complex("linalg::svd", a);
  const int32_t m = a.shape(-2), n = a.shape(-1), k = std::min(m, n);
  const Dtype real = a.dtype() == complex64 ? float32 : a.dtype();
  if (!compute_uv) return factorize(singular_values, {}, {a}, {{k}}, {real}, s);
  return factorize(singular_values, {false, true}, {a}, {{m, m}, {k}, {n, n}},
                   {a.dtype(), real, a.dtype()}, s);
}

std::variant<array, std::tuple<array, array, array>> svd_op(const array& a, bool compute_uv,
                                                            StreamOrDevice s) {
  const Arrays factors = svd(a, compute_uv, s);
  if (!compute_uv) return factors[0];
  return std::tuple(factors[0], factors[1], factors[2]);
}

array inv(const array& a, StreamOrDevice s) {
  return square_to_square("linalg::inv", "Inverses are", inverse, a, false, s);
}

array tri_inv(const array& a, bool upper, StreamOrDevice s) {
  return square_to_square("linalg::tri_inv", "Inverses are", triangular_inverse, a, upper, s);
}

array cholesky(const array& a, bool upper, StreamOrDevice s) {
  return square_to_square("linalg::cholesky", "Cholesky decomposition is", cholesky_factor, a,
                          upper, s);
}

array cholesky_inv(const array& a, bool upper, StreamOrDevice s) {
  return square_to_square("linalg::cholesky_inv", "Cholesky inverse is", cholesky_inverse, a, upper,
                          s);
}

double uncertainty(const array& a) {
  return std::max(a.shape(-1), a.shape(-2)) * a.dtype().epsilon();
}

array matrix_rank(const array& a, std::optional<double> rtol, StreamOrDevice s) {
  const array values = svdvals(a, s), largest = max(values, Axes{-1}, true, s);
  const array least = multiply(largest, array(rtol ? *rtol : uncertainty(a), values.dtype()), s);
  return sum(greater(values, least, s), Axes{-1}, false, s);
}

array pinv(const array& a, StreamOrDevice s) {
  require_matrix("linalg::pinv", a);
  require_real("linalg::pinv", a);
  if (std::min(a.shape(-1), a.shape(-2)) == 0) return swapaxes(a, -1, -2, s);
  return factorize(pseudo_inverse, {}, {a}, {{a.shape(-1), a.shape(-2)}}, {a.dtype()}, s)[0];
}

array eigvals(const array& a, StreamOrDevice s) {
  return eigen("linalg::eigvals", a, false, s)[0];
}
std::pair<array, array> eig(const array& a, StreamOrDevice s) {
  const Arrays result = eigen("linalg::eig", a, true, s);
  return {result[0], result[1]};
}
array eigvalsh(const array& a, const std::string& UPLO, StreamOrDevice s) {
  return hermitian("linalg::eigvalsh", a, UPLO, false, s)[0];
}
std::pair<array, array> eigh(const array& a, const std::string& UPLO, StreamOrDevice s) {
  const Arrays result = hermitian("linalg::eigh", a, UPLO, true, s);
  return {result[0], result[1]};
}

std::tuple<array, array, array> lu(const array& a, StreamOrDevice s) {
  const Arrays packed = packed_lu("linalg::lu", a, s);
  const int32_t m = a.shape(-2), n = a.shape(-1), k = std::min(m, n);
  const array lower = leading_part(packed[0], -1, k, s), upper = leading_part(packed[0], -2, k, s);
  const array i = expand_dims(arange(m, int32, s), {-1}, s), j = arange(k, int32, s);
  const array unit = astype(mlx::equal(i, j, s), a.dtype(), s);
  return {packed[2], add(where(less(j, i, s), lower, array(0, a.dtype()), s), unit, s),
          where(astype(triangle_mask(k, n, a.dtype(), true, s), bool_, s), upper,
                array(0, a.dtype()), s)};
}

std::pair<array, array> lu_factor(const array& a, StreamOrDevice s) {
  const Arrays packed = packed_lu("linalg::lu_factor", a, s);
  return {packed[0], packed[1]};
}

namespace {

/// The dtype of a system's solution. The matrix is not converted to a floating dtype, the
/// right-hand side is.
Dtype dtype_of_system(const char* op, const array& a, const array& b) {
  const Dtype dtype = promote(a.dtype(), b.dtype());
  if (dtype != float32 && dtype != float64)
    fail(op, "Input arrays must promote to float32 or float64. Received arrays with type ",
         a.dtype().name(), " and ", b.dtype().name(), ".");
  require_real(op, a);
  return dtype;
}

}  // namespace

array solve(const array& a, const array& b, StreamOrDevice s) {
  const char* const op = "linalg::solve";
  if (a.ndim() < 2)
    fail(op, "First input must have >= 2 dimensions. Received array with ", a.ndim(),
         " dimensions.");
  if (b.ndim() < 1) fail(op, "Second input must have >= 1 dimensions.");
  if (a.shape(-1) != a.shape(-2))
    fail(op, "First input must be a square matrix. Received array with shape ",
         to_string(a.shape()), ".");
  const bool vector = b.ndim() == 1;
  if (a.shape(-1) != b.shape(vector ? -1 : -2))
    fail(op, "Last dimension of first input with shape ", to_string(a.shape()),
         " must match second to last dimension of second input with shape ", to_string(b.shape()),
         ".");
  if (vector ? a.ndim() != 2 : a.ndim() != b.ndim())
    fail(op, "inputs of ", a.ndim(), " and ", b.ndim(), " dimensions do not go together.");
  const Dtype dtype = dtype_of_system(op, a, b);
  const array right = vector ? expand_dims(b, {-1}, s) : b;
  const Shape batch = broadcast(Shape(a.shape().begin(), a.shape().end() - 2),
                                Shape(right.shape().begin(), right.shape().end() - 2));
  const auto batched = [&](const array& x) {
    Shape shape = batch;
    shape.insert(shape.end(), x.shape().end() - 2, x.shape().end());
    return broadcast_to(astype(x, dtype, s), shape, s);
  };
  const array x =
      factorize(solution, {}, {batched(a), batched(right)}, {matrix_shape(right)}, {dtype}, s)[0];
  return vector ? squeeze(x, Axes{-1}, s) : x;
}

array solve_triangular(const array& a, const array& b, bool upper, StreamOrDevice s) {
  const char* const op = "linalg::solve_triangular";
  require_square(op, "Triangular systems are", a);
  const Dtype dtype = dtype_of_system(op, a, b);
  return matmul(tri_inv(astype(a, dtype, s), upper, s), astype(b, dtype, s), s);
}

namespace {

/// A square matrix in float32 or float64.
array checked_for_determinant(const char* op, const array& a, const StreamOrDevice& s) {
  if (a.dtype().is_complex()) fail(op, "Complex inputs are not supported.");
  require_square(op, "", a);
  return astype(a, a.dtype() == float64 ? float64 : float32, s);
}

/// By the formula, for up to three rows. Its derivatives of every order also hold for singular
/// matrices.
array small_determinant(const array& x, const StreamOrDevice& s) {
  const int32_t n = x.shape(-1);
  const auto at = [&](int i, int j) {
    Shape start(x.ndim(), 0), stop = x.shape();
    const size_t row = size_t(x.ndim()) - 2;
    start[row] = i, stop[row] = i + 1, start[row + 1] = j, stop[row + 1] = j + 1;
    return squeeze(slice(x, start, stop, s), Axes{-2, -1}, s);
  };
  const auto minor = [&](int j, int k) {
    const int row = n - 2;
    return subtract(multiply(at(row, j), at(row + 1, k), s),
                    multiply(at(row, k), at(row + 1, j), s), s);
  };
  if (n == 0) return ones(Shape(x.shape().begin(), x.shape().end() - 2), x.dtype(), s);
  if (n == 1) return at(0, 0);
  if (n == 2) return minor(0, 1);
  return add(subtract(multiply(at(0, 0), minor(1, 2), s), multiply(at(0, 1), minor(0, 2), s), s),
             multiply(at(0, 2), minor(0, 1), s), s);
}

constexpr int32_t small = 3;

}  // namespace

array det(const array& a, StreamOrDevice s) {
  const array x = checked_for_determinant("linalg::det", a, s);
  const array value = x.shape(-1) <= small
                          ? small_determinant(x, s)
                          : factorize(determinant, {}, {x}, {{}}, {x.dtype()}, s)[0];
  return astype(value, at_least_float(a.dtype()), s);
}

std::pair<array, array> slogdet(const array& a, StreamOrDevice s) {
  const array x = checked_for_determinant("linalg::slogdet", a, s);
  const Dtype dtype = at_least_float(a.dtype());
  if (x.shape(-1) <= small) {
    const array value = small_determinant(x, s);
    return {astype(sign(value, s), dtype, s), astype(log(abs(value, s), s), dtype, s)};
  }
  const Arrays parts = factorize(sign_and_logarithm, {}, {x}, {{}, {}}, {x.dtype(), x.dtype()}, s);
  return {astype(parts[0], dtype, s), astype(parts[1], dtype, s)};
}

}  // namespace mlx::linalg
