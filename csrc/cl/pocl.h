// What is known of PoCL beyond OpenCL: how to have each kernel compiled once, and soon.
#pragma once

#include <string>

#include "cl/device.h"

namespace mlx::pocl {

/// Asks PoCL for its devices and for one build of a kernel that serves every launch. Before the
/// first OpenCL call.
void set_environment();

/// The binary of a program built for the wide device as one for the small device: both run the same
/// code, and only a hash of the device's name tells them apart. Empty when the binary does not look
/// as expected.
std::string for_small_device(std::string binary, const Device& device);

/// `text` with no kernel but `name`: the others become functions, which the compiler drops. PoCL
/// compiles every kernel of a program before it hands out a binary.
std::string only_kernel(std::string text, const std::string& name);

}  // namespace mlx::pocl
