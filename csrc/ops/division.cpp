// Division that gives quotient and remainder at once.
#include "ops/division.h"

#include "base/error.h"
#include "ops/elementwise.h"

namespace mlx {

Arrays divmod(Operand a, Operand b, StreamOrDevice s) {
  const auto [dividend, divisor] = to_arrays(std::move(a), std::move(b));
  if (promote(dividend.dtype(), divisor.dtype()).is_complex())
    fail("divmod", "Not supported for complex64.");
  // The pair counts as piecewise constant: neither part has a derivative.
  const array x = stop_gradient(dividend, s), y = stop_gradient(divisor, s);
  return {floor_divide(x, y, s), remainder(x, y, s)};
}

}  // namespace mlx
