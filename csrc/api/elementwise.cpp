// Elementwise operations of the public interface: one definition for each row of elementwise.def,
// and the others of their families.
#include "ops/elementwise.h"

#include "api/convert.h"
#include "mlx/ops/elementwise.h"
#include "ops/compare.h"
#include "ops/division.h"

namespace mlx::core {

#define UNARY(name, ...)                         \
  array name(const array& a, StreamOrDevice s) { \
    return out(mlx::name(in(a), in(s)));         \
  }
#define BINARY(name, ...)                                        \
  array name(const array& a, const array& b, StreamOrDevice s) { \
    return out(mlx::name(in(a), in(b), in(s)));                  \
  }
#include "ops/elementwise.def"
#undef UNARY
#undef BINARY

array astype(array a, Dtype dtype, StreamOrDevice s) {
  return out(mlx::astype(in(a), in(dtype), in(s)));
}
array where(const array& condition, const array& x, const array& y, StreamOrDevice s) {
  return out(mlx::where(in(condition), in(x), in(y), in(s)));
}
array stop_gradient(const array& a, StreamOrDevice s) {
  return out(mlx::stop_gradient(in(a), in(s)));
}
array round(const array& a, int decimals, StreamOrDevice s) {
  return out(mlx::round(in(a), decimals, in(s)));
}
array round(const array& a, StreamOrDevice s) {
  return round(a, 0, s);
}
array clip(const array& a, const std::optional<array>& a_min, const std::optional<array>& a_max,
           StreamOrDevice s) {
  const auto bound = [](const std::optional<array>& b) {
    return b ? std::optional<mlx::Operand>(in(*b)) : std::nullopt;
  };
  return out(mlx::clip(in(a), bound(a_min), bound(a_max), in(s)));
}
std::vector<array> divmod(const array& a, const array& b, StreamOrDevice s) {
  return out(mlx::divmod(in(a), in(b), in(s)));
}

array isclose(const array& a, const array& b, double rtol, double atol, bool equal_nan,
              StreamOrDevice s) {
  return out(mlx::isclose(in(a), in(b), rtol, atol, equal_nan, in(s)));
}
array allclose(const array& a, const array& b, double rtol, double atol, bool equal_nan,
               StreamOrDevice s) {
  return out(mlx::allclose(in(a), in(b), rtol, atol, equal_nan, in(s)));
}
array array_equal(const array& a, const array& b, bool equal_nan, StreamOrDevice s) {
  return out(mlx::array_equal(in(a), in(b), equal_nan, in(s)));
}
array array_equal(const array& a, const array& b, StreamOrDevice s) {
  return array_equal(a, b, false, s);
}
array nan_to_num(const array& a, float nan, const std::optional<float> posinf,
                 const std::optional<float> neginf, StreamOrDevice s) {
  return out(mlx::nan_to_num(in(a), nan, posinf, neginf, in(s)));
}

}  // namespace mlx::core
