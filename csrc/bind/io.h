// Saving and loading in Python: paths and file objects.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_io(py::module_& m);

}  // namespace mlx
