// The options of printing, in Python.
#pragma once

#include "bind/array_type.h"
#include "ops/text.h"

namespace mlx {

/// PrintOptions and its functions.
void bind_printing(py::module_& m);

}  // namespace mlx
