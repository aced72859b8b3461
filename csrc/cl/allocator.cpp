// The pool: blocks by size class, reused in stream order, within limits.

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/machine.h"
#include "cl/buffer.h"
#include "cl/lifetime.h"
#include "cl/opencl.h"

namespace mlx {
namespace {

constexpr size_t slack = size_t(32) << 20, periods_pass = size_t(1) << 30;
constexpr size_t page = 4096, huge_page = size_t(2) << 20;
constexpr size_t exact_from = size_t(1) << 30;  ///< larger blocks are hardly rounded
constexpr size_t worth_a_look = size_t(64)
                                << 20;  ///< smaller requests do not ask the system what is left

void* host_block(size_t bytes) {
  const size_t alignment =
      bytes >= 2 * huge_page ? huge_page : std::clamp(std::bit_floor(bytes), size_t(256), page);
  void* block = nullptr;
  if (posix_memalign(&block, alignment, bytes) != 0) return nullptr;
  if (alignment == huge_page) machine::prefer_huge_pages(block, bytes);
  return block;
}

}  // namespace

size_t capacity_for(size_t bytes) {
  if (bytes <= 4096) return std::bit_ceil(std::max(bytes, size_t(256)));
  const size_t step = bytes > exact_from ? huge_page : std::bit_floor(bytes - 1) / 8;
  return bytes > SIZE_MAX - step ? bytes : (bytes + step - 1) / step * step;
}

int size_class_of(size_t capacity) {
  const int exponent = std::bit_width(capacity) - 1;
  if (exponent < 12) return std::max(exponent - 8, 0);
  return 4 + (exponent - 12) * 8 + int((capacity - (size_t(1) << exponent)) >> (exponent - 3));
}

size_t size_of_class(int size_class) {
  if (size_class <= 4) return size_t(256) << size_class;
  const int exponent = 12 + (size_class - 5) / 8, eighths = (size_class - 5) % 8 + 1;
  return (size_t(1) << exponent) + eighths * (size_t(1) << (exponent - 3));
}

Allocator::Allocator(Device& device) : device_(device) {
  const size_t memory = device.facts().memory;
  limit_ = memory / 10 * 8;
  cache_limit_ = memory / 8;
}

Buffer* Allocator::reuse(size_t bytes, size_t largest, Queue* queue) {
  for (int size_class = size_class_of(bytes); size_class <= size_class_of(largest); ++size_class) {
    const std::vector<Buffer*>& blocks = free_[size_class];
    const size_t looked_at = std::min<size_t>(blocks.size(), 8);
    for (size_t i = blocks.size(); i-- > blocks.size() - looked_at;) {
      Buffer* const block = blocks[i];
      if (block->capacity_ < bytes || block->capacity_ > largest) continue;
      const bool ordered = queue && block->last_queue_.get() == queue;
      if (!ordered && !block->is_settled()) continue;
      remove(block);
      return block;
    }
  }
  return nullptr;
}

void Allocator::remove(Buffer* block) {
  std::vector<Buffer*>& blocks = free_[size_class_of(block->capacity_)];
  // What is reused came back last, what is freed came back first.
  const bool first = blocks.front() == block;
  blocks.erase(first ? blocks.begin()
                     : std::find(blocks.rbegin(), blocks.rend(), block).base() - 1);
  (block->older_ ? block->older_->newer_ : oldest_) = block->newer_;
  (block->newer_ ? block->newer_->older_ : newest_) = block->older_;
  block->older_ = block->newer_ = nullptr;
  cached_ -= block->capacity_;
}

Buffer* Allocator::make(size_t bytes, size_t capacity) {
  const Capabilities& facts = device_.facts();
  if (bytes > facts.max_allocation && bytes <= facts.memory)
    fail<std::runtime_error>("malloc", "cannot allocate ", bytes, " bytes on ", facts.name,
                             ": its largest allocation has ", facts.max_allocation, " bytes.");
  const auto refuse = [&](size_t left) {
    fail<std::runtime_error>("malloc", "cannot allocate ", bytes, " bytes on ", facts.name,
                             ": the device has ", facts.memory, " bytes, of which ", left,
                             " are left.");
  };
  const size_t left = facts.memory - std::min(in_use_, facts.memory);
  if (bytes > left) refuse(left);
  if (facts.unified && bytes >= worth_a_look && bytes > machine::available_memory()) {
    trim(0, Pending::wait);
    const size_t available = machine::available_memory();
    if (bytes > available) refuse(available);
  }
  auto buffer =
      std::unique_ptr<Buffer, void (*)(Buffer*)>(new Buffer(device_), [](Buffer* b) { delete b; });
  buffer->capacity_ = capacity;
  for (int attempt = 0;; ++attempt) {
    cl_int code = CL_SUCCESS;
    if (facts.unified) {
      if (!buffer->host_) buffer->host_ = host_block(capacity);
      // PoCL's kernels see only the pointer, so a block larger than its largest object goes by its
      // beginning.
      if (buffer->host_)
        buffer->handle_ =
            Handle(clCreateBuffer(device_.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                  std::min(capacity, facts.max_object), buffer->host_, &code));
    } else {
      buffer->handle_ =
          Handle(clCreateBuffer(device_.context(), CL_MEM_READ_WRITE, capacity, nullptr, &code));
    }
    if (buffer->handle_ && code == CL_SUCCESS) return buffer.release();
    if (attempt == 1) refuse(left);
    trim(0, Pending::wait);
  }
}

void Allocator::count(Buffer& block, size_t bytes) {
  block.bytes_ = bytes;
  active_ += bytes;
  peak_ = std::max<size_t>(peak_, active_);
  in_use_ += block.capacity_;
  most_now_ = std::max(most_now_, in_use_);
  passed_ += block.capacity_;
  // A period is long enough to hold a training step, whose peak comes once.
  if (passed_ < periods_pass + 16 * most_now_) return;
  most_before_ = std::exchange(most_now_, in_use_);
  passed_ = 0;
}

size_t Allocator::wanted() const {
  const size_t most = std::max(most_now_, most_before_);
  return most + std::max(slack, most / 16);
}

Ref<Buffer> Allocator::allocate(size_t bytes, Queue* queue) {
  require_original_process();
  const size_t capacity = capacity_for(bytes);
  const std::lock_guard lock(mutex_);
  if (bytes > device_.facts().memory) make(bytes, capacity);  // refuses
  Buffer* block = reuse(capacity, capacity + capacity / 4, queue);
  if (!block) {
    // Sooner a block of twice the size than one more, beyond what is ever in use at once.
    const size_t held = in_use_ + capacity,
                 most = std::min(std::max(wanted(), held), std::max<size_t>(limit_, held));
    if (held + cached_ > most) block = reuse(capacity, 2 * capacity, queue);
    if (!block && held + cached_ > most) trim(most - held, Pending::skip);
    if (!block) block = make(bytes, capacity);
  }
  count(*block, bytes);
  return Ref<Buffer>(block);
}

Ref<Buffer> Allocator::adopt(void* data, size_t bytes, std::function<void()> owner) {
  require_original_process();
  const Capabilities& facts = device_.facts();
  const size_t alignment = facts.adopted_alignment;
  if (!alignment || !bytes || reinterpret_cast<uintptr_t>(data) % alignment) return {};
  return_to_owners();
  cl_int code = CL_SUCCESS;
  Handle<cl_mem> handle(clCreateBuffer(device_.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                       std::min(bytes, facts.max_object), data, &code));
  if (code != CL_SUCCESS || (bytes > facts.max_object && !facts.is_pocl)) return {};
  auto* const buffer = new Buffer(device_);
  buffer->handle_ = std::move(handle);
  buffer->capacity_ = buffer->bytes_ = bytes;
  buffer->host_ = data;
  buffer->owner_ = std::move(owner);
  return Ref<Buffer>(buffer);
}

/// Ends the buffers of adopted memory, `last` among them, that no launch uses any more.
void Allocator::return_to_owners(Buffer* last) {
  std::vector<Buffer*> unused;
  {
    const std::lock_guard lock(mutex_);
    if (last) leaving_.push_back(last);
    std::erase_if(leaving_, [&](Buffer* buffer) {
      if (buffer->is_settled()) unused.push_back(buffer);
      return buffer->is_settled();
    });
  }
  for (Buffer* const buffer : unused) delete buffer;  // owners are called without the lock
}

void Allocator::take_back(Buffer* buffer) {
  buffer->host_newer_ = buffer->device_newer_ = buffer->shared_ = false;
  const std::lock_guard lock(mutex_);
  active_ -= buffer->bytes_;
  in_use_ -= buffer->capacity_;
  cached_ += buffer->capacity_;
  free_[size_class_of(buffer->capacity_)].push_back(buffer);
  buffer->older_ = newest_;
  (newest_ ? newest_->newer_ : oldest_) = buffer;
  newest_ = buffer;
  if (cached_ > cache_limit_) trim(cache_limit_, Pending::wait);
  const size_t most = std::max(std::min<size_t>(wanted(), limit_), in_use_);
  if (in_use_ + cached_ > most) trim(most - in_use_, Pending::skip);
}

void Allocator::trim(size_t target, Pending pending) {
  int skipped = 0;
  for (Buffer *block = oldest_, *next; block && cached_ > target; block = next) {
    next = block->newer_;
    if (!block->is_settled()) {
      if (pending == Pending::skip) {
        if (++skipped == 16) return;
        continue;
      }
      block->last_queue_->wait();
    }
    remove(block);
    delete block;
  }
}

size_t Allocator::set_limit(size_t bytes) {
  const size_t previous = limit_.exchange(bytes);
  const std::lock_guard lock(mutex_);
  const size_t kept = bytes - std::min(bytes, in_use_);
  if (cached_ > kept) trim(kept, Pending::wait);
  return previous;
}

size_t Allocator::set_cache_limit(size_t bytes) {
  const size_t previous = cache_limit_.exchange(bytes);
  const std::lock_guard lock(mutex_);
  if (cached_ > bytes) trim(bytes, Pending::wait);
  return previous;
}

void Allocator::clear_cache() {
  return_to_owners();
  const std::lock_guard lock(mutex_);
  trim(0, Pending::wait);
}

}  // namespace mlx
