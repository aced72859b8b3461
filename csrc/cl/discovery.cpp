// Looks for OpenCL devices once, and gives them their roles.
#include "cl/discovery.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <mutex>

#include "base/env.h"
#include "base/error.h"
#include "cl/installed.h"
#include "cl/lifetime.h"
#include "cl/pocl.h"

namespace mlx {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool starts_with(const std::string& text, const char* prefix) {
  return text.rfind(prefix, 0) == 0;
}

template <typename Query, typename Object>
std::string text_of(Query query, const char* call, Object object, cl_uint what) {
  size_t size = 0;
  check(query(object, what, 0, nullptr, &size), call);
  std::string text(size, '\0');
  check(query(object, what, size, text.data(), nullptr), call);
  text.resize(size ? size - 1 : 0);
  return text;
}

std::string platform_text(cl_platform_id platform, cl_platform_info what) {
  return text_of(clGetPlatformInfo, "clGetPlatformInfo", platform, what);
}

void list_devices(cl_platform_id platform, int platform_number, std::vector<Offer>& found) {
  cl_uint count = 0;
  if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count) != CL_SUCCESS) return;
  std::vector<cl_device_id> devices(count);
  check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, devices.data(), nullptr),
        "clGetDeviceIDs");
  std::vector<Offer> offers;
  for (const cl_device_id device : devices) {
    const std::string name = device_text(device, CL_DEVICE_NAME);
    const std::string version = platform_text(platform, CL_PLATFORM_VERSION);
    const bool is_pocl = lower(version).find("pocl") != std::string::npos;
    const auto type = device_value<cl_device_type>(device, CL_DEVICE_TYPE);
    if (!device_value<cl_bool>(device, CL_DEVICE_AVAILABLE)) continue;
    offers.push_back({platform, device, platform_number, 0,
                      platform_text(platform, CL_PLATFORM_NAME), version, name,
                      device_text(device, CL_DRIVER_VERSION), (type & CL_DEVICE_TYPE_CPU) != 0,
                      (type & CL_DEVICE_TYPE_GPU) != 0, is_pocl,
                      is_pocl && (starts_with(name, "basic") || starts_with(name, "cpu-minimal"))});
  }
  // The minimal device goes last, so that numbers and names mean the full one first.
  std::stable_partition(offers.begin(), offers.end(),
                        [](const Offer& offer) { return !offer.is_minimal; });
  for (size_t i = 0; i < offers.size(); ++i) offers[i].device_number = int(i);
  found.insert(found.end(), offers.begin(), offers.end());
}

std::vector<Offer> discover() {
  pocl::set_environment();
  watch_forks();
  std::vector<Offer> found;
  cl_uint count = 0;
  if (clGetPlatformIDs(0, nullptr, &count) == CL_SUCCESS && count > 0) {
    std::vector<cl_platform_id> platforms(count);
    check(clGetPlatformIDs(count, platforms.data(), nullptr), "clGetPlatformIDs");
    for (cl_uint i = 0; i < count; ++i) list_devices(platforms[i], int(i), found);
  }
  const auto is_cpu = [](const Offer& offer) { return offer.is_cpu; };
  if (std::none_of(found.begin(), found.end(), is_cpu))
    for (const cl_platform_id platform : installed::cpu_platforms())
      list_devices(platform, int(count++), found);
  const auto is_pocl = [](const Offer& offer) { return offer.is_pocl; };
  if (std::any_of(found.begin(), found.end(), is_pocl)) pocl::explain_cache_folder();
  wait_at_exit();
  return found;
}

std::string numbers(const Offer& offer) {
  return std::to_string(offer.platform_number) + ":" + std::to_string(offer.device_number);
}

const Offer* named(const std::string& name) {
  std::string list;
  for (const Offer& offer : offers()) {
    if (answers_to(offer, name)) return &offer;
    list += "\n  " + numbers(offer) + "  " + offer.name + " (" + offer.platform_name + ")";
  }
  if (list.empty())
    fail("device", "MLX_CL_DEVICE=", name,
         " names no OpenCL device, for there is none. For the CPU, ", installed::cpu_runtimes, ".");
  fail("device", "MLX_CL_DEVICE=", name, " names no OpenCL device. There are:", list);
}

}  // namespace

std::string device_text(cl_device_id device, cl_device_info what) {
  return text_of(clGetDeviceInfo, "clGetDeviceInfo", device, what);
}

const std::vector<Offer>& offers() {
  require_original_process();
  static const auto* const found =
      new std::vector<Offer>(discover());  // leaked: outlives other statics
  return *found;
}

bool answers_to(const Offer& offer, const std::string& name) {
  const std::string wanted = lower(name);
  std::string text = offer.name + '\n' + offer.platform_name + '\n' + offer.platform_version +
                     '\n' +
                     (offer.is_cpu   ? "cpu"
                      : offer.is_gpu ? "gpu"
                                     : "accelerator");
  // PoCL's two devices by the names of all its versions.
  if (offer.is_pocl) text += offer.is_minimal ? "\nbasic\ncpu-minimal" : "\npthread";
  return numbers(offer) == wanted || lower(text).find(wanted) != std::string::npos;
}

Choice choose_among(const std::vector<Offer>& all, DeviceType type) {
  Choice choice;
  const auto first_gpu =
      std::find_if(all.begin(), all.end(), [](const Offer& o) { return o.is_gpu; });
  const Offer* const gpu = first_gpu == all.end() ? nullptr : &*first_gpu;
  if (type == DeviceType::gpu) return {gpu, nullptr};
  for (const Offer& offer : all) {
    const bool better = !choice.wide || (offer.is_pocl && !choice.wide->is_pocl);
    if (offer.is_cpu && better) choice.wide = &offer;
  }
  if (!choice.wide) choice.wide = gpu;
  if (!choice.wide || !choice.wide->is_pocl || choice.wide->is_minimal) return choice;
  for (const Offer& offer : all)
    if (offer.is_minimal && offer.platform == choice.wide->platform) choice.small = &offer;
  return choice;
}

Choice choose(DeviceType type) {
  if (type == DeviceType::gpu && !env::device().empty()) return {named(env::device()), nullptr};
  return choose_among(offers(), type);
}

}  // namespace mlx
