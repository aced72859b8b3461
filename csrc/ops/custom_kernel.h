// Kernels that scripts write themselves: the body of a function over named arrays, in OpenCL C or
// in Metal.
#pragma once

#include <string>
#include <vector>

#include "graph/primitive.h"
#include "ops/types.h"

namespace mlx::fast {

/// A value that the source names: a dtype becomes the type of its values, numbers become literals.
struct TemplateValue {
  enum Kind { flag, integer, dtype };
  friend Names names_of(Kind) {
    static constexpr const char* names[] = {"flag", "integer", "dtype"};
    return names;
  }
  std::string name;
  Kind kind = integer;
  int64_t value = 0;  ///< a dtype's id
};

/// What a kernel consists of. In OpenCL C the body sees each input and output as a pointer of its
/// name; an input's `name_shape`, `name_strides` (global const long*) and `name_ndim` (int) exist
/// when the body mentions them.
struct CustomSource {
  enum Language { opencl, metal };
  friend Names names_of(Language) {
    static constexpr const char* names[] = {"opencl", "metal"};
    return names;
  }
  Language language = opencl;
  std::string name;
  std::vector<std::string> input_names, output_names;
  std::string source, header;
  bool ensure_row_contiguous = true;
  const char* op() const { return language == opencl ? "opencl_kernel" : "metal_kernel"; }
  /// The OpenCL C text for inputs and outputs of these dtypes.
  std::string text(const Arrays& inputs, const std::vector<Dtype>& outputs,
                   const std::vector<TemplateValue>& values) const;
};

/// How one call runs: `grid` work-items in groups of `group` (no zeros; the grid is rounded up to
/// whole groups).
struct KernelRun {
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  std::vector<int64_t> grid, group;  ///< 3 each; an empty group leaves the choice to the driver
  std::vector<TemplateValue> values;
  std::optional<double> initial;  ///< outputs are filled with it first
  bool verbose = false;           ///< prints the text
};

/// Throws std::invalid_argument for counts that disagree, std::runtime_error with the log when
/// evaluation finds that the kernel does not build or, for Metal, cannot be translated.
Arrays run_kernel(const CustomSource& source, const Arrays& inputs, const KernelRun& run,
                  StreamOrDevice s = {});

}  // namespace mlx::fast
