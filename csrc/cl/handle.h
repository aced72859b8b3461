// OpenCL's objects by name, without its header, and owning handles: what headers above may include.
#pragma once

#include <utility>

// The same declarations as in <CL/cl.h>.
typedef struct _cl_platform_id* cl_platform_id;
typedef struct _cl_device_id* cl_device_id;
typedef struct _cl_context* cl_context;
typedef struct _cl_command_queue* cl_command_queue;
typedef struct _cl_mem* cl_mem;
typedef struct _cl_program* cl_program;
typedef struct _cl_kernel* cl_kernel;
typedef struct _cl_event* cl_event;

namespace mlx {

void release_object(cl_context object);
void release_object(cl_command_queue object);
void release_object(cl_mem object);
void release_object(cl_program object);
void release_object(cl_kernel object);
void release_object(cl_event object);

/// Owns one OpenCL object.
template <typename T>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T object) : object_(object) {}
  Handle(Handle&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Handle() {
    if (object_) release_object(object_);
  }
  T get() const { return object_; }
  T* out() { return &object_; }  ///< for calls that fill it; must be empty
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T object_ = nullptr;
};

}  // namespace mlx
