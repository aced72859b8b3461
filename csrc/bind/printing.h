// Arrays as text.
#pragma once

#include <string>

#include "bind/array_type.h"

namespace mlx {

/// "0.333333", "1e-07".
std::string six_digits(double value);
/// "array([1, 2], dtype=int32)". Evaluates.
std::string format_array(array value);

/// PrintOptions and its functions.
void bind_printing(py::module_& m);

}  // namespace mlx
