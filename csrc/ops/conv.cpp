// Convolutions: argument checks, and their reduction to the three passes of one primitive.
#include "ops/conv.h"

#include <algorithm>

#include "base/error.h"
#include "graph/deferred.h"
#include "ops/convolution.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {
namespace {

std::vector<int> per_axis(const IntOrInts& value, int axes, const char* what) {
  if (const int* number = std::get_if<int>(&value)) return std::vector<int>(axes, *number);
  const auto& numbers = std::get<std::vector<int>>(value);
  if (numbers.size() == 1) return std::vector<int>(axes, numbers[0]);
  if (int(numbers.size()) != axes)
    fail("conv", "Invalid ", what, " of ", numbers.size(), " numbers for ", axes, "D convolution.");
  return numbers;
}

void require_positive(const std::vector<int>& sizes, const char* what) {
  for (const int size : sizes)
    if (size <= 0) fail("conv", what, " sizes must be positive. Got ", size, ".");
}

struct Arguments {
  int axes;
  std::vector<int> stride, low, high, kernel_dilation, input_dilation;
  int groups;
};

Arguments check(const array& input, const array& weight, const IntOrInts& stride,
                const Padding& padding, const IntOrInts& kernel_dilation,
                const IntOrInts& input_dilation, int groups) {
  const Dtype dtype = promote(input.dtype(), weight.dtype());
  if (!input.dtype().is_inexact() || !dtype.is_inexact())
    fail("conv", "Invalid input array with type ", input.dtype().name(),
         ". Convolution currently only supports floating point and complex types");
  const int axes = input.ndim() - 2;
  if (axes < 1 || axes > 3)
    fail("conv",
         "Only works for inputs with 1-3 spatial dimensions. The inputs must be in the format [N, "
         "..., C_in]");
  if (weight.ndim() != input.ndim())
    fail("conv", "the weight must have ", input.ndim(), " dimensions as the input has, not ",
         weight.ndim(), ".");
  if (groups < 1) fail("conv", "the number of groups must be positive. Got ", groups, ".");
  if (int64_t(weight.shape(-1)) * groups != input.shape(-1))
    fail(
        "conv",
        "Expect the input channels in the input and weight array to match but got shapes - input: ",
        to_string(input.shape()), " and weight: ", to_string(weight.shape()));
  if (weight.shape(0) % groups)
    fail("conv",
         "If groups > 1, the output channels must be divisible by the number of groups. Got ",
         weight.shape(0), " output channels and ", groups, " groups.");
  Arguments a{axes,
              per_axis(stride, axes, "stride"),
              {},
              {},
              per_axis(kernel_dilation, axes, "kernel dilation"),
              per_axis(input_dilation, axes, "input dilation"),
              groups};
  if (const auto* ends = std::get_if<2>(&padding)) {
    a.low = per_axis(ends->first, axes, "padding");
    a.high = per_axis(ends->second, axes, "padding");
  } else {
    const auto* number = std::get_if<int>(&padding);
    a.low = a.high =
        per_axis(number ? IntOrInts(*number) : IntOrInts(std::get<1>(padding)), axes, "padding");
  }
  require_positive(a.stride, "Stride");
  require_positive(a.kernel_dilation, "Kernel dilation");
  require_positive(a.input_dilation, "Input dilation");
  return a;
}

/// Sizes of the result's spatial axes.
std::vector<int32_t> window_counts(const array& input, const array& weight, const Arguments& a) {
  std::vector<int32_t> counts;
  for (int i = 0; i < a.axes; ++i) {
    const int64_t extent =
        input.shape(1 + i) ? int64_t(input.shape(1 + i) - 1) * a.input_dilation[i] + 1 : 0;
    const int64_t padded = extent + a.low[i] + a.high[i];
    const int64_t reach = int64_t(weight.shape(1 + i) - 1) * a.kernel_dilation[i] + 1;
    if (padded < reach || padded < 0)
      fail("conv",
           "Spatial dimensions of input after padding cannot be smaller than weight spatial "
           "dimensions. "
           "Got error at axis ",
           i + 1, " for input with shape ", to_string(input.shape()), ", padding low ", a.low[i],
           ", padding high ", a.high[i], ", and weight of shape ", to_string(weight.shape()), ".");
    counts.push_back(dimension((padded - reach) / a.stride[i] + 1, "conv"));
  }
  return counts;
}

Shape data_shape(int32_t batch, const std::vector<int32_t>& spatial, int32_t channels) {
  Shape shape{batch};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  shape.push_back(channels);
  return shape;
}

array flipped(const array& weight, const StreamOrDevice& s) {
  Shape start(weight.ndim(), 0), stop = weight.shape(), strides(weight.ndim(), 1);
  for (int i = 1; i + 1 < weight.ndim(); ++i) {
    start[i] = weight.shape(i) - 1;
    stop[i] = -weight.shape(i) - 1;
    strides[i] = -1;
  }
  return slice(weight, start, stop, strides, s);
}

bool all_are(const std::vector<int>& values, int wanted) {
  return std::all_of(values.begin(), values.end(), [&](int v) { return v == wanted; });
}

/// Exchanges the channel axes within each group: (O, …, C / groups) → (C, …, O / groups).
array exchanged_channels(const array& weight, int groups, const StreamOrDevice& s) {
  if (groups == 1) return swapaxes(weight, 0, -1, s);
  const array split = unflatten(weight, 0, {groups, -1}, s);  // (groups, O / groups, …, C / groups)
  return flatten(swapaxes(split, 1, -1, s), 0, 1, s);
}

/// A convolution of dilated input with unit stride is the input gradient of one with that stride,
/// under the flipped weight. No value when the padding has no counterpart there.
std::optional<array> transposed(const array& x, const array& weight, const Arguments& a,
                                const std::vector<int32_t>& counts, bool flip,
                                const StreamOrDevice& s) {
  if (!all_are(a.stride, 1) || x.size() == 0) return {};
  const array w = exchanged_channels(flip ? weight : flipped(weight, s), a.groups, s);
  Convolution window{x.dtype(),
                     data_shape(x.shape(0), counts, weight.shape(0)),
                     w.shape(),
                     x.shape(),
                     a.input_dilation,
                     {},
                     {},
                     a.kernel_dilation,
                     a.groups};
  for (int i = 0; i < a.axes; ++i) {
    const int reach = (weight.shape(1 + i) - 1) * a.kernel_dilation[i], low = reach - a.low[i];
    const int high = (x.shape(1 + i) - 1) * a.input_dilation[i] + reach + 1 - counts[i] - low;
    if (low < 0 || high <= -a.input_dilation[i]) return {};
    window.pad_low.push_back(low);
    window.pad_high.push_back(std::max(high, 0));
  }
  return correlate(window, Pass::input_gradient, x, w, s);
}

/// Zeros between the elements along the spatial axes.
array interleaved(const array& x, const std::vector<int>& dilation, const StreamOrDevice& s) {
  Shape shape = x.shape(), strides(x.ndim(), 1);
  for (size_t i = 0; i < dilation.size(); ++i) {
    if (shape[1 + i] > 0)
      shape[1 + i] = dimension(int64_t(shape[1 + i] - 1) * dilation[i] + 1, "conv");
    strides[1 + i] = dilation[i];
  }
  return slice_update(zeros(shape, x.dtype(), s), x, Shape(x.ndim(), 0), shape, strides, s);
}

/// Cuts off what negative padding removes.
array cropped(const array& x, Arguments& a, const StreamOrDevice& s) {
  Shape start(x.ndim(), 0), stop = x.shape();
  for (int i = 0; i < a.axes; ++i) {
    start[1 + i] = std::max(0, -a.low[i]);
    stop[1 + i] -= std::max(0, -a.high[i]);
    a.low[i] = std::max(0, a.low[i]);
    a.high[i] = std::max(0, a.high[i]);
  }
  const bool whole =
      stop == x.shape() && std::all_of(start.begin(), start.end(), [](int i) { return i == 0; });
  return whole ? x : slice(x, start, stop, s);
}

array transpose_general(const array& input, const array& weight, const IntOrInts& stride,
                        const IntOrInts& padding, const IntOrInts& dilation,
                        const IntOrInts& output_padding, int groups, const StreamOrDevice& s) {
  const int axes = input.ndim() - 2;
  if (axes < 1 || axes > 3 || weight.ndim() != input.ndim())
    return conv_general(input, weight, 1, 0, 1, 1, groups, true, s);  // fails with the message due
  const auto pads = per_axis(padding, axes, "padding"),
             steps = per_axis(dilation, axes, "dilation"),
             extra = per_axis(output_padding, axes, "output padding");
  std::vector<int> low, high;
  for (int i = 0; i < axes; ++i) {
    low.push_back(steps[i] * (weight.shape(1 + i) - 1) - pads[i]);
    high.push_back(low.back() + extra[i]);
  }
  return conv_general(input, weight, 1, std::pair(low, high), steps, stride, groups, true, s);
}

void require_axes(const array& input, int axes) {
  if (input.ndim() != axes + 2)
    fail("conv", "Invalid input array with ", input.ndim(), " dimensions; ", axes,
         "D convolution needs ", axes + 2, ".");
}

/// A convolution of arguments that are lists by now.
Arrays convolved(const Arrays& inputs, const std::vector<int>& stride, const std::vector<int>& low,
                 const std::vector<int>& high, const std::vector<int>& kernel_dilation,
                 const std::vector<int>& input_dilation, int groups, bool flip) {
  return {conv_general(inputs[0], inputs[1], stride, std::pair(low, high), kernel_dilation,
                       input_dilation, groups, flip)};
}

Arrays polynomial_product(const Arrays& inputs, const std::string& mode) {
  return {convolve(inputs[0], inputs[1], mode)};
}

}  // namespace

