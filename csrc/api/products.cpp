// Products of matrices, quantised matrices, convolutions and einsum of the public interface.
#include "api/convert.h"
#include "mlx/einsum.h"
#include "mlx/ops/conv.h"
#include "mlx/ops/matmul.h"
#include "mlx/ops/quantize.h"
#include "ops/conv.h"
#include "ops/einsum.h"
#include "ops/gather_mm.h"
#include "ops/matmul.h"
#include "ops/quantize.h"

namespace mlx::core {

using std::optional;

array matmul(const array& a, const array& b, StreamOrDevice s) {
  return out(mlx::matmul(in(a), in(b), in(s)));
}
array addmm(array c, array a, array b, float alpha, float beta, StreamOrDevice s) {
  return out(mlx::addmm(in(c), in(a), in(b), alpha, beta, in(s)));
}
array inner(const array& a, const array& b, StreamOrDevice s) {
  return out(mlx::inner(in(a), in(b), in(s)));
}
array outer(const array& a, const array& b, StreamOrDevice s) {
  return out(mlx::outer(in(a), in(b), in(s)));
}
array vecdot(const array& a, const array& b, int axis, StreamOrDevice s) {
  return out(mlx::vecdot(in(a), in(b), axis, in(s)));
}
array kron(const array& a, const array& b, StreamOrDevice s) {
  return out(mlx::kron(in(a), in(b), in(s)));
}
array tensordot(const array& a, const array& b, int axis, StreamOrDevice s) {
  return out(mlx::tensordot(in(a), in(b), axis, in(s)));
}
array tensordot(const array& a, const array& b, const std::vector<int>& axes_a,
                const std::vector<int>& axes_b, StreamOrDevice s) {
  const std::vector<mlx::IntSequence> axes{axes_a, axes_b};
  return out(mlx::tensordot(in(a), in(b), axes, in(s)));
}
array hadamard_transform(const array& a, optional<float> scale, StreamOrDevice s) {
  return out(mlx::hadamard_transform(in(a), scale, in(s)));
}
array block_masked_mm(array a, array b, int block_size, optional<array> mask_out,
                      optional<array> mask_lhs, optional<array> mask_rhs, StreamOrDevice s) {
  return out(mlx::block_masked_mm(in(a), in(b), block_size, in(mask_out), in(mask_lhs),
                                  in(mask_rhs), in(s)));
}
array gather_mm(array a, array b, optional<array> lhs_indices, optional<array> rhs_indices,
                bool sorted_indices, StreamOrDevice s) {
  return out(mlx::gather_mm(in(a), in(b), in(lhs_indices), in(rhs_indices), sorted_indices, in(s)));
}
array segmented_mm(array a, array b, array segments, StreamOrDevice s) {
  return out(mlx::segmented_mm(in(a), in(b), in(segments), in(s)));
}

std::pair<std::vector<std::vector<int>>, std::string> einsum_path(
    const std::string& subscripts, const std::vector<array>& operands) {
  const auto [path, text] = mlx::einsum_path(subscripts, in(operands));
  std::vector<std::vector<int>> steps;
  for (const Shape& step : path) steps.emplace_back(step.begin(), step.end());
  return {steps, text};
}
array einsum(const std::string& subscripts, const std::vector<array>& operands, StreamOrDevice s) {
  return out(mlx::einsum(subscripts, in(operands), in(s)));
}

std::vector<array> quantize(const array& w, optional<int> group_size, optional<int> bits,
                            const std::string& mode, const optional<array>& global_scale,
                            StreamOrDevice s) {
  return out(mlx::quantize(in(w), group_size, bits, mode, in(global_scale), in(s)));
}
array dequantize(const array& w, const array& scales, const optional<array>& biases,
                 optional<int> group_size, optional<int> bits, const std::string& mode,
                 const optional<array>& global_scale, optional<Dtype> dtype, StreamOrDevice s) {
  return out(mlx::dequantize(in(w), in(scales), in(biases), group_size, bits, mode,
                             in(global_scale), in(dtype), in(s)));
}
array to_fp8(array x, StreamOrDevice s) {
  return out(mlx::to_fp8(in(x), in(s)));
}
array from_fp8(array x, Dtype dtype, StreamOrDevice s) {
  return out(mlx::from_fp8(in(x), in(dtype), in(s)));
}
array quantized_matmul(const array& x, const array& w, const array& scales,
                       const optional<array>& biases, bool transpose, optional<int> group_size,
                       optional<int> bits, const std::string& mode, StreamOrDevice s) {
  return out(mlx::quantized_matmul(in(x), in(w), in(scales), in(biases), transpose, group_size,
                                   bits, mode, in(s)));
}
array qqmm(const array& x, const array& w, const optional<array>& w_scales,
           optional<int> group_size, optional<int> bits, const std::string& mode,
           const optional<array>& global_scale_x, const optional<array>& global_scale_w,
           StreamOrDevice s) {
  return out(mlx::qqmm(in(x), in(w), in(w_scales), group_size, bits, mode, in(global_scale_x),
                       in(global_scale_w), in(s)));
}
array gather_qmm(const array& x, const array& w, const array& scales, const optional<array>& biases,
                 optional<array> lhs_indices, optional<array> rhs_indices, bool transpose,
                 optional<int> group_size, optional<int> bits, const std::string& mode,
                 const optional<array>& global_scale, bool sorted_indices, StreamOrDevice s) {
  return out(mlx::gather_qmm(in(x), in(w), in(scales), in(biases), in(lhs_indices), in(rhs_indices),
                             transpose, group_size, bits, mode, sorted_indices, in(global_scale),
                             in(s)));
}
array gather_qqmm(const array& x, const array& w, const optional<array>& scales_w,
                  const optional<array>& lhs_indices, const optional<array>& rhs_indices,
                  optional<int> group_size, optional<int> bits, const std::string& mode,
                  const optional<array>& global_scale_x, const optional<array>& global_scale_w,
                  bool sorted_indices, StreamOrDevice s) {
  return out(mlx::gather_qqmm(in(x), in(w), in(scales_w), in(lhs_indices), in(rhs_indices),
                              group_size, bits, mode, in(global_scale_x), in(global_scale_w),
                              sorted_indices, in(s)));
}

using Pair = std::pair<int, int>;
using Triple = std::tuple<int, int, int>;

array conv_general(array input, array weight, std::vector<int> stride, std::vector<int> padding_lo,
                   std::vector<int> padding_hi, std::vector<int> kernel_dilation,
                   std::vector<int> input_dilation, int groups, bool flip, StreamOrDevice s) {
  const auto or_ones = [](std::vector<int> values) {
    return values.empty() ? mlx::IntOrInts(1) : mlx::IntOrInts(std::move(values));
  };
  const mlx::Padding padding =
      padding_lo.empty() && padding_hi.empty()
          ? mlx::Padding(0)
          : mlx::Padding(std::make_pair(padding_lo, padding_hi.empty() ? padding_lo : padding_hi));
  return out(mlx::conv_general(in(input), in(weight), or_ones(std::move(stride)), padding,
                               or_ones(std::move(kernel_dilation)),
                               or_ones(std::move(input_dilation)), groups, flip, in(s)));
}
array conv_general(const array& input, const array& weight, std::vector<int> stride,
                   std::vector<int> padding, std::vector<int> kernel_dilation,
                   std::vector<int> input_dilation, int groups, bool flip, StreamOrDevice s) {
  return conv_general(input, weight, std::move(stride), padding, padding,
                      std::move(kernel_dilation), std::move(input_dilation), groups, flip, s);
}
array conv1d(const array& input, const array& weight, int stride, int padding, int dilation,
             int groups, StreamOrDevice s) {
  return out(mlx::conv1d(in(input), in(weight), stride, padding, dilation, groups, in(s)));
}
array conv2d(const array& input, const array& weight, const Pair& stride, const Pair& padding,
             const Pair& dilation, int groups, StreamOrDevice s) {
  return out(mlx::conv2d(in(input), in(weight), stride, padding, dilation, groups, in(s)));
}
array conv3d(const array& input, const array& weight, const Triple& stride, const Triple& padding,
             const Triple& dilation, int groups, StreamOrDevice s) {
  return out(mlx::conv3d(in(input), in(weight), stride, padding, dilation, groups, in(s)));
}
array conv_transpose1d(const array& input, const array& weight, int stride, int padding,
                       int dilation, int output_padding, int groups, StreamOrDevice s) {
  return out(mlx::conv_transpose1d(in(input), in(weight), stride, padding, dilation, output_padding,
                                   groups, in(s)));
}
array conv_transpose2d(const array& input, const array& weight, const Pair& stride,
                       const Pair& padding, const Pair& dilation, const Pair& output_padding,
                       int groups, StreamOrDevice s) {
  return out(mlx::conv_transpose2d(in(input), in(weight), stride, padding, dilation, output_padding,
                                   groups, in(s)));
}
array conv_transpose3d(const array& input, const array& weight, const Triple& stride,
                       const Triple& padding, const Triple& dilation, const Triple& output_padding,
                       int groups, StreamOrDevice s) {
  return out(mlx::conv_transpose3d(in(input), in(weight), stride, padding, dilation, output_padding,
                                   groups, in(s)));
}

}  // namespace mlx::core
