// The few matrix expressions that the derivatives of factorisations are written in.
#pragma once

#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/shape.h"

namespace mlx::linalg {

inline array transposed(const array& a) {
  return swapaxes(a, -1, -2);
}
inline array adjoint(const array& a) {
  return a.dtype().is_complex() ? conjugate(transposed(a)) : transposed(a);
}
inline array product(const array& a, const array& b) {
  return matmul(a, b);
}
template <typename... More>
array product(const array& a, const array& b, const More&... more) {
  return product(matmul(a, b), more...);
}
/// A vector that scales the rows, or the columns, of a matrix it is multiplied with.
inline array as_rows(const array& values) {
  return expand_dims(values, {-1});
}
inline array as_columns(const array& values) {
  return expand_dims(values, {-2});
}
inline array symmetric_part(const array& a) {
  return (a + adjoint(a)) * 0.5;
}
/// A real result of complex steps.
inline array as_dtype(const array& a, Dtype dtype) {
  return astype(a.dtype().is_complex() && !dtype.is_complex() ? real(a) : a, dtype);
}
/// The elements from `start` to `stop` along an axis counted from the end.
array along(const array& x, int axis, int start, int stop);
/// 1 on the diagonal of square matrices, and 0.
array unit_like(const array& a);

}  // namespace mlx::linalg
