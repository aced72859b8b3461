// The text of the kernel files, whole.
#pragma once

#include <string>
#include <string_view>

namespace mlx {

/// The text of kernels/<stem> with its `#include "x.clh"` lines filled in, those of x.clh too.
std::string kernel_text(std::string_view stem);

}  // namespace mlx
