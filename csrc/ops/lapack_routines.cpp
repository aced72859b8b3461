// What each routine does with one matrix. Row-major memory read as column-major is the transpose:
// where a factorisation of aᵀ serves as well, nothing is rearranged.
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "cl/lapack.h"
#include "ops/factorization.h"

namespace mlx::linalg {
namespace {

using complex = std::complex<float>;
using Inputs = std::vector<const void*>;
using Outputs = std::vector<void*>;
using Shapes = std::vector<Shape>;

template <typename T>
struct RealOf {
  using type = T;
};
template <>
struct RealOf<complex> {
  using type = float;
};

template <typename T>
std::vector<T> copied(const void* from, int64_t count) {
  const T* const values = static_cast<const T*>(from);
  return std::vector<T>(values, values + count);
}

/// to (columns × rows) = from (rows × columns) transposed, both row-major; in tiles, which stay in
/// the nearest cache.
template <typename T>
void transpose_into(const T* from, T* to, int rows, int columns, int from_leading) {
  constexpr int tile = 16;
  for (int row = 0; row < rows; row += tile)
    for (int column = 0; column < columns; column += tile)
      for (int i = row; i < std::min(row + tile, rows); ++i)
        for (int j = column; j < std::min(column + tile, columns); ++j)
          to[int64_t(j) * rows + i] = from[int64_t(i) * from_leading + j];
}

template <typename T>
std::vector<T> column_major(const void* a, int m, int n) {
  std::vector<T> result(size_t(m) * size_t(n));
  transpose_into(static_cast<const T*>(a), result.data(), m, n, n);
  return result;
}

void require_success(const char* op, const char* what, int info) {
  if (info != 0) fail<std::runtime_error>(op, what, " failed with error code ", info, ".");
}

/// Zeros the triangle of a row-major matrix that is not wanted.
template <typename T>
void keep_triangle(T* a, int n, bool upper) {
  for (int i = 0; i < n; ++i)
    std::fill(a + int64_t(i) * n + (upper ? 0 : i + 1), a + int64_t(i) * n + (upper ? i : n), T(0));
}

template <typename T>
T* copy_to_output(const Inputs& in, const Outputs& out, int64_t count) {
  T* const result = static_cast<T*>(out[0]);
  std::copy_n(static_cast<const T*>(in[0]), count, result);
  return result;
}

char flipped_triangle(const MatrixOptions& options) {
  return options.upper ? 'L' : 'U';
}

template <typename T>
void invert(int, int n, const Inputs& in, const Outputs& out, const Shapes&, const MatrixOptions&) {
  T* const a = copy_to_output<T>(in, out, int64_t(n) * n);
  std::vector<int> pivots(static_cast<size_t>(n));
  require_success("Inverse", "LU factorization", lapack::getrf(n, n, a, pivots.data()));
  require_success("Inverse", "inversion", lapack::getri(n, a, pivots.data()));
}

template <typename T>
void invert_triangle(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                     const MatrixOptions& options) {
  T* const a = copy_to_output<T>(in, out, int64_t(n) * n);
  keep_triangle(a, n, options.upper);
  require_success("Inverse", "triangular inversion",
                  lapack::trtri(flipped_triangle(options), n, a));
}

template <typename T>
void factor_cholesky(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                     const MatrixOptions& options) {
  T* const a = copy_to_output<T>(in, out, int64_t(n) * n);
  lapack::potrf(flipped_triangle(options), n,
                a);  // a matrix that is not positive definite gives what was done so far
  keep_triangle(a, n, options.upper);
}

template <typename T>
void invert_cholesky(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                     const MatrixOptions& options) {
  T* const a = copy_to_output<T>(in, out, int64_t(n) * n);
  require_success("CholeskyInverse", "inversion", lapack::potri(flipped_triangle(options), n, a));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < i; ++j) {
      T &low = a[int64_t(i) * n + j], &high = a[int64_t(j) * n + i];
      (options.upper ? low : high) = options.upper ? high : low;
    }
}

template <typename T>
void factor_qr(int m, int n, const Inputs& in, const Outputs& out, const Shapes&,
               const MatrixOptions&) {
  const int k = std::min(m, n);
  std::vector<T> a = column_major<T>(in[0], m, n), tau(size_t(std::max(1, k)));
  require_success("QRF", "QR factorization", lapack::geqrf(m, n, a.data(), tau.data()));
  T *const q = static_cast<T*>(out[0]), *const r = static_cast<T*>(out[1]);
  transpose_into(a.data(), r, n, k, m);
  for (int i = 0; i < k; ++i) std::fill_n(r + int64_t(i) * n, i, T(0));
  require_success("QRF", "forming Q", lapack::orgqr(m, k, k, a.data(), tau.data()));
  transpose_into(a.data(), q, k, m, m);
}

template <typename T>
void set_identity(T* a, int n) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) a[int64_t(i) * n + j] = T(i == j);
}

