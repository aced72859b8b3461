// The text of the kernel files, whole.
#pragma once

#include <string>
#include <string_view>

namespace mlx {

/// What a kernel that includes ends.clh computes on its way in and out: texts in place of
/// features.clh (both, one after the other), source.clh and sink.clh. Empty: the file as it is.
struct EndsText {
  std::string_view features[2], source, sink;
};

/// The text of kernels/<stem> with its `#include "x.clh"` lines filled in, those of x.clh too.
std::string kernel_text(std::string_view stem, const EndsText& ends = {});

}  // namespace mlx
