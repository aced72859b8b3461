// OpenBLAS' matrix products as native kernels.
#include "cl/blas_libraries.h"

#ifdef MLX_HAS_LAPACK
#include <cblas.h>

#include <limits>

namespace mlx::openblas {
namespace {

void multiply_one(const Product& p, const char* a, const char* b, char* c) {
  const auto ta = p.a.transposed ? CblasTrans : CblasNoTrans,
             tb = p.b.transposed ? CblasTrans : CblasNoTrans;
  const blasint m = blasint(p.m), n = blasint(p.n), k = blasint(p.k);
  const blasint lda = blasint(p.a.leading), ldb = blasint(p.b.leading), ldc = blasint(p.c.leading);
  const auto as = [](auto type, auto* pointer) {
    using T = decltype(type);
    return reinterpret_cast<
        std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(pointer)>>, const T, T>*>(
        pointer);
  };
  if (p.dtype == float32) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, p.alpha, as(0.f, a), lda, as(0.f, b), ldb, p.beta,
                as(0.f, c), ldc);
  } else if (p.dtype == float64) {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, p.alpha, as(0., a), lda, as(0., b), ldb, p.beta,
                as(0., c), ldc);
  } else {
    const complex64_t alpha = p.alpha, beta = p.beta;
    cblas_cgemm(CblasRowMajor, ta, tb, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
  }
}

}  // namespace

bool multiply(Queue& queue, const Product& p) {
  constexpr int64_t most = std::numeric_limits<blasint>::max();
  const bool fits = std::max({p.m, p.n, p.k, p.a.leading, p.b.leading, p.c.leading}) <= most;
  const bool known = p.dtype == float32 || p.dtype == float64 || p.dtype == complex64;
  if (!known || !fits || !queue.device().facts().native_kernels) return false;
  queue.native("openblas_gemm",
               [p] {
                 const int64_t bytes = p.dtype.size();
                 for (int64_t i = 0; i < p.batch; ++i)
                   multiply_one(p, address(p.a, p.dtype) + i * p.a.batch_stride * bytes,
                                address(p.b, p.dtype) + i * p.b.batch_stride * bytes,
                                address(p.c, p.dtype) + i * p.c.batch_stride * bytes);
               },
               {p.a.buffer, p.b.buffer}, {p.c.buffer});
  return true;
}

std::string version() {
  return openblas_get_config();
}

}  // namespace mlx::openblas

#else
namespace mlx::openblas {
bool multiply(Queue&, const Product&) {
  return false;
}
std::string version() {
  return "";
}
}  // namespace mlx::openblas
#endif
