// Reductions, scans, sorting and softmax in Python.
#include "bind/ops.h"
#include "ops/reduce.h"
#include "ops/scan.h"
#include "ops/softmax.h"
#include "ops/sort.h"

namespace mlx {

void bind_reductions(py::module_& m) {
#include "ops/reduce.def"
#include "ops/scan.def"
#include "ops/softmax.def"
#include "ops/sort.def"
}

}  // namespace mlx
