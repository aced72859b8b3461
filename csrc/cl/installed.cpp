// Finds what was installed together with this library. The loader of OpenCL knows the runtimes that
// /etc/OpenCL/vendors lists, which takes root to write. A runtime's objects carry the table of its
// functions that the loader goes by, so a platform that is asked of the runtime itself serves as
// well as one that the loader found.
#include "cl/installed.h"

#include <dlfcn.h>

#include <filesystem>

#include "cl/opencl.h"
#include "cl/trace.h"

namespace mlx::installed {
namespace {

namespace fs = std::filesystem;

using GetPlatforms = cl_int (*)(cl_uint, cl_platform_id*, cl_uint*);

/// The function by which an OpenCL loader asks a runtime for its platforms, null without one.
GetPlatforms platforms_of(void* runtime) {
  const auto extension =
      reinterpret_cast<void* (*)(const char*)>(dlsym(runtime, "clGetExtensionFunctionAddress"));
  return extension ? reinterpret_cast<GetPlatforms>(extension("clIcdGetPlatformIDsKHR")) : nullptr;
}

/// Written once, while devices are discovered.
std::string& loaded() {
  static auto* const file = new std::string;
  return *file;
}

}  // namespace

std::string folder() {
  Dl_info facts;
  if (!dladdr(reinterpret_cast<const void*>(&folder), &facts) || !facts.dli_fname) return "";
  return fs::path(facts.dli_fname).parent_path();
}

std::string find_above(const std::string& folder, const std::string& name) {
  std::error_code error;
  fs::path place = fs::absolute(folder, error);
  for (int level = 0; !error && level < 6; ++level, place = place.parent_path()) {
    for (const fs::path& file : {place / name, place / "lib" / name})
      if (fs::is_regular_file(file, error)) return file;
    error.clear();
  }
  return "";
}

std::vector<cl_platform_id> cpu_platforms() {
  const std::string start = folder();
  const std::string file = start.empty() ? "" : find_above(start, "libintelocl.so");
  if (file.empty()) return {};
  void* const runtime = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // for as long as we live
  const GetPlatforms get = runtime ? platforms_of(runtime) : nullptr;
  cl_uint count = 0;
  if (!get || get(0, nullptr, &count) != CL_SUCCESS) {
    const char* const why = runtime ? nullptr : dlerror();
    trace::write_line("the OpenCL runtime " + file +
                      " cannot be used: " + (why ? why : "it offers no platform"));
    return {};
  }
  std::vector<cl_platform_id> platforms(count);
  check(get(count, platforms.data(), nullptr), "clIcdGetPlatformIDsKHR");
  loaded() = file;
  return platforms;
}

std::string loaded_runtime() {
  return loaded();
}

}  // namespace mlx::installed
