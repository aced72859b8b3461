// The argument types of operations beyond arrays, as their Python signatures name them.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graph/array.h"

namespace mlx {

/// `None | int | Sequence[int]`: no value means every axis.
using OptionalAxes = std::optional<Axes>;
/// `int | Sequence[int]`.
using IntOrInts = std::variant<int, std::vector<int>>;
/// A Python number; weak in promotion.
using Scalar = std::variant<bool, int64_t, double, std::complex<float>>;
/// `scalar | array`.
using ScalarOrArray = std::variant<Scalar, array>;

/// Several arrays that Python sees as a tuple.
struct ArrayTuple {
  Arrays values;
};

/// The dtype a number has on its own: bool, int32 (int64 when too wide), float32, complex64.
Dtype dtype_of(const Scalar& number);
/// The dtype a number takes beside an array of `dtype`. Throws std::invalid_argument for an int that does not fit.
Dtype dtype_beside(const Scalar& number, Dtype dtype);
array to_array(const Scalar& number, Dtype dtype);
array to_array(const ScalarOrArray& value, std::optional<Dtype> dtype = {});
/// Two operands of a binary operation, numbers made arrays of the dtype they take beside the other.
std::pair<array, array> to_arrays(const ScalarOrArray& a, const ScalarOrArray& b);

}  // namespace mlx
