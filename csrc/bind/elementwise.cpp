// The elementwise operations in Python: one function for each row of elementwise.def.
#include "ops/elementwise.h"

#include "bind/call.h"
#include "bind/elementwise.h"

namespace mlx {

namespace {

constexpr bool is_hidden(std::string_view name) {
#define ALIAS(...)
#define METHOD(...)
#define METHOD_ALIAS(...)
#define HIDDEN(row) \
  if (name == #row) return true;
#include "bind/aliases.def"
#undef ALIAS
#undef METHOD
#undef METHOD_ALIAS
#undef HIDDEN
  return false;
}

}  // namespace

void bind_elementwise(py::module_& m) {
#define UNARY(name, result, real, integer, complex, derivative, doc) \
  if (!is_hidden(#name)) add_function<&name>(m, #name, "a, /, *, stream=None", doc);
#define BINARY(name, result, real, integer, complex, by_a, by_b, doc) \
  add_function<&name>(m, #name, "a, b, /, *, stream=None", doc);
#include "ops/elementwise.def"
#undef UNARY
#undef BINARY
}

}  // namespace mlx
