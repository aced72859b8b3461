// Python enumerations for C++ ones.
#pragma once

#include <vector>

#include "bind/errors.h"

namespace mlx {

/// A Python enum.Enum whose members are numbered from 0; the members are added to the module as
/// well.
py::object make_enum(py::module_& m, const char* name, const std::vector<const char*>& members,
                     const char* doc);

}  // namespace mlx
