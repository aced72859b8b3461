// How many work-items a launch gets: the table of work_sizes.def, and a device's own numbers before
// it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mlx {

class Device;
class Queue;

/// The families of kernels that are cut up alike.
enum class Work : uint8_t {
#define CPU(family, ...) family,
#define GPU(...)
#include "cl/work_sizes.def"
#undef CPU
#undef GPU
};

/// A row of work_sizes.def.
struct WorkSize {
  int64_t grain, items, group;
};
/// The row of the device's class, or the device's own.
const WorkSize& work_size(const Device& device, Work family);

/// Items or groups that `queue` can keep busy at once, 1 in the calling thread.
int64_t most_items(const Queue& queue, Work family);
/// Work-items for so many tasks of so many elements. On CPU devices each gets `grain` elements at
/// least; on GPUs there is one a task.
size_t work_items(const Queue& queue, Work family, int64_t tasks, int64_t elements = 1);

}  // namespace mlx
