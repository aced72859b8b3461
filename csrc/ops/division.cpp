// Division that gives quotient and remainder at once.
#include "ops/division.h"

#include "base/error.h"
#include "ops/elementwise.h"

namespace mlx {

Arrays divmod(const array& a, const array& b, StreamOrDevice s) {
  if (promote(a.dtype(), b.dtype()).is_complex()) fail("divmod", "Not supported for complex64.");
  // The pair counts as piecewise constant: neither part has a derivative.
  const array x = stop_gradient(a, s), y = stop_gradient(b, s);
  return {floor_divide(x, y, s), remainder(x, y, s)};
}

namespace python {

Arrays divmod(const ScalarOrArray& a, const ScalarOrArray& b, const StreamOrDevice& s) {
  const auto [x, y] = to_arrays(a, b);
  return mlx::divmod(x, y, s);
}

}  // namespace python
}  // namespace mlx
