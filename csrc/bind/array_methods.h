// Methods of array that are no operations: conversions, copies, pickling and exchange with other
// libraries.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_array_methods(py::module_& m);

}  // namespace mlx
