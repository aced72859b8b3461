// The parts that rules about steps from files are made of, and the rules by name; import_check.cpp
// has the table of what they are for.
#pragma once

#include "graph/primitive.h"
#include "transforms/field_values.h"

namespace mlx::imported {

/// A step as a file says it; nothing of it has been checked.
struct Step {
  Primitive& primitive;
  const Arrays& in;
  const std::vector<Shape>& shapes;
  const std::vector<Dtype>& dtypes;
  FieldValues fields;
};

/// Throws std::runtime_error, which says what the step has that it may not have.
void require(bool fits, const Step& step, const char* what);
/// The outputs must have the shapes that output_shapes gives.
void follow(const Step& step);
/// The outputs must be like those of `expected`: what the function that makes such nodes gives for
/// the same inputs.
void gives(const Step& step, const Arrays& expected);

inline bool within(int64_t value, int64_t end) {
  return value >= 0 && value < end;
}
/// The field "axis", which must be an axis of that input.
int axis_of(const Step& step, size_t input = 0);
/// The field "axes", in ascending order, each once.
Axes axes_of(const Step& step, int ndim);
Shape shape_of(const Step& step, const char* name);
bool alike_but(const Shape& a, const Shape& b, int axis);
bool broadcasts(const Shape& from, const Shape& to);
Shape part(const Shape& shape, int from, int to);
Shape joined(Shape a, const Shape& b);

using Rule = void(const Step& step);
Rule along_axes, along_axis, along_last, check_addmm, check_arange, check_as_strided, check_as_type,
    check_attention, check_broadcast, check_concatenate, check_correlation, check_cross_entropy,
    check_depends, check_dequantize, check_dynamic_slice, check_dynamic_update, check_elementwise,
    check_expand_dims, check_flatten, check_fourier, check_fp8, check_full, check_gated_delta,
    check_gather, check_gather_axis, check_gather_mm, check_masked_copy, check_matmul, check_norm,
    check_norm_gradient, check_pad, check_quantize, check_quantized_matmul, check_random,
    check_recurrence, check_rope, check_scatter, check_scatter_axis, check_search, check_segmented,
    check_slice, check_slice_update, check_sort, check_square, check_transpose, check_view,
    check_where, of_one_shape;

}  // namespace mlx::imported
