// Arrays from nothing: constants, ranges, identity and triangular matrices, windows.
#pragma once

#include "ops/types.h"

namespace mlx {

/// An array of `shape` filled with the (broadcast) value, converted to `dtype`.
array full(Shape shape, const array& value, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array zeros(Shape shape, Dtype dtype = float32, StreamOrDevice s = {});
array ones(Shape shape, Dtype dtype = float32, StreamOrDevice s = {});
/// Filled with `value`, in its dtype; the shape of `a`.
array full_like(const array& a, const array& value, StreamOrDevice s = {});
array zeros_like(const array& a, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array ones_like(const array& a, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// start, start + step, … of the given length; start and step are cast to `dtype` first.
array arange(double start, double step, int64_t length, Dtype dtype, StreamOrDevice s = {});
/// 0, 1, … below `length`.
array arange(int64_t length, Dtype dtype, StreamOrDevice s = {});
/// `num` values from start to stop, the last one left out unless `endpoint`.
array linspace(const array& start, const array& stop, int num = 50, bool endpoint = true, Dtype dtype = float32,
               StreamOrDevice s = {});
/// Ones on the k-th diagonal of an n × m matrix (m = n by default), zeros elsewhere.
array eye(int n, std::optional<int> m = {}, int k = 0, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array identity(int n, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
/// Ones on and below the k-th diagonal, zeros above.
array tri(int n, std::optional<int> m = {}, int k = 0, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
// Windows of `M` float32 values; M < 1 gives none.
array bartlett(int M, StreamOrDevice s = {});
array hanning(int M, StreamOrDevice s = {});
array hamming(int M, StreamOrDevice s = {});
array blackman(int M, StreamOrDevice s = {});

// The forms that Python calls.
namespace python {
array full(const Shape& shape, const std::optional<ScalarOrArray>& vals, std::optional<Dtype> dtype,
           const std::optional<ScalarOrArray>& fill_value, StreamOrDevice s);
array full_like(const array& a, const std::optional<ScalarOrArray>& vals, std::optional<Dtype> dtype,
                const std::optional<ScalarOrArray>& fill_value, StreamOrDevice s);
array zeros(const Shape& shape, std::optional<Dtype> dtype, StreamOrDevice s);
array ones(const Shape& shape, std::optional<Dtype> dtype, StreamOrDevice s);
array arange(const std::optional<Scalar>& start, const std::optional<Scalar>& stop, const std::optional<Scalar>& step,
             std::optional<Dtype> dtype, StreamOrDevice s);
array linspace(const ScalarOrArray& start, const ScalarOrArray& stop, int num, bool endpoint,
               std::optional<Dtype> dtype, StreamOrDevice s);
}  // namespace python

}  // namespace mlx
