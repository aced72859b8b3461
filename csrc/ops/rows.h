// Launching kernels that work on one contiguous row at a time.
#pragma once

#include <algorithm>

#include "cl/group_sizes.h"
#include "cl/launch.h"

namespace mlx {

/// One row per work-item and a few shares per core on CPU devices, one per work-group on GPUs.
struct RowLaunch {
  size_t items = 1;  ///< work-items on CPU devices, work-groups on GPUs
  int group = 0;     ///< 0 on CPU devices

  RowLaunch(Queue& queue, int64_t rows, int64_t columns) {
    const Capabilities& facts = queue.device().facts();
    if (facts.is_cpu) {
      items = work_items(queue, Work::rows, rows, columns);
    } else {
      const int most = int(work_size(queue.device(), Work::rows).group);
      group = std::min(columns > 512 ? most : columns > 64 ? 128 : 32, most);
      items = work_items(queue, Work::rows, rows);
    }
  }
  /// A kernel of kernels/<stem>.cl for a group that it bears; shape() comes after it.
  Kernel& kernel(Queue& queue, const char* stem, const char* name, const Defines& defines) {
    return *fit_group(queue, group, defines, [&](const Defines& all) {
      return &queue.device().kernels().kernel(stem, name, all);
    });
  }
  Launch& shape(Launch& launch) const {
    launch.over(items * size_t(std::max(group, 1)));
    return group ? launch.in_groups_of(size_t(group)) : launch;
  }
};

}  // namespace mlx
