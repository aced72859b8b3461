// Sizes of work-groups on GPUs: what a kernel wants, within what the device has.
#pragma once

#include <algorithm>
#include <bit>

#include "cl/device.h"

namespace mlx {

/// `wanted` work-items, or as many as a group of the device can have. Both are powers of two.
inline int group_of(const Capabilities& device, int wanted) {
  return std::min(wanted, int(std::min<size_t>(device.max_group, 1 << 20)));
}

/// The side of a square group, 16 at most.
inline int square_group(const Capabilities& device) {
  return 1 << (std::bit_width(unsigned(group_of(device, 256))) - 1) / 2;
}

}  // namespace mlx
