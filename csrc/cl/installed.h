// What was installed together with this library: kernels built ahead, and an OpenCL runtime for
// CPUs that pip put into the same Python environment, where no OpenCL loader looks for it.
#pragma once

#include <string>
#include <vector>

#include "cl/handle.h"

namespace mlx::installed {

/// How to get an OpenCL device for the CPU, for messages.
inline constexpr char cpu_runtimes[] =
    "install the package pocl-opencl-icd or, without root, run: pip install intel-opencl-rt "
    "intel-cmplr-lib-rt";

/// The folder of this library; empty when unknown.
std::string folder();
/// The file `name` in `folder`, in one of its parents or in a folder lib of those; empty when there
/// is none. A wheel's data go to the root of an environment or its lib, some levels above the
/// packages.
std::string find_above(const std::string& folder, const std::string& name);
/// The platforms of Intel's runtime for CPUs (intel-opencl-rt) in this library's environment, which
/// is loaded for this; none when there is none or it cannot be loaded.
std::vector<cl_platform_id> cpu_platforms();
/// The file of that runtime once cpu_platforms() has loaded it; else empty.
std::string loaded_runtime();

}  // namespace mlx::installed
