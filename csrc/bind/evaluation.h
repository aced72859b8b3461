// eval and async_eval in Python.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_evaluation(py::module_& m);

}  // namespace mlx
