// LAPACK's factorisations by their C interface.
#include "cl/lapack.h"

#include <algorithm>

#include "base/error.h"

#ifdef MLX_HAS_LAPACK
#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <lapacke.h>

namespace mlx::lapack {
namespace {

// Not-a-number in the input is the result's matter, not an error.
const bool checks_off = (LAPACKE_set_nancheck(0), true);

int at_least_one(int n) {
  return std::max(1, n);
}

}  // namespace

void require(const char*) {}

#define REAL(T, s)                                                                              \
  int getrs(int n, int columns, const T* lu, const int* pivots, T* b, bool transposed) {        \
    return LAPACKE_##s##getrs(LAPACK_COL_MAJOR, transposed ? 'T' : 'N', n, columns, lu,         \
                              at_least_one(n), pivots, b, at_least_one(n));                     \
  }                                                                                             \
  int potrf(char uplo, int n, T* a) {                                                           \
    return LAPACKE_##s##potrf(LAPACK_COL_MAJOR, uplo, n, a, at_least_one(n));                   \
  }                                                                                             \
  int potri(char uplo, int n, T* a) {                                                           \
    return LAPACKE_##s##potri(LAPACK_COL_MAJOR, uplo, n, a, at_least_one(n));                   \
  }                                                                                             \
  int trtri(char uplo, int n, T* a) {                                                           \
    return LAPACKE_##s##trtri(LAPACK_COL_MAJOR, uplo, 'N', n, a, at_least_one(n));              \
  }                                                                                             \
  int gelsd(int m, int n, int columns, T* a, T* b, T* values, T cutoff) {                       \
    int rank;                                                                                   \
    return LAPACKE_##s##gelsd(LAPACK_COL_MAJOR, m, n, columns, a, at_least_one(m), b,           \
                              at_least_one(std::max(m, n)), values, cutoff, &rank);             \
  }                                                                                             \
  int geqrf(int m, int n, T* a, T* tau) {                                                       \
    return LAPACKE_##s##geqrf(LAPACK_COL_MAJOR, m, n, a, at_least_one(m), tau);                 \
  }                                                                                             \
  int orgqr(int m, int n, int k, T* a, const T* tau) {                                          \
    return LAPACKE_##s##orgqr(LAPACK_COL_MAJOR, m, n, k, a, at_least_one(m), tau);              \
  }                                                                                             \
  int geev(bool vectors, int n, T* a, T* real, T* imaginary, T* right) {                        \
    return LAPACKE_##s##geev(LAPACK_COL_MAJOR, 'N', vectors ? 'V' : 'N', n, a, at_least_one(n), \
                             real, imaginary, nullptr, 1, right, at_least_one(n));              \
  }
REAL(float, s)
REAL(double, d)
#undef REAL

int geev(bool vectors, int n, std::complex<float>* a, std::complex<float>* values,
         std::complex<float>* right) {
  return LAPACKE_cgeev(LAPACK_COL_MAJOR, 'N', vectors ? 'V' : 'N', n, a, at_least_one(n), values,
                       nullptr, 1, right, at_least_one(n));
}

#define EVERY(T, R, s, eigen)                                                                  \
  int getrf(int m, int n, T* a, int* pivots) {                                                 \
    return LAPACKE_##s##getrf(LAPACK_COL_MAJOR, m, n, a, at_least_one(m), pivots);             \
  }                                                                                            \
  int getri(int n, T* a, const int* pivots) {                                                  \
    return LAPACKE_##s##getri(LAPACK_COL_MAJOR, n, a, at_least_one(n), pivots);                \
  }                                                                                            \
  int gesdd(bool vectors, int m, int n, T* a, R* values, T* u, T* vt) {                        \
    return LAPACKE_##s##gesdd(LAPACK_COL_MAJOR, vectors ? 'A' : 'N', m, n, a, at_least_one(m), \
                              values, u, at_least_one(m), vt, at_least_one(n));                \
  }                                                                                            \
  int syevd(bool vectors, char uplo, int n, T* a, R* values) {                                 \
    return LAPACKE_##eigen(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', uplo, n, a, at_least_one(n), \
                           values);                                                            \
  }
EVERY(float, float, s, ssyevd)
EVERY(double, double, d, dsyevd)
EVERY(std::complex<float>, float, c, cheevd)
#undef EVERY

}  // namespace mlx::lapack

#else
namespace mlx::lapack {
namespace {
[[noreturn]] void missing(const char* op) {
  fail<std::runtime_error>(op,
                           "this build has no LAPACK; install it (Debian: liblapacke-dev "
                           "libopenblas-dev) and build again.");
}
}  // namespace

void require(const char* op) {
  missing(op);
}

#define REAL(T)                                         \
  int getrs(int, int, const T*, const int*, T*, bool) { \
    missing("getrs");                                   \
  }                                                     \
  int potrf(char, int, T*) {                            \
    missing("potrf");                                   \
  }                                                     \
  int potri(char, int, T*) {                            \
    missing("potri");                                   \
  }                                                     \
  int trtri(char, int, T*) {                            \
    missing("trtri");                                   \
  }                                                     \
  int gelsd(int, int, int, T*, T*, T*, T) {             \
    missing("gelsd");                                   \
  }                                                     \
  int geqrf(int, int, T*, T*) {                         \
    missing("geqrf");                                   \
  }                                                     \
  int orgqr(int, int, int, T*, const T*) {              \
    missing("orgqr");                                   \
  }                                                     \
  int geev(bool, int, T*, T*, T*, T*) {                 \
    missing("geev");                                    \
  }
REAL(float)
REAL(double)
#undef REAL
int geev(bool, int, std::complex<float>*, std::complex<float>*, std::complex<float>*) {
  missing("geev");
}
#define EVERY(T, R)                           \
  int getrf(int, int, T*, int*) {             \
    missing("getrf");                         \
  }                                           \
  int getri(int, T*, const int*) {            \
    missing("getri");                         \
  }                                           \
  int gesdd(bool, int, int, T*, R*, T*, T*) { \
    missing("gesdd");                         \
  }                                           \
  int syevd(bool, char, int, T*, R*) {        \
    missing("syevd");                         \
  }
EVERY(float, float)
EVERY(double, double)
EVERY(std::complex<float>, float)
#undef EVERY

}  // namespace mlx::lapack
#endif
