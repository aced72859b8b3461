// The text of the kernel files, whole.
#pragma once

#include <string>
#include <string_view>

namespace mlx {

/// The text of kernels/<stem> with its `#include "x.clh"` lines filled in, those of x.clh too.
/// `source`, unless empty, takes the place of source.clh.
std::string kernel_text(std::string_view stem, std::string_view source = {});

}  // namespace mlx
