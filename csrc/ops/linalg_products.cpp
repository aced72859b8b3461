// Functions of matrices that need no factorisation of their own.
#include <cstdlib>

#include "base/error.h"
#include "ops/creation.h"
#include "ops/linalg.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::linalg {

array svdvals(const array& a, StreamOrDevice s) {
  return svd(a, false, s)[0];
}

array matrix_power(const array& a, int n, StreamOrDevice s) {
  if (a.ndim() < 2 || a.shape(-1) != a.shape(-2))
    fail("linalg::matrix_power", "Powers are only defined for square matrices, not for shape ",
         to_string(a.shape()), ".");
  const array base = n < 0 ? inv(a, s) : a;
  if (n == 0) return broadcast_to(eye(a.shape(-1), {}, 0, a.dtype(), s), a.shape(), s);
  std::optional<array> result;
  array square = base;
  for (int64_t left = std::abs(int64_t(n)); left > 0; left /= 2) {
    if (left % 2) result = result ? matmul(*result, square, s) : square;
    if (left > 1) square = matmul(square, square, s);
  }
  return *result;
}

array diagonal(const array& a, int offset, StreamOrDevice s) {
  return mlx::diagonal(a, offset, -2, -1, s);
}

array trace(const array& a, int offset, std::optional<Dtype> dtype, StreamOrDevice s) {
  return mlx::trace(a, offset, -2, -1, dtype, s);
}

}  // namespace mlx::linalg
