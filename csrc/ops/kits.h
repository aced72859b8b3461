// The kits of kits.def, made of the elementwise operations.
#pragma once

#include <vector>

#include "graph/kit.h"

namespace mlx {

std::vector<KitRow> rows_of_kits();

}  // namespace mlx
