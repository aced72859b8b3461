// Text for kernels that compute elementwise groups as they read and as they write.
#pragma once

#include <string>

#include "graph/codegen.h"

namespace mlx {

struct Layout;

/// In place of kernels/features.clh, for what the group needs.
std::string end_features(const Group& group);
/// In place of kernels/source.clh: what is read is the group's output.
std::string source_text(const Group& group, const Layout& layout);
/// In place of kernels/sink.clh: what the kernel computes is the group's input 0, and its output is
/// written.
std::string sink_text(const Group& group, const Layout& layout);

}  // namespace mlx
