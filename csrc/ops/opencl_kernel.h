// Kernels that scripts write themselves: the body of an OpenCL C function over named arrays.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "ops/types.h"

namespace mlx::fast {

/// A value that the source names: a dtype becomes its OpenCL type, numbers become literals.
using TemplateValue = std::variant<bool, int64_t, Dtype>;
using Template = std::vector<std::pair<std::string, TemplateValue>>;

/// What a kernel consists of. The body sees each input and output as a pointer of its name; an input's `name_shape`,
/// `name_strides` (global const long*) and `name_ndim` (int) exist when the body mentions them.
struct OpenCLKernel {
  std::string name;
  std::vector<std::string> input_names, output_names;
  std::string source, header;
  bool ensure_row_contiguous = true;
  /// The OpenCL C text for inputs and outputs of these dtypes.
  std::string text(const Arrays& inputs, const std::vector<Dtype>& outputs, const Template& values) const;
};

/// How one call runs: `grid` work-items in groups of `group` (no zeros; the grid is rounded up to whole groups).
struct KernelRun {
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  std::vector<int64_t> grid, group;  ///< 3 each; an empty group leaves the choice to the driver
  Template values;
  std::optional<double> initial;  ///< outputs are filled with it first
  bool verbose = false;           ///< prints the text
};
/// Throws std::invalid_argument for counts that disagree, std::runtime_error with the log when evaluation finds that
/// the kernel does not build.
Arrays run_kernel(const OpenCLKernel& kernel, const Arrays& inputs, const KernelRun& run, StreamOrDevice s = {});

}  // namespace mlx::fast
