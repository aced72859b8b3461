// Device memory: reference-counted buffers and the pool they return to.
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "base/counted.h"
#include "cl/device.h"
#include "cl/queue.h"

namespace mlx {

/// A block of device memory. On unified devices the host sees the same bytes; on discrete ones a host mirror
/// is filled when someone looks and written back before the next launch.
class Buffer final : public Counted<Buffer> {
 public:
  Device& device() const { return device_; }
  cl_mem handle() const { return handle_.get(); }
  size_t capacity() const { return capacity_; }

  /// Host pointer for reading; waits for the launches that write it.
  const void* read();
  /// Host pointer for reading and writing; waits for the launches that use it. The device sees the changes.
  void* write();
  /// Like write(), for memory whose pointer leaves us (NumPy, DLPack): from now on every launch sees host changes.
  void* share();
  /// The bytes as the host sees them from inside a native kernel (unified devices only); waits for nothing.
  void* raw() const { return host_; }

  /// Called for each launch that reads or writes the buffer: orders it after earlier uses on other queues and
  /// uploads pending host changes.
  void use(Queue& queue, bool writes);

  Queue* last_queue() const { return last_queue_.get(); }  ///< where it was last used, or null

  static void dispose(Buffer* buffer);  ///< back to the pool

 private:
  friend class Allocator;
  Buffer(Device& device) : device_(device) {}
  void settle();  ///< waits for the last use

  Device& device_;
  Handle<cl_mem> handle_;
  size_t capacity_ = 0;
  void* host_ = nullptr;           ///< the memory itself (unified) or its mirror (discrete, made on demand)
  bool host_newer_ = false, device_newer_ = false, shared_ = false;
  std::function<void()> foreign_;  ///< releases adopted memory; such a buffer never enters the pool
  Ref<Queue> last_queue_;
  uint64_t last_ticket_ = 0;       ///< the launch number of the last use on last_queue_
};

/// Size-class pool with limits and counters. All counts are bytes. Thread-safe.
class Allocator {
 public:
  explicit Allocator(Device& device);
  /// Memory for a launch on `queue` (may still be in use by earlier launches of that queue), or, without one,
  /// for the host at once. Throws std::runtime_error that says the size when the device cannot hold it.
  Ref<Buffer> allocate(size_t bytes, Queue* queue = nullptr);
  /// Wraps host memory without copying (unified devices only); `release` runs when the last user is gone.
  Ref<Buffer> adopt(void* host, size_t bytes, std::function<void()> release);

  size_t active() const, peak() const, cached() const;
  void reset_peak();
  size_t limit() const, cache_limit() const;
  size_t set_limit(size_t bytes), set_cache_limit(size_t bytes);  ///< return the previous value
  void clear_cache();

 private:
  friend class Buffer;
  void take_back(Buffer* buffer);
  void trim(size_t target);
  Buffer* reuse(size_t bytes, Queue* queue);

  Device& device_;
  mutable std::recursive_mutex mutex_;
  std::multimap<size_t, Buffer*> free_;
  size_t active_ = 0, peak_ = 0, cached_ = 0, limit_ = 0, cache_limit_ = 0;
};

}  // namespace mlx
