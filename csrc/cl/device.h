// The OpenCL devices behind mx.cpu and mx.gpu: discovery, capabilities, and what each one owns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cl/handle.h"

namespace mlx {

class Allocator;
class KernelLibrary;

enum class DeviceType : uint8_t { cpu, gpu };

/// What a device has; asked once.
struct Capabilities {
  std::string name, vendor, platform, version, driver;
  bool is_cpu = false;   ///< an OpenCL CPU device: loop-shaped launches, native kernels
  bool unified = false;  ///< host and device share memory; false means a host mirror
  bool is_pocl = false;
  bool native_kernels = false;  ///< clEnqueueNativeKernel works
  bool fp64 = false, fp16 = false;
  int compute_units = 1;
  int vector_width = 4;  ///< elements of float a generated kernel handles at once
  size_t memory = 0, max_allocation = 0, local_memory = 0, max_group = 1;
  size_t adopted_alignment = 0;  ///< of the host's memory that it uses as it is; 0: of none
  size_t max_object =
      0;  ///< largest cl_mem; PoCL's may be smaller than max_allocation (see Allocator::make)
};

/// One logical device. Made on first use, never destroyed (OpenCL outlives static destructors
/// badly).
class Device {
 public:
  /// Throws std::invalid_argument when there is no such device, std::runtime_error when there is no
  /// OpenCL at all or this process was forked from one that already used OpenCL.
  static Device& get(DeviceType type);
  static bool exists(DeviceType type);
  static DeviceType preferred();  ///< gpu when there is one, else cpu

  DeviceType type() const { return type_; }
  const Capabilities& facts() const { return facts_; }
  cl_context context() const { return context_.get(); }
  cl_device_id wide() const { return wide_; }    ///< all cores
  cl_device_id small() const { return small_; }  ///< PoCL's in-thread device, or null
  std::vector<cl_device_id> ids() const;
  Allocator& allocator() const { return *allocator_; }
  KernelLibrary& kernels() const { return *kernels_; }

 private:
  Device(DeviceType type, cl_device_id wide, cl_device_id small);

  DeviceType type_;
  Capabilities facts_;
  cl_device_id wide_, small_;
  Handle<cl_context> context_;
  std::unique_ptr<Allocator> allocator_;
  std::unique_ptr<KernelLibrary> kernels_;
};

/// Every platform and device there is, for `python -m mlx`.
struct Found {
  std::string platform, version, device, driver;
  std::string role;  ///< "mx.cpu", "mx.gpu" or ""
};
std::vector<Found> platforms();

}  // namespace mlx
