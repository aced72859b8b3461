// LAPACK's factorisations for float, double and complex<float>. All matrices are column-major and
// dense; the results are LAPACK's info codes.
#pragma once

#include <complex>

namespace mlx::lapack {

/// Throws std::runtime_error that names `op` and the packages when LAPACK was not built in.
void require(const char* op);

// uplo is 'U' or 'L'; pivots count from 1. gelsd: the shortest of the least-squares solutions
// replaces b, which has max(m, n) rows; singular values below cutoff times the largest count as
// zero.
#define REAL(T)                                                                         \
  int getrs(int n, int columns, const T* lu, const int* pivots, T* b, bool transposed); \
  int potrf(char uplo, int n, T* a);                                                    \
  int potri(char uplo, int n, T* a);                                                    \
  int trtri(char uplo, int n, T* a);                                                    \
  int gelsd(int m, int n, int columns, T* a, T* b, T* values, T cutoff);                \
  int geqrf(int m, int n, T* a, T* tau);                                                \
  int orgqr(int m, int n, int k, T* a, const T* tau);                                   \
  int geev(bool vectors, int n, T* a, T* real, T* imaginary, T* right);
REAL(float)
REAL(double)
#undef REAL
int geev(bool vectors, int n, std::complex<float>* a, std::complex<float>* values,
         std::complex<float>* right);

// Full square factors when `vectors`. Eigenvectors replace a's columns.
#define EVERY(T, R)                                                    \
  int getrf(int m, int n, T* a, int* pivots);                          \
  int getri(int n, T* a, const int* pivots);                           \
  int gesdd(bool vectors, int m, int n, T* a, R* values, T* u, T* vt); \
  int syevd(bool vectors, char uplo, int n, T* a, R* values);
EVERY(float, float)
EVERY(double, double)
EVERY(std::complex<float>, float)
#undef EVERY

}  // namespace mlx::lapack
