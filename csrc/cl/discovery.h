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
  bool is_cpu, is_pocl;
  bool is_minimal;  ///< PoCL's device that runs in the calling thread
};

struct Choice {
  const Offer* wide = nullptr;
  const Offer* small = nullptr;
};

/// Every device there is; empty when there is no OpenCL. The first call starts OpenCL.
const std::vector<Offer>& offers();
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
