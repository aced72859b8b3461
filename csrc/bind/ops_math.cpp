// Functions that compute: one for each row of their .def files.
#include "bind/call.h"
#include "bind/ops.h"
#include "ops/compare.h"
#include "ops/conv.h"
#include "ops/division.h"
#include "ops/einsum.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/scan.h"
#include "ops/softmax.h"
#include "ops/sort.h"

namespace mlx {

void bind_math_ops(py::module_& m) {
#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#define METHOD(name, function, signature, doc) add_method<&function>(#name, signature, doc);
#include "ops/compare.def"
#include "ops/conv.def"
#include "ops/division.def"
#include "ops/matmul.def"
#include "ops/reduce.def"
#include "ops/scan.def"
#include "ops/softmax.def"
#include "ops/sort.def"
#undef OP
#undef METHOD
}

}  // namespace mlx
