// Function transformations in Python.
#include "bind/transforms.h"

namespace mlx {

void bind_transforms(py::module_&) {}

}  // namespace mlx
