// LAPACK's factorisations as native work.
#include "cl/lapack.h"

#include "base/error.h"

#ifdef MLX_HAS_LAPACK
#include <lapacke.h>

#include <algorithm>
#include <complex>
#include <numeric>

namespace mlx::lapack {
namespace {

// The single and double precision variant of each routine, chosen by a value of the element type.
#define ROUTINE(name)                                          \
  struct name {                                                \
    static constexpr auto of(float) { return LAPACKE_s##name; } \
    static constexpr auto of(double) { return LAPACKE_d##name; } \
  };
ROUTINE(potrf)
ROUTINE(geqrf)
ROUTINE(orgqr)
ROUTINE(gesdd)
ROUTINE(getrf)
ROUTINE(getri)
ROUTINE(trtri)
ROUTINE(syevd)
ROUTINE(lacpy)
#undef ROUTINE

template <typename T>
T* at(const BufferArgument& argument) {
  return static_cast<T*>(argument.buffer->raw()) + argument.offset;
}

void demand(lapack_int info, const char* op, const char* trouble) {
  if (info != 0) fail<std::runtime_error>(op, trouble);
}

/// Runs `f(zero, index)` for each matrix on the queue; `zero` has the element type.
template <typename F>
void for_each(Queue& queue, const char* name, const Matrices& a, const std::vector<BufferArgument>& results, F f) {
  if (a.dtype != float32 && a.dtype != float64) fail(name, "takes float32 or float64, not ", a.dtype.name(), ".");
  std::vector<Buffer*> written;
  for (const BufferArgument& result : results)
    if (result.buffer) written.push_back(result.buffer);
  queue.native(name, [a, f] {
    LAPACKE_set_nancheck(0);  // NaN goes through, as elsewhere
    for (int64_t i = 0; i < a.batch; ++i) a.dtype == float32 ? f(0.f, i) : f(0., i);
  }, {a.memory.buffer}, written);
}

/// Copies matrix `i` of the input to `to`.
template <typename T>
T* copy(const Matrices& a, int64_t i, T* to) {
  const int64_t size = int64_t(a.rows) * a.columns;
  return std::copy_n(at<T>(a.memory) + i * size, size, to) - size;
}

void require_square(const char* op, const Matrices& a) {
  if (a.rows != a.columns) fail(op, "the matrices are not square.");
}

template <typename T>
void keep_triangle(T* matrix, int rows, int columns, bool upper) {
  for (int i = 0; i < rows; ++i)
    if (upper) std::fill_n(matrix + int64_t(i) * columns, std::min(i, columns), T(0));
    else if (i + 1 < columns) std::fill_n(matrix + int64_t(i) * columns + i + 1, columns - i - 1, T(0));
}

}  // namespace

bool is_built_in() { return true; }

void cholesky(Queue& queue, const Matrices& a, const BufferArgument& factor, bool upper) {
  require_square("cholesky", a);
  for_each(queue, "cholesky", a, {factor}, [=](auto zero, int64_t i) {
    const int n = a.rows;
    auto* const x = copy(a, i, at<decltype(zero)>(factor) + i * n * n);
    demand(potrf::of(zero)(LAPACK_ROW_MAJOR, upper ? 'U' : 'L', n, x, std::max(n, 1)), "cholesky",
           "the matrix is not positive definite.");
    keep_triangle(x, n, n, upper);
  });
}

void qr(Queue& queue, const Matrices& a, const BufferArgument& q, const BufferArgument& r) {
  for_each(queue, "qr", a, {q, r}, [=](auto zero, int64_t i) {
    using T = decltype(zero);
    const int m = a.rows, n = a.columns, k = std::min(m, n);
    std::vector<T> x(size_t(m) * n), reflectors(size_t(std::max(k, 1)));
    copy(a, i, x.data());
    demand(geqrf::of(zero)(LAPACK_ROW_MAJOR, m, n, x.data(), std::max(n, 1), reflectors.data()), "qr", "failed.");
    T* const upper = at<T>(r) + i * k * n;
    std::copy_n(x.data(), int64_t(k) * n, upper);
    keep_triangle(upper, k, n, true);
    demand(orgqr::of(zero)(LAPACK_ROW_MAJOR, m, k, k, x.data(), std::max(n, 1), reflectors.data()), "qr", "failed.");
    lacpy::of(zero)(LAPACK_ROW_MAJOR, 'A', m, k, x.data(), std::max(n, 1), at<T>(q) + i * m * k, std::max(k, 1));
  });
}

void svd(Queue& queue, const Matrices& a, const BufferArgument& values, bool vectors, const BufferArgument& u,
         const BufferArgument& vt) {
  for_each(queue, "svd", a, vectors ? std::vector{values, u, vt} : std::vector{values}, [=](auto zero, int64_t i) {
    using T = decltype(zero);
    const int m = a.rows, n = a.columns, k = std::min(m, n);
    std::vector<T> x(size_t(m) * n);
    copy(a, i, x.data());
    T* const left = vectors ? at<T>(u) + i * m * m : nullptr;
    T* const right = vectors ? at<T>(vt) + i * n * n : nullptr;
    demand(gesdd::of(zero)(LAPACK_ROW_MAJOR, vectors ? 'A' : 'N', m, n, x.data(), std::max(n, 1), at<T>(values) + i * k,
                           left, std::max(m, 1), right, std::max(n, 1)),
           "svd", "did not converge.");
  });
}

void inverse(Queue& queue, const Matrices& a, const BufferArgument& result) {
  require_square("inv", a);
  for_each(queue, "inv", a, {result}, [=](auto zero, int64_t i) {
    const int n = a.rows;
    auto* const x = copy(a, i, at<decltype(zero)>(result) + i * n * n);
    std::vector<lapack_int> pivots(size_t(std::max(n, 1)));
    demand(getrf::of(zero)(LAPACK_ROW_MAJOR, n, n, x, std::max(n, 1), pivots.data()), "inv", "the matrix is singular.");
    demand(getri::of(zero)(LAPACK_ROW_MAJOR, n, x, std::max(n, 1), pivots.data()), "inv", "the matrix is singular.");
  });
}

void triangular_inverse(Queue& queue, const Matrices& a, const BufferArgument& result, bool upper) {
  require_square("tri_inv", a);
  for_each(queue, "tri_inv", a, {result}, [=](auto zero, int64_t i) {
    const int n = a.rows;
    auto* const x = copy(a, i, at<decltype(zero)>(result) + i * n * n);
    demand(trtri::of(zero)(LAPACK_ROW_MAJOR, upper ? 'U' : 'L', 'N', n, x, std::max(n, 1)), "tri_inv",
           "the matrix is singular.");
    keep_triangle(x, n, n, upper);
  });
}

void lu(Queue& queue, const Matrices& a, const BufferArgument& factors, const BufferArgument& pivots,
        const BufferArgument& order) {
  for_each(queue, "lu", a, {factors, pivots, order}, [=](auto zero, int64_t i) {
    const int m = a.rows, n = a.columns, k = std::min(m, n);
    auto* const x = copy(a, i, at<decltype(zero)>(factors) + i * m * n);
    std::vector<lapack_int> swaps(size_t(std::max(k, 1)));
    const lapack_int info = getrf::of(zero)(LAPACK_ROW_MAJOR, m, n, x, std::max(n, 1), swaps.data());
    if (info < 0) fail<std::runtime_error>("lu", "failed.");  // a positive one tells of a zero pivot, which is allowed
    uint32_t* const rows = at<uint32_t>(order) + i * m;
    std::iota(rows, rows + m, 0u);
    for (int j = 0; j < k; ++j) {
      at<uint32_t>(pivots)[i * k + j] = uint32_t(swaps[size_t(j)] - 1);
      std::swap(rows[j], rows[swaps[size_t(j)] - 1]);
    }
  });
}

void eigh(Queue& queue, const Matrices& a, const BufferArgument& values, bool vectors,
          const BufferArgument& eigenvectors, bool upper) {
  require_square("eigh", a);
  for_each(queue, "eigh", a, vectors ? std::vector{values, eigenvectors} : std::vector{values},
           [=](auto zero, int64_t i) {
             using T = decltype(zero);
             const int n = a.rows;
             std::vector<T> own(vectors ? 0 : size_t(n) * n);
             T* const x = copy(a, i, vectors ? at<T>(eigenvectors) + i * n * n : own.data());
             demand(syevd::of(zero)(LAPACK_ROW_MAJOR, vectors ? 'V' : 'N', upper ? 'U' : 'L', n, x, std::max(n, 1),
                                    at<T>(values) + i * n),
                    "eigh", "did not converge.");
           });
}

namespace {

/// LAPACK stores a conjugate pair of eigenvectors as a column of real and a column of imaginary parts.
void unpack_vectors(int n, const float* packed, const float* imaginary, complex64_t* vectors) {
  for (int j = 0; j < n; ++j) {
    const bool pair = imaginary[j] != 0 && j + 1 < n;
    for (int i = 0; i < n; ++i) {
      const float* const row = packed + int64_t(i) * n;
      vectors[int64_t(i) * n + j] = {row[j], pair ? row[j + 1] : 0};
      if (pair) vectors[int64_t(i) * n + j + 1] = {row[j], -row[j + 1]};
    }
    j += pair;
  }
}

}  // namespace

void eig(Queue& queue, const Matrices& a, const BufferArgument& values, bool vectors,
         const BufferArgument& eigenvectors) {
  require_square("eig", a);
  if (a.dtype != float32) fail("eig", "takes float32, not ", a.dtype.name(), ".");
  for_each(queue, "eig", a, vectors ? std::vector{values, eigenvectors} : std::vector{values}, [=](auto, int64_t i) {
    const int n = a.rows;
    std::vector<float> x(size_t(n) * n), real(size_t(std::max(n, 1))), imaginary(real), right(vectors ? x.size() : 1);
    copy(a, i, x.data());
    demand(LAPACKE_sgeev(LAPACK_ROW_MAJOR, 'N', vectors ? 'V' : 'N', n, x.data(), std::max(n, 1), real.data(),
                         imaginary.data(), nullptr, 1, right.data(), vectors ? std::max(n, 1) : 1),
           "eig", "did not converge.");
    for (int j = 0; j < n; ++j) at<complex64_t>(values)[i * n + j] = {real[size_t(j)], imaginary[size_t(j)]};
    if (vectors) unpack_vectors(n, right.data(), imaginary.data(), at<complex64_t>(eigenvectors) + i * n * n);
  });
}

}  // namespace mlx::lapack

#else
namespace mlx::lapack {
namespace {
[[noreturn]] void missing(const char* op) {
  fail<std::runtime_error>(op, "this build has no LAPACK: install the packages liblapacke-dev and libopenblas-dev and "
                           "build again.");
}
}  // namespace
bool is_built_in() { return false; }
void cholesky(Queue&, const Matrices&, const BufferArgument&, bool) { missing("cholesky"); }
void qr(Queue&, const Matrices&, const BufferArgument&, const BufferArgument&) { missing("qr"); }
void svd(Queue&, const Matrices&, const BufferArgument&, bool, const BufferArgument&, const BufferArgument&) {
  missing("svd");
}
void inverse(Queue&, const Matrices&, const BufferArgument&) { missing("inv"); }
void triangular_inverse(Queue&, const Matrices&, const BufferArgument&, bool) { missing("tri_inv"); }
void lu(Queue&, const Matrices&, const BufferArgument&, const BufferArgument&, const BufferArgument&) { missing("lu"); }
void eigh(Queue&, const Matrices&, const BufferArgument&, bool, const BufferArgument&, bool) { missing("eigh"); }
void eig(Queue&, const Matrices&, const BufferArgument&, bool, const BufferArgument&) { missing("eig"); }
}  // namespace mlx::lapack
#endif
