// The OpenCL C text of a Metal kernel for the arrays that it is called with.
#pragma once

#include "cl/program.h"
#include "ops/custom_kernel.h"

namespace mlx::fast {

/// The group that runs: no larger than the grid in any dimension.
std::vector<int64_t> metal_group(const KernelRun& run);

/// Translated once for each text, template, element types and group. Throws std::runtime_error that
/// names the line and the construct for what cannot be translated.
const std::string& metal_text(const CustomSource& kernel, const Arrays& inputs,
                              const KernelRun& run);

/// The kernel of that text on a device, found without the text when it was asked for before.
Kernel& metal_program(const CustomSource& kernel, const Arrays& inputs, const KernelRun& run,
                      Device& device);

/// The Metal text with numbered lines, for messages.
std::string numbered_metal(const CustomSource& kernel);

}  // namespace mlx::fast
