// Quantised weights: packing, unpacking and products with them.
//
// A quantisation mode packs each group of `group_size` values of the last axis into `bits`-bit
// codes with a shared scale: affine (code · scale + bias), mxfp4, mxfp8 (OCP microscaling: e2m1 or
// e4m3 codes, power-of-two scales) and nvfp4 (e2m1 codes, e4m3 scales). Rows of K values take K ·
// bits / 32 uint32 words and K / group_size scales.
#pragma once

#include <algorithm>
#include <bit>

#include "ops/types.h"

namespace mlx {

class Fields;

/// The parameters of a mode, completed and checked.
struct Quantization {
  std::string mode;
  int group_size, bits;
  bool operator==(const Quantization&) const = default;
  bool is_affine() const { return mode == "affine"; }
  /// For kernels: MODE, SCALE, BITS, GROUP, and S for plain scales.
  Defines defines(Dtype scales) const { return defines(scales, group_size); }
  /// For kernels that get the size of a group as `group_bits()`: one serves all groups from 32 up.
  Defines unit_defines(Dtype scales) const { return defines(scales, std::min(group_size, 32)); }
  int32_t group_bits() const { return std::countr_zero(unsigned(group_size)); }
  void fields(Fields& f);

 private:
  Defines defines(Dtype scales, int group) const;
};
/// Throws std::invalid_argument for unknown modes and for groups or bits that the mode does not
/// have.
Quantization quantization(const char* op, const std::optional<int>& group_size,
                          const std::optional<int>& bits, const std::string& mode);

/// Packed weights, scales and, for affine, biases, of floating `w` with at least two axes.
Arrays quantize(const array& w, std::optional<int> group_size = {}, std::optional<int> bits = {},
                const std::string& mode = "affine", const std::optional<array>& global_scale = {},
                StreamOrDevice s = {});
/// The values of packed weights; dtype of scales and biases (affine), float32 with a global scale,
/// else bfloat16, unless given.
array dequantize(const array& w, const array& scales, const std::optional<array>& biases = {},
                 std::optional<int> group_size = {}, std::optional<int> bits = {},
                 const std::string& mode = "affine", const std::optional<array>& global_scale = {},
                 std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// e4m3 codes in uint8, saturating at 448, and back.
array to_fp8(const array& x, StreamOrDevice s = {});
array from_fp8(const array& x, Dtype dtype = bfloat16, StreamOrDevice s = {});

/// x @ w.T (transpose) or x @ w for packed w.
array quantized_matmul(const array& x, const array& w, const array& scales,
                       const std::optional<array>& biases = {}, bool transpose = true,
                       std::optional<int> group_size = {}, std::optional<int> bits = {},
                       const std::string& mode = "affine", StreamOrDevice s = {});
/// The same for the matrices of x and w that the (broadcast) batch indices choose; all of them
/// without indices. `global_scale`: of each matrix of w, for nvfp4.
array gather_qmm(const array& x, const array& w, const array& scales,
                 const std::optional<array>& biases = {},
                 const std::optional<array>& lhs_indices = {},
                 const std::optional<array>& rhs_indices = {}, bool transpose = true,
                 std::optional<int> group_size = {}, std::optional<int> bits = {},
                 const std::string& mode = "affine", bool sorted_indices = false,
                 const std::optional<array>& global_scale = {}, StreamOrDevice s = {});
/// x @ w.T with x quantised on the way, and w too unless it comes packed with its scales.
array qqmm(const array& x, const array& w, const std::optional<array>& scales = {},
           std::optional<int> group_size = {}, std::optional<int> bits = {},
           const std::string& mode = "nvfp4", const std::optional<array>& global_scale_x = {},
           const std::optional<array>& global_scale_w = {}, StreamOrDevice s = {});
array gather_qqmm(const array& x, const array& w, const std::optional<array>& scales = {},
                  const std::optional<array>& lhs_indices = {},
                  const std::optional<array>& rhs_indices = {}, std::optional<int> group_size = {},
                  std::optional<int> bits = {}, const std::string& mode = "nvfp4",
                  const std::optional<array>& global_scale_x = {},
                  const std::optional<array>& global_scale_w = {}, bool sorted_indices = false,
                  StreamOrDevice s = {});

/// Checks packed weights against their scales and biases; the number of values in a row.
int unpacked_columns(const char* op, const Quantization& q, const array& w, const array& scales,
                     const std::optional<array>& biases);
/// The dtypes that code · scale and then the sum with the bias are rounded to.
struct Rounding {
  Dtype product, sum;
};
/// The common dtype of affine scales and biases; throws std::invalid_argument unless it is
/// floating.
Dtype parameter_dtype(const char* op, const array& scales, const array& biases);
/// Units [first, first + units) of rows [row, row + rows) of evaluated packed weights into the
/// dense memory of `out`.
void dequantize_into(const Quantization& q, const Arrays& packed, int64_t row, int64_t rows,
                     int64_t first, int64_t units, const array* global_scale, Dtype dtype,
                     const Rounding& rounding, const BufferArgument& out, Queue& queue);
/// Cotangents of affine scales and biases, given that of the values.
array scales_cotangent(const Quantization& q, const array& packed, const array& scales,
                       const array& g);
array biases_cotangent(const Quantization& q, const array& biases, const array& g);
/// Values in the fewest whole words: what kernels handle at a time.
inline int unit_size(const Quantization& q) {
  return q.group_size < 32 ? 16 : 32;
}

}  // namespace mlx
