// The OpenCL API at the version we ask for, its errors as exceptions, and owning handles.
#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace mlx {

const char* error_name(cl_int code);  ///< "CL_OUT_OF_RESOURCES"

/// Throws std::runtime_error that names the call unless `code` is CL_SUCCESS.
void check(cl_int code, const char* call);

inline void release_object(cl_context o) {
  clReleaseContext(o);
}
inline void release_object(cl_command_queue o) {
  clReleaseCommandQueue(o);
}
inline void release_object(cl_mem o) {
  clReleaseMemObject(o);
}
inline void release_object(cl_program o) {
  clReleaseProgram(o);
}
inline void release_object(cl_kernel o) {
  clReleaseKernel(o);
}
inline void release_object(cl_event o) {
  clReleaseEvent(o);
}

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