array conv_general(const array& input, const array& weight, const IntOrInts& stride,
                   const Padding& padding, const IntOrInts& kernel_dilation,
                   const IntOrInts& input_dilation, int groups, bool flip, StreamOrDevice s) {
  Arguments a = check(input, weight, stride, padding, kernel_dilation, input_dilation, groups);
  if (follows_shape(Arrays{input, weight}))
    return deferred<&convolved>({input, weight}, s, a.stride, a.low, a.high, a.kernel_dilation,
                                a.input_dilation, groups, flip);
  const Dtype dtype = promote(input.dtype(), weight.dtype());
  array x = astype(input, dtype, s);
  const array w = astype(weight, dtype, s);
  const std::vector<int32_t> counts = window_counts(x, w, a);
  if (!all_are(a.input_dilation, 1)) {
    if (const auto result = transposed(x, w, a, counts, flip, s)) return *result;
    x = interleaved(x, a.input_dilation, s);
  }
  x = cropped(x, a, s);
  const Convolution window{
      dtype,    x.shape(), w.shape(), data_shape(x.shape(0), counts, w.shape(0)),
      a.stride, a.low,     a.high,    a.kernel_dilation,
      groups};
  return correlate(window, Pass::forward, x, flip ? flipped(w, s) : w, s);
}

