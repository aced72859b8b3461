// What is known of PoCL beyond OpenCL: how to have each kernel compiled once, and soon.
#pragma once

#include <string>

#include "cl/device.h"

namespace mlx::pocl {

/// Asks PoCL for its devices and for one build of a kernel that serves every launch. Before the
/// first OpenCL call.
void set_environment();

/// Gives PoCL another folder for its kernels where it cannot write its own. Before the first OpenCL
/// call.
void choose_cache_folder();
/// Tells the user once of the folder that was chosen instead, if any. Where there is PoCL.
void explain_cache_folder();
/// A sentence for errors when PoCL cannot write kernels; else empty.
std::string cache_trouble();

/// The binary of a program built for the wide device as one for the small device: both run the same
/// code, and only a hash of the device's name tells them apart. Empty when the binary does not look
/// as expected.
std::string for_small_device(std::string binary, const Device& device);

/// `text` with no kernel but `name`: the others become functions, which the compiler drops. PoCL
/// compiles every kernel of a program before it hands out a binary.
std::string only_kernel(std::string text, const std::string& name);

}  // namespace mlx::pocl
