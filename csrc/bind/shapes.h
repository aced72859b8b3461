// Operations by the parameter types that Python declares, where those are narrower or wider than the C++ function's.
#pragma once

#include "ops/int_sequence.h"
#include "ops/types.h"

namespace mlx {

/// `int | Sequence[int]` where the operation wants a shape either way.
struct IntOrShape {
  Shape value;
};

/// What `where` chooses by: the dtypes of its branches are weighed without it.
struct Condition {
  ScalarOrArray value;
};

namespace shapes {
array full(const IntOrShape& shape, const std::optional<ScalarOrArray>& vals, std::optional<Dtype> dtype,
           const std::optional<ScalarOrArray>& fill_value, StreamOrDevice s);
array zeros(const IntOrShape& shape, std::optional<Dtype> dtype, StreamOrDevice s);
array ones(const IntOrShape& shape, std::optional<Dtype> dtype, StreamOrDevice s);
array transpose(const array& a, const std::optional<IntSequence>& axes, const StreamOrDevice& s);
array slice(const array& a, const array& start, const IntSequence& axes, const Shape& size, const StreamOrDevice& s);
array slice_update(const array& a, const array& update, const array& start, const IntSequence& axes,
                   const StreamOrDevice& s);
array where(const Condition& condition, const ScalarOrArray& x, const ScalarOrArray& y, const StreamOrDevice& s);
array arange(const Scalar& start, const Scalar& stop, const std::optional<Scalar>& step, std::optional<Dtype> dtype,
             const std::optional<DeviceType>& device, const StreamOrDevice& s);
array arange_to(const Scalar& stop, const std::optional<Scalar>& step, std::optional<Dtype> dtype,
                const std::optional<DeviceType>& device, const StreamOrDevice& s);
/// astype as a method, where the stream may be given by position.
array astype(const array& a, Dtype dtype, const StreamOrDevice& s, std::optional<bool> copy);
}  // namespace shapes

}  // namespace mlx
