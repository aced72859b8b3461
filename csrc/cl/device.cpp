// Makes the two logical devices on first use and asks what they can do.
#include "cl/device.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>

#include "base/env.h"
#include "base/error.h"
#include "base/machine.h"
#include "cl/buffer.h"
#include "cl/discovery.h"
#include "cl/installed.h"
#include "cl/lifetime.h"
#include "cl/opencl.h"
#include "cl/pocl.h"
#include "cl/program.h"
#include "cl/trace.h"

namespace mlx {
namespace {

std::atomic<Device*> devices[2];
std::mutex devices_mutex;

/// Work-items a group may have, as a power of two: sums are halved step by step, and groups of two
/// dimensions are squares of such.
size_t largest_group(cl_device_id id) {
  size_t most = device_value<size_t>(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
  std::vector<size_t> sizes(
      std::max<cl_uint>(3, device_value<cl_uint>(id, CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS)));
  check(clGetDeviceInfo(id, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizes.size() * sizeof(size_t),
                        sizes.data(), nullptr),
        "clGetDeviceInfo");
  most = std::min({most, sizes[0], sizes[1] * sizes[1]});
  return std::bit_floor(std::max<size_t>(most, 1));
}

Capabilities ask(const Offer& offer, DeviceType role) {
  const cl_device_id id = offer.device;
  Capabilities facts;
  facts.name = offer.name;
  facts.vendor = device_text(id, CL_DEVICE_VENDOR);
  facts.platform = offer.platform_name;
  facts.version = offer.platform_version;
  facts.driver = offer.driver;
  facts.is_pocl = offer.is_pocl;
  // A CPU device named for mx.gpu runs the GPU's code paths, discrete memory included. Where there
  // is no CPU device, a GPU serves as mx.cpu, too, in the shapes of a GPU.
  const bool cpu_as_such = role == DeviceType::cpu && offer.is_cpu;
  // Mesa's rusticl runs the items of a group in the lanes of a vector, as a GPU does.
  facts.is_cpu = cpu_as_such && facts.platform != "rusticl";
  facts.unified =
      cpu_as_such || (offer.is_gpu && device_value<cl_bool>(id, CL_DEVICE_HOST_UNIFIED_MEMORY));
  const auto execution =
      device_value<cl_device_exec_capabilities>(id, CL_DEVICE_EXECUTION_CAPABILITIES);
  facts.native_kernels = facts.is_cpu && (execution & CL_EXEC_NATIVE_KERNEL);
  const std::string extensions = ' ' + device_text(id, CL_DEVICE_EXTENSIONS) + ' ';
  facts.fp64 = extensions.find(" cl_khr_fp64 ") != std::string::npos;
  facts.fp16 = extensions.find(" cl_khr_fp16 ") != std::string::npos;
  facts.compute_units = int(device_value<cl_uint>(id, CL_DEVICE_MAX_COMPUTE_UNITS));
  if (facts.is_cpu) facts.compute_units = std::min(facts.compute_units, machine::usable_cores());
  const int width = int(device_value<cl_uint>(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
  facts.vector_width = facts.is_cpu ? std::clamp(width, 4, 16) : std::clamp(width, 2, 4);
  facts.memory = device_value<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_SIZE);
  facts.max_allocation = facts.max_object =
      device_value<cl_ulong>(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  // PoCL may claim less than there is; on the CPU the machine's memory is the limit.
  if (facts.is_cpu && facts.is_pocl) facts.memory = facts.max_allocation = machine::memory();
  facts.local_memory = device_value<cl_ulong>(id, CL_DEVICE_LOCAL_MEM_SIZE);
  facts.max_group = largest_group(id);
  return facts;
}

/// Whether kernels and host see the same bytes of a block without being told of it, which OpenCL
/// does not promise: some devices work on a copy. Asked once, by a kernel that reads and writes a
/// page.
bool shares_host_memory(Device& device) {
  constexpr int count = 1024;
  const std::unique_ptr<cl_int, void (*)(void*)> block(
      static_cast<cl_int*>(std::aligned_alloc(4096, count * sizeof(cl_int))), std::free);
  const char* source =
      "kernel void probe(global int* x) { x[get_global_id(0)] = 3 * x[get_global_id(0)]; }";
  cl_int code = CL_SUCCESS;
  const auto succeeded = [&] { return code == CL_SUCCESS; };
  const Handle program(clCreateProgramWithSource(device.context(), 1, &source, nullptr, &code));
  const cl_device_id id = device.wide();
  if (!succeeded() || clBuildProgram(program.get(), 1, &id, "", nullptr, nullptr) != CL_SUCCESS)
    return false;
  const Handle kernel(clCreateKernel(program.get(), "probe", &code));
  const Handle memory(clCreateBuffer(device.context(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                     count * sizeof(cl_int), block.get(), &code));
  if (!succeeded()) return false;
  const Handle queue(clCreateCommandQueue(device.context(), id, 0, &code));
  if (!succeeded()) return false;
  const cl_mem argument = memory.get();
  const size_t global = count;
  // Twice, since a copy may be made when the block is first used.
  for (const cl_int value : {5, 7}) {
    std::fill_n(block.get(), count, value);
    code = clSetKernelArg(kernel.get(), 0, sizeof argument, &argument);
    if (succeeded())
      code = clEnqueueNDRangeKernel(queue.get(), kernel.get(), 1, nullptr, &global, nullptr, 0,
                                    nullptr, nullptr);
    if (succeeded()) code = clFinish(queue.get());
    if (!succeeded() || std::count(block.get(), block.get() + count, 3 * value) != count)
      return false;
  }
  return true;
}

[[noreturn]] void fail_without(DeviceType type) {
  if (offers().empty())
    fail<std::runtime_error>("device", "OpenCL found no device on this machine. For the CPU, ",
                             installed::cpu_runtimes, "; for a GPU, its driver's OpenCL package.",
                             pocl::cache_trouble());
  if (type == DeviceType::gpu)
    fail("device", "There is no OpenCL GPU here; MLX_CL_DEVICE can name another device as mx.gpu.");
  fail("device", "There is no OpenCL device for the CPU, nor a GPU to take its place: ",
       installed::cpu_runtimes, ".");
}

}  // namespace

Device::Device(DeviceType type, cl_device_id wide, cl_device_id small)
    : type_(type), wide_(wide), small_(small) {
  const std::vector<cl_device_id> all = ids();
  cl_int code = CL_SUCCESS;
  // The devices say whose context it is. A platform that is named must be one that the loader found
  // itself, and cpu_platforms() has others.
  context_ =
      Handle(clCreateContext(nullptr, cl_uint(all.size()), all.data(), nullptr, nullptr, &code));
  check(code, "clCreateContext");
}

std::vector<cl_device_id> Device::ids() const {
  return small_ ? std::vector{wide_, small_} : std::vector{wide_};
}

Device& Device::get(DeviceType type) {
  require_original_process();
  std::atomic<Device*>& made = devices[int(type)];
  if (Device* const device = made.load(std::memory_order_acquire)) return *device;
  const std::lock_guard lock(devices_mutex);
  if (Device* const device = made.load()) return *device;
  const Choice choice = choose(type);
  if (!choice.wide) fail_without(type);
  const cl_device_id small = choice.small ? choice.small->device : nullptr;
  auto device = std::unique_ptr<Device>(new Device(type, choice.wide->device, small));
  device->facts_ = ask(*choice.wide, type);
  Capabilities& facts = device->facts_;
  if (facts.unified && !facts.is_pocl) facts.unified = shares_host_memory(*device);
  facts.native_kernels = facts.native_kernels && facts.unified;
  // PoCL hands pointers on; of others it is known for pages only.
  facts.adopted_alignment = !facts.unified ? 0 : facts.is_pocl ? 1 : 4096;
  device->allocator_ = std::make_unique<Allocator>(*device);
  device->kernels_ = std::make_unique<KernelLibrary>(*device);
  trace::say(1, type == DeviceType::cpu ? "mx.cpu is " : "mx.gpu is ", device->facts_.name, " (",
             device->facts_.platform, "), ", device->facts_.compute_units, " compute units, ",
             device->facts_.memory >> 20, " MiB", small ? ", small evaluations on " : "",
             small ? choice.small->name : "");
  made.store(device.get(), std::memory_order_release);
  return *device.release();
}

bool Device::exists(DeviceType type) {
  return devices[int(type)].load() || choose(type).wide;
}

DeviceType Device::preferred() {
  static const DeviceType type = exists(DeviceType::gpu) ? DeviceType::gpu : DeviceType::cpu;
  return type;
}

std::vector<Found> platforms() {
  std::vector<Found> found;
  const Choice cpu = choose(DeviceType::cpu), gpu = choose(DeviceType::gpu);
  for (const Offer& offer : offers()) {
    std::string role = &offer == cpu.wide    ? "mx.cpu"
                       : &offer == cpu.small ? "mx.cpu, small evaluations"
                                             : "";
    if (&offer == gpu.wide) role += role.empty() ? "mx.gpu" : " and mx.gpu";
    found.push_back({offer.platform_name, offer.platform_version, offer.name, offer.driver, role});
  }
  return found;
}

}  // namespace mlx
