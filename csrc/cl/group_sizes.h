// Sizes of work-groups on GPUs: what a kernel wants, within what the device has and what the kernel
// bears once it is built.
#pragma once

#include <algorithm>
#include <bit>

#include "cl/program.h"
#include "cl/queue.h"

namespace mlx {

/// `wanted` work-items, or as many as a group of the device can have. Both are powers of two.
inline int group_of(const Capabilities& device, int wanted) {
  return std::min(wanted, int(std::min<size_t>(device.max_group, 1 << 20)));
}

/// The side of a square group, 16 at most.
inline int square_group(const Capabilities& device) {
  return 1 << (std::bit_width(unsigned(group_of(device, 256))) - 1) / 2;
}

/// The most work-items of a group that the device runs the kernel with, whatever it says of itself:
/// one that takes many registers may have to do with fewer. Builds the kernel.
size_t most_in_group(Kernel& kernel, const Queue& queue);

/// The kernel that `kernel_of` gives for the defines and, unless `group` is 0, GROUP, which is
/// halved until the kernel bears groups of as many items. Null where `kernel_of` gives none.
template <class KernelOf>
Kernel* fit_group(const Queue& queue, int& group, const Defines& defines,
                  const KernelOf& kernel_of) {
  if (!group) return kernel_of(defines);
  for (;; group /= 2) {
    Defines grouped = defines;
    grouped.emplace_back("GROUP", group);
    Kernel* const kernel = kernel_of(grouped);
    if (!kernel || group == 1 || size_t(group) <= most_in_group(*kernel, queue)) return kernel;
  }
}

/// The kernel that `kernel_of` gives for a `group`, which is halved until the kernel bears groups
/// of as many items, or of their square.
template <class KernelOf>
Kernel& fit_group(const Queue& queue, int& group, const KernelOf& kernel_of, bool square = false) {
  for (;; group /= 2) {
    Kernel& kernel = kernel_of(group);
    const size_t items = size_t(group) * size_t(square ? group : 1);
    if (items <= 1 || items <= most_in_group(kernel, queue)) return kernel;
  }
}

}  // namespace mlx