/// The outputs are S, or U, S, Vᵀ. Of aᵀ = V S Uᵀ, LAPACK's column-major U is our Vᵀ, and its Vᵀ
/// our U.
template <typename T>
void decompose_singular(int m, int n, const Inputs& in, const Outputs& out, const Shapes&,
                        const MatrixOptions& options) {
  using R = typename RealOf<T>::type;
  std::vector<T> a = copied<T>(in[0], int64_t(m) * n);
  const auto as = [&](size_t i) { return options.vectors ? static_cast<T*>(out[i]) : nullptr; };
  R* const values = static_cast<R*>(out[options.vectors ? 1 : 0]);
  if (m == 0 || n == 0) {  // LAPACK leaves the factors alone
    if (options.vectors) set_identity(as(0), m), set_identity(as(2), n);
    return;
  }
  require_success("SVD", "singular value decomposition",
                  lapack::gesdd(options.vectors, n, m, a.data(), values, as(2), as(0)));
}

/// Column-major eigenvectors to the row-major output.
void put_vectors(const std::vector<complex>& columns, int n, void* out) {
  transpose_into(columns.data(), static_cast<complex*>(out), n, n, n);
}

template <typename T>
void decompose_eigen(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                     const MatrixOptions& options) {
  const size_t size = size_t(n) * size_t(n);
  std::vector<T> a = column_major<T>(in[0], n, n), real(static_cast<size_t>(n)), imaginary(real),
                 right(options.vectors ? size : 1);
  require_success(
      "Eig", "eigenvalue decomposition",
      lapack::geev(options.vectors, n, a.data(), real.data(), imaginary.data(), right.data()));
  complex* const values = static_cast<complex*>(out[0]);
  for (int i = 0; i < n; ++i) values[i] = {float(real[size_t(i)]), float(imaginary[size_t(i)])};
  if (!options.vectors) return;
  // A pair of conjugate values has its vector in two columns: real part, imaginary part.
  std::vector<complex> columns(size);
  for (int j = 0; j < n; ++j) {
    const T *const first = right.data() + int64_t(j) * n, *const second = first + n;
    complex* const column = columns.data() + int64_t(j) * n;
    const bool paired = imaginary[size_t(j)] > 0 && j + 1 < n;
    for (int i = 0; i < n; ++i) column[i] = {float(first[i]), paired ? float(second[i]) : 0.0f};
    if (!paired) continue;
    for (int i = 0; i < n; ++i) column[n + i] = std::conj(column[i]);
    ++j;
  }
  put_vectors(columns, n, out[1]);
}

template <>
void decompose_eigen<complex>(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                              const MatrixOptions& options) {
  std::vector<complex> a = column_major<complex>(in[0], n, n),
                       right(options.vectors ? a.size() : 1);
  require_success(
      "Eig", "eigenvalue decomposition",
      lapack::geev(options.vectors, n, a.data(), static_cast<complex*>(out[0]), right.data()));
  if (options.vectors) put_vectors(right, n, out[1]);
}

