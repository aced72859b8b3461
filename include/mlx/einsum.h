// Einstein summation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mlx/array.h"

namespace mlx::core {

/// The order of contractions, and a printable account of it.
std::pair<std::vector<std::vector<int>>, std::string> einsum_path(
    const std::string& subscripts, const std::vector<array>& operands);
array einsum(const std::string& subscripts, const std::vector<array>& operands,
             StreamOrDevice s = {});

}  // namespace mlx::core
