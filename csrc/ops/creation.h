// Arrays from nothing: constants, ranges, identity and triangular matrices, windows.
#pragma once

#include "ops/types.h"

namespace mlx {

/// An array of `shape` filled with the (broadcast) value. A number takes `dtype` as beside an array
/// of it, an array keeps its own; bool_ gives truth values of either.
array full(IntOrShape shape, const Operand& value, std::optional<Dtype> dtype = {},
           StreamOrDevice s = {});
/// The same, converted to `dtype`.
array filled(Shape shape, const array& value, Dtype dtype, StreamOrDevice s = {});
array zeros(IntOrShape shape, std::optional<Dtype> dtype = {},
            StreamOrDevice s = {});  ///< float32 by default
array ones(IntOrShape shape, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// Filled with the value, converted to `dtype` (that of `a` by default); the shape of `a`.
array full_like(const array& a, const Operand& value, std::optional<Dtype> dtype = {},
                StreamOrDevice s = {});
array zeros_like(const array& a, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array ones_like(const array& a, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// start, start + step (1 by default), … below stop; int32, int64 or float32 by the numbers unless
/// `dtype` is given.
array arange(const Scalar& start, const Scalar& stop, const std::optional<Scalar>& step = {},
             std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// 0, 1, … below `length`.
array arange(int64_t length, Dtype dtype, StreamOrDevice s = {});
/// start, start + step, … of the given length; start and step are cast to `dtype` first.
array ramp(double start, double step, int64_t length, Dtype dtype, StreamOrDevice s = {});
/// `num` values from start to stop, the last one left out unless `endpoint`; float32 by default.
array linspace(const Operand& start, const Operand& stop, int num = 50, bool endpoint = true,
               std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// Ones on the k-th diagonal of an n × m matrix (m = n by default), zeros elsewhere.
array eye(int n, std::optional<int> m = {}, int k = 0, std::optional<Dtype> dtype = {},
          StreamOrDevice s = {});
array identity(int n, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// Ones on and below the k-th diagonal, zeros above.
array tri(int n, std::optional<int> m = {}, int k = 0, std::optional<Dtype> dtype = {},
          StreamOrDevice s = {});
// Windows of `M` float32 values; M < 1 gives none.
array bartlett(int M, StreamOrDevice s = {});
array hanning(int M, StreamOrDevice s = {});
array hamming(int M, StreamOrDevice s = {});
array blackman(int M, StreamOrDevice s = {});

}  // namespace mlx
