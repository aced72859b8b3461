// Creation, shapes, indexing and selection in Python.
#include "bind/ops.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {

void bind_arrangement(py::module_& m) {
#include "ops/creation.def"
#include "ops/indexing.def"
#include "ops/select.def"
#include "ops/shape.def"
}

}  // namespace mlx
