// The pool: blocks by size class, reused in stream order, within limits.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "cl/buffer.h"

namespace mlx {
namespace {

constexpr size_t page = 4096, huge_page = size_t(2) << 20;
constexpr size_t worth_a_look = size_t(64) << 20;  ///< smaller requests do not ask the system what is left

/// What the machine could still hand out, by the kernel's own estimate.
size_t available_host_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string name; file >> name;) {
    size_t kib = 0;
    if (name == "MemAvailable:" && file >> kib) return kib << 10;
    file.ignore(256, '\n');
  }
  return SIZE_MAX;
}

void* host_block(size_t bytes) {
  const size_t alignment = bytes >= 2 * huge_page ? huge_page : std::clamp(std::bit_floor(bytes), size_t(256), page);
  void* block = nullptr;
  if (posix_memalign(&block, alignment, bytes) != 0) return nullptr;
  if (alignment == huge_page) madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

}  // namespace

int size_class_of(size_t bytes) {
  if (bytes <= 256) return 0;
  const int exponent = std::bit_width(bytes - 1) - 1;  // 2^exponent < bytes <= 2^(exponent + 1)
  if (exponent < 12) return exponent - 7;
  const size_t step = size_t(1) << (exponent - 3);
  const size_t eighths = (bytes - (size_t(1) << exponent) + step - 1) / step;
  return 4 + (exponent - 12) * 8 + int(eighths);
}

size_t size_of_class(int size_class) {
  if (size_class <= 4) return size_t(256) << size_class;
  const int exponent = 12 + (size_class - 5) / 8, eighths = (size_class - 5) % 8 + 1;
  return (size_t(1) << exponent) + eighths * (size_t(1) << (exponent - 3));
}

Allocator::Allocator(Device& device) : device_(device) {
  const size_t memory = device.facts().memory;
  limit_ = memory / 10 * 8;
  cache_limit_ = memory / 4;
}

Buffer* Allocator::reuse(int size_class, Queue* queue) {
  std::vector<Buffer*>& blocks = free_[size_class];
  const size_t looked_at = std::min<size_t>(blocks.size(), 8);
  for (size_t i = blocks.size(); i-- > blocks.size() - looked_at;) {
    Buffer* const block = blocks[i];
    const bool ordered = queue && block->last_queue_.get() == queue;
    if (!ordered && !block->is_settled()) continue;
    blocks.erase(blocks.begin() + ptrdiff_t(i));
    cached_ -= block->capacity_;
    return block;
  }
  return nullptr;
}

Buffer* Allocator::make(size_t bytes) {
  const Capabilities& facts = device_.facts();
  const auto refuse = [&](size_t left) {
    fail<std::runtime_error>("malloc", "cannot allocate ", bytes, " bytes on ", facts.name, ": the device has ",
                             facts.memory, " bytes, of which ", left, " are left.");
  };
  const size_t used = active_;
  const size_t left = facts.memory - std::min(used, facts.memory);
  if (bytes > left || bytes > facts.max_allocation) refuse(left);
  if (facts.unified && bytes >= worth_a_look && bytes > available_host_memory()) {
    trim(0);
    const size_t available = available_host_memory();
    if (bytes > available) refuse(available);
  }
  auto buffer = std::unique_ptr<Buffer, void (*)(Buffer*)>(new Buffer(device_), [](Buffer* b) { delete b; });
  buffer->capacity_ = bytes;
  for (int attempt = 0;; ++attempt) {
    cl_int code = CL_SUCCESS;
    if (facts.unified) {
      if (!buffer->host_) buffer->host_ = host_block(bytes);
      // PoCL's kernels see only the pointer, so a block larger than its largest object goes by its beginning.
      if (buffer->host_)
        buffer->handle_ = Handle(clCreateBuffer(device_.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                                std::min(bytes, facts.max_object), buffer->host_, &code));
    } else {
      buffer->handle_ = Handle(clCreateBuffer(device_.context(), CL_MEM_READ_WRITE, bytes, nullptr, &code));
    }
    if (buffer->handle_ && code == CL_SUCCESS) return buffer.release();
    if (attempt == 1) refuse(left);
    trim(0);
  }
}

void Allocator::count(size_t bytes) {
  active_ += bytes;
  peak_ = std::max<size_t>(peak_, active_);
}

Ref<Buffer> Allocator::allocate(size_t bytes, Queue* queue) {
  require_original_process();
  const int size_class = size_class_of(bytes);
  if (bytes > device_.facts().memory || size_class >= classes) make(bytes);  // refuses
  const size_t rounded = size_of_class(size_class);
  const std::lock_guard lock(mutex_);
  Buffer* block = reuse(size_class, queue);
  if (!block) {
    if (active_ + cached_ + rounded > limit_) trim(limit_ > active_ + rounded ? limit_ - active_ - rounded : 0);
    block = make(rounded);
  }
  count(block->capacity_);
  return Ref<Buffer>(block);
}

Ref<Buffer> Allocator::adopt(void* host, size_t bytes, std::function<void()> release) {
  require_original_process();
  const Capabilities& facts = device_.facts();
  if (!facts.unified || !host || bytes == 0 || reinterpret_cast<uintptr_t>(host) % 16 != 0) return nullptr;
  auto* const buffer = new Buffer(device_);
  buffer->capacity_ = bytes;
  buffer->host_ = host;
  buffer->foreign_ = std::move(release);
  cl_int code = CL_SUCCESS;
  buffer->handle_ = Handle(clCreateBuffer(device_.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                          std::min(bytes, facts.max_object), host, &code));
  if (code == CL_SUCCESS) return Ref<Buffer>(buffer);
  buffer->foreign_ = [] {};  // the caller keeps it
  delete buffer;
  return nullptr;
}

void Allocator::take_back(Buffer* buffer) {
  if (buffer->foreign_) {
    if (!buffer->is_settled()) buffer->last_queue_->wait();
    delete buffer;
    return;
  }
  buffer->host_newer_ = buffer->device_newer_ = buffer->shared_ = false;
  const std::lock_guard lock(mutex_);
  active_ -= buffer->capacity_;
  cached_ += buffer->capacity_;
  free_[size_class_of(buffer->capacity_)].push_back(buffer);
  if (cached_ > cache_limit_) trim(cache_limit_);
}

void Allocator::trim(size_t target) {
  for (int size_class = classes - 1; size_class >= 0 && cached_ > target; --size_class) {
    std::vector<Buffer*>& blocks = free_[size_class];
    while (!blocks.empty() && cached_ > target) {
      Buffer* const block = blocks.front();
      if (!block->is_settled()) block->last_queue_->wait();
      blocks.erase(blocks.begin());
      cached_ -= block->capacity_;
      delete block;
    }
  }
}

size_t Allocator::set_limit(size_t bytes) { return limit_.exchange(bytes); }

size_t Allocator::set_cache_limit(size_t bytes) {
  const size_t previous = cache_limit_.exchange(bytes);
  const std::lock_guard lock(mutex_);
  if (cached_ > bytes) trim(bytes);
  return previous;
}

void Allocator::clear_cache() {
  const std::lock_guard lock(mutex_);
  trim(0);
}

}  // namespace mlx
