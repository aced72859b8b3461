// Matrix products, convolutions and quantised products in Python.
#include "bind/ops.h"
#include "ops/conv.h"
#include "ops/einsum.h"
#include "ops/matmul.h"
#include "ops/quantize.h"

namespace mlx {

void bind_products(py::module_& m) {
#include "ops/conv.def"
#include "ops/matmul.def"
#include "ops/quantize.def"
}

}  // namespace mlx
