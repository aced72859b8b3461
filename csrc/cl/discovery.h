// What OpenCL offers on this machine, and which of it serves mx.cpu and mx.gpu.
#pragma once

#include <string>
#include <vector>

#include "cl/device.h"
#include "cl/opencl.h"

namespace mlx {

struct Offer {
  cl_platform_id platform;
  cl_device_id device;
  int platform_number, device_number;
  std::string platform_name, platform_version, name, driver;
  bool is_cpu, is_gpu;  ///< neither: an accelerator, which serves only when it is named
  bool is_pocl;
  bool is_minimal;  ///< PoCL's device that runs in the calling thread
};

struct Choice {
  const Offer* wide = nullptr;
  const Offer* small = nullptr;
};

/// Every device there is; empty when there is no OpenCL. The first call starts OpenCL.
const std::vector<Offer>& offers();
/// True when MLX_CL_DEVICE with this value could mean the device: a part of its name, platform or
/// version, its type, its numbers, or what PoCL's devices are called in other versions.
bool answers_to(const Offer& offer, const std::string& wanted);
/// The devices among `all` that would serve as mx.cpu or mx.gpu when none is named.
Choice choose_among(const std::vector<Offer>& all, DeviceType type);
/// The devices behind mx.cpu or mx.gpu, null when there is none. Throws std::invalid_argument when
/// MLX_CL_DEVICE names nothing that exists.
Choice choose(DeviceType type);

std::string device_text(cl_device_id device, cl_device_info what);
template <typename T>
T device_value(cl_device_id device, cl_device_info what) {
  T value{};
  check(clGetDeviceInfo(device, what, sizeof value, &value, nullptr), "clGetDeviceInfo");
  return value;
}

}  // namespace mlx
