// The elementwise operations in Python.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_elementwise(py::module_& m);

}  // namespace mlx
