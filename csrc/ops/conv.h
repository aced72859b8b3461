// Convolutions of channels-last data.
#pragma once

#include <string>
#include <tuple>
#include <variant>

#include "ops/types.h"

namespace mlx {

/// One number for every spatial axis, or exactly one for each.
using IntOrTwo = std::variant<int, std::tuple<int, int>>;
using IntOrThree = std::variant<int, std::tuple<int, int, int>>;
/// One number for both ends of every spatial axis, one per axis, or the lists for the low and for
/// the high ends.
using Padding = std::variant<int, std::vector<int>, std::pair<std::vector<int>, std::vector<int>>>;

/// Cross-correlation (convolution with `flip`) of input (N, spatial…, C) with weight (O, spatial…,
/// C / groups) over 1 to 3 spatial axes; result (N, spatial…, O). Negative padding crops. Floating
/// dtypes.
array conv_general(const array& input, const array& weight, const IntOrInts& stride = 1,
                   const Padding& padding = 0, const IntOrInts& kernel_dilation = 1,
                   const IntOrInts& input_dilation = 1, int groups = 1, bool flip = false,
                   StreamOrDevice s = {});

array conv1d(const array& input, const array& weight, int stride = 1, int padding = 0,
             int dilation = 1, int groups = 1, StreamOrDevice s = {});
array conv2d(const array& input, const array& weight, const IntOrTwo& stride = 1,
             const IntOrTwo& padding = 0, const IntOrTwo& dilation = 1, int groups = 1,
             StreamOrDevice s = {});
array conv3d(const array& input, const array& weight, const IntOrThree& stride = 1,
             const IntOrThree& padding = 0, const IntOrThree& dilation = 1, int groups = 1,
             StreamOrDevice s = {});

/// Length (L - 1) · stride - 2 · padding + dilation · (K - 1) + output_padding + 1 along each
/// spatial axis.
array conv_transpose1d(const array& input, const array& weight, int stride = 1, int padding = 0,
                       int dilation = 1, int output_padding = 0, int groups = 1,
                       StreamOrDevice s = {});
array conv_transpose2d(const array& input, const array& weight, const IntOrTwo& stride = 1,
                       const IntOrTwo& padding = 0, const IntOrTwo& dilation = 1,
                       const IntOrTwo& output_padding = 0, int groups = 1, StreamOrDevice s = {});
array conv_transpose3d(const array& input, const array& weight, const IntOrThree& stride = 1,
                       const IntOrThree& padding = 0, const IntOrThree& dilation = 1,
                       const IntOrThree& output_padding = 0, int groups = 1, StreamOrDevice s = {});

/// NumPy's convolve of two 1-d arrays; mode "full", "valid" or "same".
array convolve(const array& a, const array& v, const std::string& mode = "full",
               StreamOrDevice s = {});

}  // namespace mlx
