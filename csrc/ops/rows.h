// Launching kernels that work on one contiguous row at a time.
#pragma once

#include <algorithm>

#include "cl/launch.h"

namespace mlx {

/// One row per work-item and a few shares per core on CPU devices, one per work-group on GPUs.
struct RowLaunch {
  size_t items = 1;  ///< work-items on CPU devices, work-groups on GPUs
  size_t group = 0;  ///< 0 on CPU devices

  RowLaunch(Queue& queue, int64_t rows, int64_t columns) {
    const Capabilities& facts = queue.device().facts();
    if (facts.is_cpu) {
      items = work_items(queue, Work::rows, rows, columns);
    } else {
      const size_t most = size_t(work_size(queue.device(), Work::rows).group);
      group = std::min<size_t>(columns > 512 ? most : columns > 64 ? 128 : 32, most);
      items = work_items(queue, Work::rows, rows);
    }
  }
  /// `defines` with GROUP where it is needed.
  Defines with_group(Defines defines) const {
    if (group) defines.emplace_back("GROUP", int(group));
    return defines;
  }
  Launch& shape(Launch& launch) const {
    launch.over(items * std::max<size_t>(group, 1));
    return group ? launch.in_groups_of(group) : launch;
  }
};

}  // namespace mlx