array conv1d(const array& input, const array& weight, int stride, int padding, int dilation,
             int groups, StreamOrDevice s) {
  return conv_general(input, weight, stride, padding, dilation, 1, groups, false, s);
}

template <typename Tuple>
IntOrInts listed(const std::variant<int, Tuple>& sizes) {
  if (const int* one = std::get_if<int>(&sizes)) return *one;
  return std::apply([](auto... each) { return std::vector<int>{each...}; }, std::get<Tuple>(sizes));
}

#define CONVOLUTION(name, axes, Sizes)                                                           \
  array name(const array& input, const array& weight, const Sizes& stride, const Sizes& padding, \
             const Sizes& dilation, int groups, StreamOrDevice s) {                              \
    require_axes(input, axes);                                                                   \
    const auto pads = per_axis(listed(padding), axes, "padding");                                \
    return conv_general(input, weight, listed(stride), pads, listed(dilation), 1, groups, false, \
                        s);                                                                      \
  }
CONVOLUTION(conv2d, 2, IntOrTwo)
CONVOLUTION(conv3d, 3, IntOrThree)
#undef CONVOLUTION

array conv_transpose1d(const array& input, const array& weight, int stride, int padding,
                       int dilation, int output_padding, int groups, StreamOrDevice s) {
  require_axes(input, 1);
  return transpose_general(input, weight, stride, padding, dilation, output_padding, groups, s);
}

array conv_transpose2d(const array& input, const array& weight, const IntOrTwo& stride,
                       const IntOrTwo& padding, const IntOrTwo& dilation,
                       const IntOrTwo& output_padding, int groups, StreamOrDevice s) {
  require_axes(input, 2);
  return transpose_general(input, weight, listed(stride), listed(padding), listed(dilation),
                           listed(output_padding), groups, s);
}

array conv_transpose3d(const array& input, const array& weight, const IntOrThree& stride,
                       const IntOrThree& padding, const IntOrThree& dilation,
                       const IntOrThree& output_padding, int groups, StreamOrDevice s) {
  require_axes(input, 3);
  return transpose_general(input, weight, listed(stride), listed(padding), listed(dilation),
                           listed(output_padding), groups, s);
}

array convolve(const array& a, const array& v, const std::string& mode, StreamOrDevice s) {
  if (a.ndim() != 1 || v.ndim() != 1) fail("convolve", "Inputs must be 1D.");
  if (a.size() == 0 || v.size() == 0) fail("convolve", "Inputs cannot be empty.");
  if (follows_shape(Arrays{a, v})) return deferred<&polynomial_product>({a, v}, s, mode);
  const array &longer = a.size() < v.size() ? v : a, &shorter = a.size() < v.size() ? a : v;
  const int reach = shorter.shape(0) - 1;
  std::pair<std::vector<int>, std::vector<int>> padding;
  if (mode == "full")
    padding = {{reach}, {reach}};
  else if (mode == "valid")
    padding = {{0}, {0}};
  else if (mode == "same")
    padding = {{reach - reach / 2}, {reach / 2}};
  else
    fail("convolve", "Invalid mode.");
  const array result = conv_general(reshape(longer, {1, -1, 1}, s), reshape(shorter, {1, -1, 1}, s),
                                    1, padding, 1, 1, 1, true, s);
  return reshape(result, {-1}, s);
}

static const std::vector<int> none;
static const Registered<DeferredCall<&polynomial_product>> polynomial_class("PolynomialProduct",
                                                                            std::string());
static const Registered<DeferredCall<&convolved>> convolved_class("Convolve", none, none, none,
                                                                  none, none, 0, false);

}  // namespace mlx
