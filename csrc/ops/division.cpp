// Division that gives quotient and remainder at once.
#include "ops/division.h"

#include "ops/elementwise.h"

namespace mlx {

Arrays divmod(const array& a, const array& b, StreamOrDevice s) {
  // The pair counts as piecewise constant: neither part has a derivative.
  if (promote(a.dtype(), b.dtype()).is_inexact()) {
    const array x = stop_gradient(a, s), y = stop_gradient(b, s);
    return {floor_divide(x, y, s), remainder(x, y, s)};
  }
  const array rest = remainder(a, b, s);
  // floor_divide truncates integers; without the remainder the division is exact.
  return {floor_divide(subtract(a, rest, s), b, s), rest};
}

namespace python {

Arrays divmod(const ScalarOrArray& a, const ScalarOrArray& b, const StreamOrDevice& s) {
  const auto [x, y] = to_arrays(a, b);
  return mlx::divmod(x, y, s);
}

}  // namespace python
}  // namespace mlx
