// The argument types of operations beyond arrays, as their Python signatures name them.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ops/operand.h"

namespace mlx {

/// `None | int | Sequence[int]`: no value means every axis.
using OptionalAxes = std::optional<Axes>;
/// `int | Sequence[int]`.
using IntOrInts = std::variant<int, std::vector<int>>;
/// `Sequence[int]`, where Axes takes a single int, too.
struct IntSequence : std::vector<int> {
  using std::vector<int>::vector;
  IntSequence(std::vector<int> values) : std::vector<int>(std::move(values)) {}
};

/// `int | Sequence[int]` where the operation wants a shape either way.
struct IntOrShape {
  IntOrShape(Shape shape) : value(std::move(shape)) {}
  IntOrShape(std::initializer_list<int32_t> shape) : value(shape) {}
  IntOrShape(int32_t size) : value{size} {}
  Shape value;
};

/// Several arrays that Python sees as a tuple.
struct ArrayTuple {
  Arrays values;
};

}  // namespace mlx
