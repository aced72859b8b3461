// The operations in Python: every row of ops/*.def becomes a function, or a method of array.
#include "bind/ops.h"

#include "bind/call.h"
#include "ops/conv.h"
#include "ops/creation.h"
#include "ops/einsum.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {

#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#define METHOD(name, function, signature, doc) add_method<&function>(#name, signature, doc);

void bind_ops(py::module_& m) {
#include "ops/creation.def"
#include "ops/indexing.def"
#include "ops/reduce.def"
#include "ops/select.def"
#include "ops/conv.def"
#include "ops/matmul.def"
#include "ops/shape.def"
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
