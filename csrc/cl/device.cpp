// Makes the two logical devices on first use and asks what they can do.
#include "cl/device.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/env.h"
#include "base/error.h"
#include "cl/buffer.h"
#include "cl/discovery.h"
#include "cl/opencl.h"
#include "cl/program.h"
#include "cl/trace.h"

namespace mlx {
namespace {

std::atomic<Device*> devices[2];
std::mutex devices_mutex;

Capabilities ask(const Offer& offer, DeviceType role) {
  const cl_device_id id = offer.device;
  Capabilities facts;
  facts.name = offer.name;
  facts.vendor = device_text(id, CL_DEVICE_VENDOR);
  facts.platform = offer.platform_name;
  facts.version = offer.platform_version;
  facts.driver = offer.driver;
  facts.is_pocl = offer.is_pocl;
  // A CPU device named for mx.gpu runs the GPU's code paths, discrete memory included.
  facts.is_cpu = facts.unified = role == DeviceType::cpu;
  const auto execution =
      device_value<cl_device_exec_capabilities>(id, CL_DEVICE_EXECUTION_CAPABILITIES);
  facts.native_kernels = facts.unified && (execution & CL_EXEC_NATIVE_KERNEL);
  const std::string extensions = ' ' + device_text(id, CL_DEVICE_EXTENSIONS) + ' ';
  facts.fp64 = extensions.find(" cl_khr_fp64 ") != std::string::npos;
  facts.fp16 = extensions.find(" cl_khr_fp16 ") != std::string::npos;
  facts.compute_units = int(device_value<cl_uint>(id, CL_DEVICE_MAX_COMPUTE_UNITS));
  const int width = int(device_value<cl_uint>(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
  facts.vector_width = facts.is_cpu ? std::clamp(width, 4, 16) : std::clamp(width, 2, 4);
  facts.memory = device_value<cl_ulong>(id, CL_DEVICE_GLOBAL_MEM_SIZE);
  facts.max_allocation = facts.max_object =
      device_value<cl_ulong>(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  // PoCL may claim less than there is; on the CPU the machine's memory is the limit.
  if (facts.unified && facts.is_pocl)
    facts.memory = facts.max_allocation =
        size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
  facts.local_memory = device_value<cl_ulong>(id, CL_DEVICE_LOCAL_MEM_SIZE);
  facts.max_group = device_value<size_t>(id, CL_DEVICE_MAX_WORK_GROUP_SIZE);
  return facts;
}

[[noreturn]] void fail_without(DeviceType type) {
  if (offers().empty())
    fail<std::runtime_error>(
        "device",
        "OpenCL found no device on this machine. For the CPU, install the package "
        "pocl-opencl-icd; for a GPU, its driver's OpenCL package.");
  if (type == DeviceType::gpu)
    fail("device", "There is no OpenCL GPU here; MLX_CL_DEVICE can name another device as mx.gpu.");
  fail("device", "There is no OpenCL device for the CPU: install the package pocl-opencl-icd.");
}

}  // namespace

Device::Device(DeviceType type, cl_platform_id platform, cl_device_id wide, cl_device_id small)
    : type_(type), wide_(wide), small_(small) {
  const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, cl_context_properties(platform),
                                              0};
  const std::vector<cl_device_id> all = ids();
  cl_int code = CL_SUCCESS;
  context_ =
      Handle(clCreateContext(properties, cl_uint(all.size()), all.data(), nullptr, nullptr, &code));
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
  auto device =
      std::unique_ptr<Device>(new Device(type, choice.wide->platform, choice.wide->device, small));
  device->facts_ = ask(*choice.wide, type);
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
