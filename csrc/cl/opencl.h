// The OpenCL API at the version we ask for, and its errors as exceptions. For sources of this floor
// and headers that only they include; cl/handle.h is for the others.
#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#ifdef __APPLE__
#include <OpenCL/cl.h>
#else
#include <CL/cl.h>
#endif

#include <stdexcept>
#include <string>

#include "cl/handle.h"

namespace mlx {

const char* error_name(cl_int code);  ///< "CL_OUT_OF_RESOURCES"

/// Throws std::runtime_error that names the call unless `code` is CL_SUCCESS.
void check(cl_int code, const char* call);

}  // namespace mlx
