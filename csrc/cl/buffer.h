// Device memory: reference-counted buffers and the pool they return to.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

#include "base/counted.h"
#include "cl/device.h"
#include "cl/queue.h"

namespace mlx {

/// A block of device memory. On unified devices the host sees the same bytes; on discrete ones a
/// host mirror is filled when someone looks and written back before the next launch.
class Buffer final : public Counted<Buffer> {
 public:
  Device& device() const { return device_; }
  cl_mem handle() const { return handle_.get(); }
  size_t capacity() const { return capacity_; }
  size_t bytes() const { return bytes_; }  ///< of the capacity, how many were asked for

  /// Host pointer for reading; waits for the launches that write it.
  const void* read();
  /// Host pointer for reading and writing; waits for the launches that use it. The device sees the
  /// changes.
  void* write();
  /// Like write(), for memory whose pointer leaves us (NumPy, DLPack): from now on every launch
  /// sees host changes.
  void* share();
  /// The bytes as the host sees them from inside native work; waits for nothing.
  void* raw() const { return host_; }

  /// Called for each launch that reads or writes the buffer: orders it after earlier uses on other
  /// queues and uploads pending host changes.
  void use(Queue& queue, bool writes);

  /// For work apart from a queue (Queue::apart), between its two events: fills the mirror in queue
  /// order and returns it; later takes what was written there back, in queue order, too.
  void* bring_to_host(Queue& queue);
  void take_from_host(Queue& queue);
  void* mirror();  ///< the host's memory as it is

  /// Whether the memory is somebody else's (Allocator::adopt), which results may not overwrite.
  bool is_adopted() const { return bool(owner_); }

  Progress last_queue() const { return Progress(last_queue_.get()); }  ///< where it was last used
  /// The queue of the last write until that is known to be done.
  Progress pending_writer() const;

  static void dispose(Buffer* buffer);  ///< back to the pool, or to its owner

 private:
  friend class Allocator;
  Buffer(Device& device) : device_(device) {}
  ~Buffer();
  void settle();            ///< waits for the last use
  void settle_write();      ///< waits for the last launch that wrote
  bool is_settled() const;  ///< nothing pending uses it
  void make_mirror();

  Device& device_;
  Handle<cl_mem> handle_;
  size_t capacity_ = 0, bytes_ = 0;
  Buffer *older_ = nullptr,
         *newer_ = nullptr;  ///< neighbours in the pool, by the time they came back
  void* host_ = nullptr;  ///< the memory itself (unified) or its mirror (discrete, made on demand)
  std::function<void()> owner_;  ///< called when adopted memory is not used any more
  bool host_newer_ = false, device_newer_ = false, shared_ = false;
  Ref<Queue> last_queue_;
  uint64_t last_ticket_ = 0;  ///< the launch number of the last use on last_queue_
  uint64_t last_write_ = 0;   ///< that of the last write
};

/// Size-class pool with limits and counters. All counts are bytes: active and peak of what was
/// asked for, cached of whole blocks. In use and cached together stay about as large as what was in
/// use at once of late. Thread-safe.
class Allocator {
 public:
  explicit Allocator(Device& device);
  /// Memory for a launch on `queue` (may still be in use by earlier launches of that queue), or,
  /// without one, for the host at once. Throws std::runtime_error that says the size when the
  /// device cannot hold it.
  Ref<Buffer> allocate(size_t bytes, Queue* queue = nullptr);

  /// The host's own memory as a buffer, or null where the device would use a copy of it. `owner` is
  /// called, on any thread, once nothing uses the memory; it is in none of the counts.
  Ref<Buffer> adopt(void* data, size_t bytes, std::function<void()> owner);

  size_t active() const { return active_; }
  size_t peak() const { return peak_; }
  size_t cached() const { return cached_; }
  void reset_peak() { peak_ = 0; }
  size_t limit() const { return limit_; }
  size_t cache_limit() const { return cache_limit_; }
  size_t set_limit(size_t bytes), set_cache_limit(size_t bytes);  ///< return the previous value
  void clear_cache();

 private:
  friend class Buffer;
  static constexpr int classes = 512;
  enum class Pending { skip, wait };
  void take_back(Buffer* buffer);
  void return_to_owners(Buffer* last = nullptr);
  /// Frees cached blocks, the longest unused first, until `target` bytes are left; those that
  /// launches still use are skipped or waited for.
  void trim(size_t target, Pending pending);
  /// A cached block of at least `bytes` and at most `largest` that may be used on `queue`.
  Buffer* reuse(size_t bytes, size_t largest, Queue* queue);
  Buffer* make(size_t bytes, size_t capacity);
  void remove(Buffer* block);  ///< from the cache
  void count(Buffer& block, size_t bytes);
  size_t wanted() const;  ///< how much to hold, in use or cached

  Device& device_;
  mutable std::mutex mutex_;
  std::vector<Buffer*> free_[classes];  ///< by size class, the latest last
  Buffer *oldest_ = nullptr, *newest_ = nullptr;
  std::vector<Buffer*> leaving_;  ///< adopted memory that launches may still use
  size_t in_use_ = 0;             ///< capacities of the blocks that are not cached
  size_t most_now_ = 0, most_before_ = 0,
         passed_ = 0;  ///< the most in use in this period and the last; see count()
  std::atomic<size_t> active_{0}, peak_{0}, cached_{0}, limit_{0}, cache_limit_{0};
};

/// Blocks come in sizes 256, 512, … 4096, then in eighths between powers of two, and from 1 GiB in
/// huge pages.
size_t capacity_for(size_t bytes);
/// The class of a block: the largest whose size it has at least.
int size_class_of(size_t capacity);
size_t size_of_class(int size_class);

}  // namespace mlx
