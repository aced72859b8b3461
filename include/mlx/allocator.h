// Memory that an array can be made from.
#pragma once

#include <cstddef>

namespace mlx::core::allocator {

/// Host memory of `malloc`; an array made of it copies the bytes.
class Buffer {
 public:
  explicit Buffer(void* ptr) : ptr_(ptr) {}
  void* ptr() { return ptr_; }
  const void* ptr() const { return ptr_; }
  void* raw_ptr() { return ptr_; }

 private:
  void* ptr_;
};

Buffer malloc(size_t size);
void free(Buffer buffer);

}  // namespace mlx::core::allocator
