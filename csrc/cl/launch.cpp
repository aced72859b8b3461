// Launches: arguments, sizes, and the step onto the queue.
#include "cl/launch.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "cl/group_sizes.h"
#include "cl/opencl.h"

namespace mlx {

Launch& Launch::over(size_t x, size_t y, size_t z) {
  global_[0] = x, global_[1] = y, global_[2] = z;
  dims_ = z != 1 ? 3 : y != 1 ? 2 : 1;
  return *this;
}

Launch& Launch::in_groups_of(size_t x, size_t y, size_t z) {
  local_[0] = x, local_[1] = y, local_[2] = z;
  return *this;
}

Launch::Argument& Launch::next() {
  if (count_ == max_arguments)
    fail<std::runtime_error>("launch", "too many arguments for ", kernel_.name(), ".");
  return arguments_[count_++];
}

void Launch::set_bytes(const void* value, size_t bytes) {
  if (filled_ + bytes > max_bytes)
    fail<std::runtime_error>("launch", "arguments of ", kernel_.name(), " are too long.");
  next() = {uint16_t(filled_), uint16_t(bytes), false, nullptr};
  std::memcpy(storage_ + filled_, value, bytes);
  filled_ += int(bytes + 7) & ~7;
}

void Launch::set(const BufferArgument& argument) {
  next() = {0, sizeof(cl_mem), argument.writes, argument.buffer};
  set(argument.offset);
}

void Launch::set(const LocalMemory& argument) {
  const uint64_t bytes = argument.bytes;
  set_bytes(&bytes, sizeof bytes);
  arguments_[count_ - 1].size = 0;
}

void Launch::set_arguments(cl_kernel kernel) const {
  for (int i = 0; i < count_; ++i) {
    const Argument& argument = arguments_[i];
    cl_int code;
    if (argument.buffer) {
      const cl_mem memory = argument.buffer->handle();
      code = clSetKernelArg(kernel, cl_uint(i), sizeof memory, &memory);
    } else if (argument.size == 0) {
      uint64_t bytes;
      std::memcpy(&bytes, storage_ + argument.at, sizeof bytes);
      code = clSetKernelArg(kernel, cl_uint(i), bytes, nullptr);
    } else {
      code = clSetKernelArg(kernel, cl_uint(i), argument.size, storage_ + argument.at);
    }
    if (code != CL_SUCCESS)
      fail<std::runtime_error>("launch", "argument ", i, " of ", kernel_.name(), ": ",
                               error_name(code), ".");
  }
}

void Launch::enqueue() {
  if (global_[0] == 0 || global_[1] == 0 || global_[2] == 0) return;
  for (int i = 0; i < count_; ++i)
    if (arguments_[i].buffer) arguments_[i].buffer->use(queue_, arguments_[i].writes);
  const cl_kernel kernel = kernel_.on(queue_.is_small());
  set_arguments(kernel);
  const size_t one[3] = {1, 1, 1};
  const size_t* local = local_[0] ? local_ : queue_.device().facts().is_cpu ? one : nullptr;
  if (local)
    for (int i = 0; i < 3; ++i) global_[i] = (global_[i] + local[i] - 1) / local[i] * local[i];
  const int dims = local_[2] > 1 ? 3 : local_[1] > 1 && dims_ < 2 ? 2 : dims_;
  queue_.enqueue(kernel, dims, global_, local, kernel_.name(), bytes_);
}

size_t most_in_group(Kernel& kernel, const Queue& queue) {
  const Device& device = queue.device();
  size_t most = 0;
  check(clGetKernelWorkGroupInfo(kernel.on(queue.is_small()),
                                 queue.is_small() ? device.small() : device.wide(),
                                 CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most, nullptr),
        "clGetKernelWorkGroupInfo");
  return most;
}

Launch launch(Queue& queue, const char* stem, const char* name, const Defines& defines) {
  return Launch(queue, queue.device().kernels().kernel(stem, name, defines));
}

}  // namespace mlx
