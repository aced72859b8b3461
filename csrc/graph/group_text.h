// The whole text of a group's kernel, and when rows are too short for it.
#pragma once

#include <string>

#include "cl/device.h"

namespace mlx {

/// A group's features and source (see codegen.h) with kernels/vector.clh between them.
std::string group_text(const std::string& features, const std::string& source);
/// Rows of fewer elements are joined to longer ones.
int64_t short_row(const Capabilities& device);

}  // namespace mlx
