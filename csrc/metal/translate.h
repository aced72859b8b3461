// Metal kernels as OpenCL C: text in, text out. This floor knows neither arrays nor devices.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mlx::metal {

struct KernelArgument {
  std::string name, type;  ///< the type of an element as Metal calls it
  bool is_scalar = false;  ///< an input without dimensions, which the source sees as a value
  int dimensions = 0;
};

/// What the source names and the caller chooses.
struct KernelConstant {
  std::string name, type;  ///< type: of the constant, or what the name stands for
  bool is_type = false;
  int64_t value = 0;
};

struct Kernel {
  std::string name, header, source;
  std::string support;  ///< kernels/metal.clh, which the text calls
  std::vector<KernelArgument> inputs, outputs;
  std::vector<KernelConstant> constants;
  std::array<int64_t, 3> group{1, 1, 1};
  /// The grid is not a multiple of the group in this dimension: work-items beyond it take part in
  /// barriers only.
  std::array<bool, 3> ragged{};
};

/// The OpenCL C text of kernel `metal_<name>`, with the support in it. Its
/// arguments are, for each input, buffer and offset, then those of its shape and strides (int and
/// long) where the source mentions them; for each output, buffer and offset; at last the grid as
/// three uints. Throws Untranslatable.
std::string translate(const Kernel& kernel);

/// Whether the source mentions `name`, one of an input's companions (x_shape, x_strides, x_ndim).
bool mentions(const Kernel& kernel, const std::string& name);

}  // namespace mlx::metal
