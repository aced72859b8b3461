// Setting a kernel's arguments and enqueueing it, as one step:
//   launch(queue, "softmax", "softmax_rows", {{"T", x.dtype()}}).over(rows).with(read(x), write(y),
//   columns);
#pragma once

#include "cl/buffer.h"
#include "cl/program.h"
#include "cl/queue.h"
#include "cl/work_sizes.h"

namespace mlx {

/// A buffer argument becomes two kernel arguments: the memory object and a `long` offset in
/// elements.
struct BufferArgument {
  Buffer* buffer;
  int64_t offset;
  bool writes;
};

struct LocalMemory {
  size_t bytes;
};

class Launch {
 public:
  Launch(Queue& queue, Kernel& kernel) : queue_(queue), kernel_(kernel) {}
  Launch(const Launch&) = delete;

  /// Number of work-items; rounded up to the group size when one is given.
  Launch& over(size_t x, size_t y = 1, size_t z = 1);
  /// Work-items a group; without it local size 1 on CPU devices, the driver's choice on GPUs.
  Launch& in_groups_of(size_t x, size_t y = 1, size_t z = 1);
  /// Bytes moved, for the debug output.
  Launch& moving(size_t bytes) {
    bytes_ = bytes;
    return *this;
  }

  template <typename... Args>
  void with(const Args&... args) {
    (set(args), ...);
    enqueue();
  }
  /// For arguments known only at run time.
  void set(const BufferArgument& argument);
  void set(const LocalMemory& argument);
  void set(int32_t value) { set_bytes(&value, sizeof value); }
  void set(uint32_t value) { set_bytes(&value, sizeof value); }
  void set(int64_t value) { set_bytes(&value, sizeof value); }
  void set(uint64_t value) { set_bytes(&value, sizeof value); }
  void set(float value) { set_bytes(&value, sizeof value); }
  void set_bytes(const void* value, size_t bytes);
  void enqueue();

 private:
  // Arguments wait here until enqueue(): ordering after another queue may still change the lane,
  // and with it the kernel object. They stay on the stack; nothing is allocated.
  struct Argument {
    uint16_t at, size;
    bool writes;
    Buffer* buffer;
  };
  static constexpr int max_arguments = 256, max_bytes = 4096;
  Argument& next();
  void set_arguments(cl_kernel kernel) const;

  Queue& queue_;
  Kernel& kernel_;
  size_t global_[3] = {1, 1, 1}, local_[3] = {0, 0, 0};
  size_t bytes_ = 0;
  int count_ = 0, filled_ = 0, dims_ = 1;
  Argument arguments_[max_arguments];
  alignas(8) unsigned char storage_[max_bytes];
};

Launch launch(Queue& queue, const char* stem, const char* name, const Defines& defines);

}  // namespace mlx