template <typename T>
void decompose_hermitian(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                         const MatrixOptions& options) {
  std::vector<T> a = column_major<T>(in[0], n, n);
  auto* const values = static_cast<typename RealOf<T>::type*>(out[0]);
  require_success("Eigh", "eigenvalue decomposition",
                  lapack::syevd(options.vectors, options.upper ? 'U' : 'L', n, a.data(), values));
  if (options.vectors) transpose_into(a.data(), static_cast<T*>(out[1]), n, n, n);
}

/// Packed factors, exchanges counted from 0, and the rows of L that make a.
template <typename T>
void factor_lu(int m, int n, const Inputs& in, const Outputs& out, const Shapes&,
               const MatrixOptions&) {
  const int k = std::min(m, n);
  std::vector<T> a = column_major<T>(in[0], m, n);
  std::vector<int> exchanges(static_cast<size_t>(k)), order(static_cast<size_t>(m));
  lapack::getrf(m, n, a.data(), exchanges.data());  // a singular matrix has factors, too
  transpose_into(a.data(), static_cast<T*>(out[0]), n, m, m);
  std::iota(order.begin(), order.end(), 0);
  uint32_t *const pivots = static_cast<uint32_t*>(out[1]), *const rows =
                                                               static_cast<uint32_t*>(out[2]);
  for (int i = 0; i < k; ++i) {
    pivots[i] = uint32_t(exchanges[size_t(i)] - 1);
    std::swap(order[size_t(i)], order[pivots[i]]);
  }
  for (int i = 0; i < m; ++i) rows[order[size_t(i)]] = uint32_t(i);
}

/// Row-major a is the transpose of what LAPACK sees; b (n × columns) goes through a column-major
/// copy.
template <typename T>
void solve_system(int, int n, const Inputs& in, const Outputs& out, const Shapes& shapes,
                  const MatrixOptions&) {
  std::vector<T> a = copied<T>(in[0], int64_t(n) * n);
  const int columns = shapes[1].back();
  std::vector<T> b = column_major<T>(in[1], n, columns);
  std::vector<int> pivots(static_cast<size_t>(n));
  const int info = lapack::getrf(n, n, a.data(), pivots.data());
  if (info > 0)
    fail<std::runtime_error>("solve", "the matrix is singular (pivot ", info, " is zero).");
  require_success("solve", "LU factorization", info);
  require_success("solve", "substitution",
                  lapack::getrs(n, columns, a.data(), pivots.data(), b.data(), true));
  transpose_into(b.data(), static_cast<T*>(out[0]), columns, n, n);
}

/// Of an LU factorisation: the pivots' product, its sign, and the logarithm of its magnitude.
template <typename T>
struct PivotProduct {
  T value = 1, sign = 1, logarithm = 0;
};

template <typename T>
PivotProduct<T> determinant_of(std::vector<T> a, int n) {
  std::vector<int> pivots(static_cast<size_t>(n));
  lapack::getrf(n, n, a.data(), pivots.data());
  PivotProduct<T> result;
  for (int i = 0; i < n; ++i) {
    const T pivot = a[size_t(i) * size_t(n + 1)], turn = pivots[size_t(i)] == i + 1 ? T(1) : T(-1);
    result.value *= pivot * turn;
    result.sign *= turn * T((pivot > 0) - (pivot < 0));
    result.logarithm += std::log(std::abs(pivot));
  }
  return result;
}

template <typename T>
void find_determinant(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                      const MatrixOptions&) {
  *static_cast<T*>(out[0]) = determinant_of(copied<T>(in[0], int64_t(n) * n), n).value;
}

template <typename T>
void find_logarithm(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                    const MatrixOptions&) {
  const PivotProduct<T> pivots = determinant_of(copied<T>(in[0], int64_t(n) * n), n);
  *static_cast<T*>(out[0]) = pivots.sign;
  *static_cast<T*>(out[1]) = pivots.logarithm;
}

