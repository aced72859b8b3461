// The number slots and comparisons of array.
#pragma once

#include <vector>

#include "bind/array_type.h"

namespace mlx {

/// Slots for PyType_FromSpec.
std::vector<PyType_Slot> operator_slots();
/// Removes the reflected forms that array does not have (`2 @ a`, `1 & a`) from the type's names,
/// and adds the old names of division.
void finish_operators();

}  // namespace mlx
