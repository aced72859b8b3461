// In-order submission: one Queue per stream.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/counted.h"
#include "cl/device.h"

namespace mlx {

class Buffer;

/// On PoCL a Queue has two lanes, the wide device (all cores) and the small one (runs in the calling thread, no
/// wake-ups). Lanes change only when the other has nothing pending: an event wait across them deadlocks PoCL 3.1.
class Queue final : public Counted<Queue> {
 public:
  explicit Queue(Device& device);
  Device& device() const { return device_; }

  /// Says how much work (elements times cost) comes next, so that tiny evaluations go to the small lane.
  /// Anything pending on the wide lane keeps later work there.
  void expect(size_t work);
  bool is_small() const { return lane_ == small_.get() && lane_; }
  cl_command_queue lane() const { return lane_; }

  /// Counts a launch; returns its ticket. Flushes now and then, and holds the caller back when too much is pending.
  uint64_t submitted_one();
  uint64_t ticket() const { return submitted_; }
  bool has_completed(uint64_t ticket) const { return ticket <= completed_; }

  void enqueue(cl_kernel kernel, int dims, const size_t* global, const size_t* local, const char* name, size_t bytes);
  /// Runs `work` in queue order on the host with access to the buffers' memory: as a native kernel where the device
  /// has them, else after finish() on the host mirrors. Exceptions from `work` surface at the next finish().
  void native(const char* name, std::function<void()> work, const std::vector<Buffer*>& reads,
              const std::vector<Buffer*>& writes);

  void flush();
  void finish();                     ///< waits for everything; throws what native work threw
  void after(Queue& other, uint64_t ticket);  ///< later launches here wait for that launch there

 private:
  Device& device_;
  Handle<cl_command_queue> wide_, small_;
  cl_command_queue lane_ = nullptr;
  uint64_t submitted_ = 0, completed_ = 0, flushed_ = 0;
};

/// Held while a thread launches: cl_kernel arguments, buffers' last uses and queues are guarded by it.
std::unique_lock<std::recursive_mutex> submission_lock();
/// Set by the Python floor: called between waits so that Ctrl-C can interrupt a long evaluation (it may throw).
extern void (*check_interrupt)();

}  // namespace mlx