/// The derivatives of the determinant by each element, from U S Vᵀ: det U det V · U S' Vᵀ, where
/// s'_i is the product of all singular values but s_i. Singular matrices have them, too.
template <typename T>
void find_cofactors(int, int n, const Inputs& in, const Outputs& out, const Shapes&,
                    const MatrixOptions&) {
  const int64_t size = int64_t(n) * n;
  std::vector<T> a = copied<T>(in[0], size), values(static_cast<size_t>(n)), u(a), vt(a);
  require_success("Cofactors", "singular value decomposition",
                  lapack::gesdd(true, n, n, a.data(), values.data(), vt.data(), u.data()));
  std::vector<T> others(values.size(), determinant_of(u, n).sign * determinant_of(vt, n).sign);
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < n; ++k)
      if (k != i) others[size_t(i)] *= values[size_t(k)];
  T* const result = static_cast<T*>(out[0]);
  std::fill_n(result, size, T(0));
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < n; ++k) {
      const T factor = u[size_t(i) * size_t(n) + size_t(k)] * others[size_t(k)];
      for (int j = 0; j < n; ++j)
        result[int64_t(i) * n + j] += factor * vt[size_t(k) * size_t(n) + size_t(j)];
    }
}

/// a⁺ as the least-squares solution of a x = 1. What LAPACK sees is aᵀ, whose inverse is the
/// transpose of ours again.
template <typename T>
void pseudo_invert(int m, int n, const Inputs& in, const Outputs& out, const Shapes&,
                   const MatrixOptions&) {
  const int rows = std::max(m, n);  // of what the solution is written over, n columns
  std::vector<T> a = copied<T>(in[0], int64_t(m) * n), values(size_t(std::min(m, n))),
                 b(size_t(rows) * size_t(n), T(0));
  for (int i = 0; i < n; ++i) b[size_t(i) * size_t(rows + 1)] = 1;
  const T cutoff = T(10) * T(rows) * std::numeric_limits<T>::epsilon();
  require_success("PseudoInverse", "least squares",
                  lapack::gelsd(n, m, n, a.data(), b.data(), values.data(), cutoff));
  for (int i = 0; i < n; ++i)
    std::copy_n(b.data() + int64_t(i) * rows, m, static_cast<T*>(out[0]) + int64_t(i) * m);
}

}  // namespace

#define REAL(function) function<float>, function<double>, nullptr
#define EVERY(function) function<float>, function<double>, function<complex>
const Routine inverse{"Inverse", EVERY(invert), pull_inverse};
const Routine triangular_inverse{"Inverse", REAL(invert_triangle), pull_triangular_inverse};
const Routine cholesky_factor{"Cholesky", REAL(factor_cholesky), pull_cholesky};
const Routine cholesky_inverse{"CholeskyInverse", REAL(invert_cholesky), pull_cholesky_inverse};
const Routine qr_factors{"QRF", REAL(factor_qr), pull_qr};
const Routine singular_values{"SVD", EVERY(decompose_singular), pull_singular};
const Routine eigenvalues{"Eig", EVERY(decompose_eigen), pull_eigen};
const Routine hermitian_eigenvalues{"Eigh", EVERY(decompose_hermitian), pull_hermitian};
const Routine lu_factors{"LUF", REAL(factor_lu), pull_lu};
const Routine solution{"Solve", REAL(solve_system), pull_solution};
const Routine determinant{"Determinant", REAL(find_determinant), pull_determinant};
const Routine sign_and_logarithm{"LogDeterminant", REAL(find_logarithm), pull_logarithm};
const Routine cofactors{"Cofactors", REAL(find_cofactors), pull_cofactors};
const Routine pseudo_inverse{"PseudoInverse", REAL(pseudo_invert), pull_pseudo_inverse};

}  // namespace mlx::linalg
