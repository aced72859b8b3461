// What extension modules need of this one.
#pragma once

#include "bind/errors.h"

namespace mlx {

/// The capsule through which extensions convert arrays and streams (mlx/python.h).
void bind_extension(py::module_& m);

}  // namespace mlx
