// Function transformations in Python: grad, vmap, compile and their kin.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_transforms(py::module_& m);

}  // namespace mlx
