// All operations in Python, and their second names.
#include "bind/ops.h"

namespace mlx {

void bind_ops(py::module_& m) {
  bind_arrangement(m);
  bind_reductions(m);
  bind_products(m);
  bind_submodules(m);
  bind_random(m);
}

#undef OP
#undef METHOD

void bind_aliases(py::module_& m) {
#define METHOD(...)
#define METHOD_ALIAS(...)
#define HIDDEN(...)
#define ALIAS(alias, name) \
  if (py::hasattr(m, #name)) m.attr(#alias) = m.attr(#name);
#include "bind/aliases.def"
}

}  // namespace mlx
