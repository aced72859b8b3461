// The operations in Python: every row of ops/*.def.
#pragma once

#include "bind/errors.h"

namespace mlx {

void bind_ops(py::module_& m);
/// The submodule random.
void bind_random(py::module_& m);
/// Second names of functions; after everything else.
void bind_aliases(py::module_& m);

}  // namespace mlx
