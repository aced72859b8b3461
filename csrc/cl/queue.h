// In-order submission: one Queue per stream.
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include "base/counted.h"
#include "cl/device.h"
#include "cl/submission.h"
#include "cl/worker.h"

namespace mlx {

class Buffer;

/// Launches are made under a Submission, which is needed to get at a queue; any thread may wait.
///
/// On PoCL a Queue has two lanes, the wide device (all cores) and the small one (runs in the
/// calling thread, no wake-ups). Lanes change only when the other has nothing pending: an event
/// wait across them deadlocks PoCL 3.1.
class Queue final : public Counted<Queue> {
 public:
  explicit Queue(Device& device);
  ~Queue();
  Device& device() const { return device_; }

  /// Says how much work (elements times cost) comes next, so that tiny evaluations go to the small
  /// lane. Anything pending on the wide lane keeps later work there.
  void expect(size_t work);
  bool is_small() const { return lane_ == small_.get() && lane_; }
  cl_command_queue lane() const { return lane_; }

  /// Counts a launch; returns its ticket. Flushes now and then, and holds the caller back when too
  /// much is pending.
  uint64_t submitted_one(size_t bytes = 0);
  uint64_t ticket() const { return submitted_.load(std::memory_order_relaxed); }
  bool has_completed(uint64_t ticket) const {
    return ticket <= completed_.load(std::memory_order_acquire);
  }
  bool is_idle() const { return has_completed(ticket()); }

  void enqueue(cl_kernel kernel, int dims, const size_t* global, const size_t* local,
               const char* name, size_t bytes);
  /// Runs `work` in queue order on the host with access to the buffers' memory through raw(): as a
  /// native kernel where there are such; at once on the small lane, where it takes microseconds;
  /// else apart(), on the mirrors. Exceptions from `work` surface at the next finish().
  void native(const char* name, std::function<void()> work, const std::vector<Buffer*>& reads,
              const std::vector<Buffer*>& writes);

  /// Runs `work` in queue order on a thread of its own, so that neither the caller nor the device
  /// waits for it: later launches here start when it has ended, other queues go on. `work` is given
  /// the host addresses of the reads, then of the writes. It may take any time and must not launch
  /// anything. Exceptions surface at the next finish() of this queue or of one that waited for it.
  void apart(const char* name, Worker& worker, std::function<void(const std::vector<void*>&)> work,
             const std::vector<Buffer*>& reads, const std::vector<Buffer*>& writes);

  void flush();
  void finish();  ///< waits for everything; throws what native work threw
  void wait();    ///< waits for everything; leaves failures to finish()
  void after(Queue& other, uint64_t ticket);  ///< later launches here wait for that launch there

  static void dispose(Queue* queue);

 private:
  struct Marker {
    uint64_t ticket;
    Handle<cl_event> event;
  };
  void mark();
  bool wait_for_oldest_marker();  ///< false when there is none
  void completed_up_to(uint64_t ticket);
  void run(const std::function<void()>& work) noexcept;
  std::exception_ptr take_failure();

  Device& device_;
  Handle<cl_command_queue> wide_, small_;
  cl_command_queue lane_ = nullptr;
  std::atomic<uint64_t> submitted_{0}, completed_{0};
  uint64_t flushed_ = 0, marked_ = 0;
  size_t unmarked_bytes_ = 0;
  std::mutex mutex_;  ///< of the three below
  std::deque<Marker> markers_;
  std::exception_ptr failure_;
  std::vector<Ref<Queue>> awaited_;  ///< queues that launches here waited for since finish()
};

/// A queue for those who wait for it but have no Submission, and so may not launch.
class Progress {
 public:
  Progress() = default;
  explicit Progress(Queue* queue) : queue_(queue) {}
  explicit operator bool() const { return queue_; }
  friend bool operator==(const Progress&, const Progress&) = default;
  void finish() const { queue_->finish(); }

 private:
  Queue* queue_ = nullptr;
};

}  // namespace mlx
