// Division that gives quotient and remainder at once.
#include "ops/division.h"

#include "ops/elementwise.h"

namespace mlx {

Arrays divmod(const array& a, const array& b, StreamOrDevice s) {
  const array rest = remainder(a, b, s);
  if (rest.dtype().is_inexact()) return {floor_divide(a, b, s), rest};
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
