// mx.distributed on a single process.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_distributed(py::module_& m);

}  // namespace mlx
