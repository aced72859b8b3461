// Shapes and strides: sizes, broadcasting, axes and the collapsing of dimensions.
#include "base/shape.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace mlx {

int64_t size_of(const Shape& shape) {
  // An axis without elements makes the product 0, however long the others are.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t size = 1;
  for (const int32_t extent : shape)
    if (__builtin_mul_overflow(size, int64_t(extent), &size))
      throw std::overflow_error("[array] the shape " + to_string(shape) +
                                " has more elements than 63 bits can count.");
  return size;
}

Strides row_major(const Shape& shape) {
  Strides strides(shape.size());
  // Unsigned, since the strides of an array without elements may wrap around; nothing reads them.
  uint64_t step = 1;
  for (int i = int(shape.size()) - 1; i >= 0; --i) {
    strides[i] = int64_t(step);
    step *= uint64_t(shape[i]);
  }
  return strides;
}

bool is_row_major(const Shape& shape, const Strides& strides) {
  int64_t step = 1;
  for (int i = int(shape.size()) - 1; i >= 0; --i) {
    if (shape[i] != 1 && strides[i] != step) return size_of(shape) == 0;
    step *= shape[i];
  }
  return true;
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? "," : "") + std::to_string(shape[i]);
  return text + ")";
}

Shape broadcast(const Shape& a, const Shape& b, const char* op) {
  if (a == b) return a;
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  const size_t lead = longer.size() - shorter.size();
  Shape result = longer;
  for (size_t i = 0; i < shorter.size(); ++i) {
    const int32_t x = longer[lead + i], y = shorter[i];
    if (x != y && x != 1 && y != 1)
      throw std::invalid_argument(std::string("[") + op + "] Shapes " + to_string(a) + " and " +
                                  to_string(b) + " cannot be broadcast.");
    result[lead + i] = x == 1 ? y : x;
  }
  return result;
}

Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& to) {
  const size_t lead = to.size() - shape.size();
  Strides result(to.size());
  for (size_t i = 0; i < shape.size(); ++i)
    result[lead + i] = shape[i] == 1 && to[lead + i] != 1 ? 0 : strides[i];
  return result;
}

int normalize_axis(int axis, int ndim, const char* op) {
  const int counted = axis < 0 ? axis + ndim : axis;
  if (counted >= 0 && counted < ndim) return counted;
  throw std::out_of_range(std::string("[") + op + "] axis " + std::to_string(axis) +
                          " is out of range for a " + std::to_string(ndim) + "-dimensional array.");
}

Axes normalize_axes(const Axes& axes, int ndim, const char* op) {
  Axes result;
  for (const int axis : axes) result.push_back(normalize_axis(axis, ndim, op));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end())
    throw std::invalid_argument(std::string("[") + op + "] the axes hold a duplicate.");
  return result;
}

Axes all_axes(int ndim) {
  Axes axes(ndim);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

int32_t dimension(int64_t size, const char* op) {
  if (size == int32_t(size)) return int32_t(size);
  throw std::overflow_error(
      std::string("[") + op + "] Shape dimension " + std::to_string(size) +
      " is outside the supported range [-2147483648, 2147483647]. MLX currently uses 32-bit "
      "integers for shape dimensions.");
}

Collapsed collapse_dims(const Shape& shape, const std::vector<const Strides*>& operands) {
  Collapsed result;
  result.strides.resize(operands.size());
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    bool merges = !result.shape.empty();
    for (size_t k = 0; k < operands.size() && merges; ++k)
      merges = result.strides[k].back() == (*operands[k])[i] * shape[i];
    merges =
        merges && int64_t(result.shape.back()) * shape[i] <= std::numeric_limits<int32_t>::max();
    if (merges) {
      result.shape.back() *= shape[i];
      for (size_t k = 0; k < operands.size(); ++k) result.strides[k].back() = (*operands[k])[i];
    } else {
      result.shape.push_back(shape[i]);
      for (size_t k = 0; k < operands.size(); ++k) result.strides[k].push_back((*operands[k])[i]);
    }
  }
  if (result.shape.empty()) {
    result.shape.push_back(1);
    for (auto& strides : result.strides) strides.push_back(1);
  }
  return result;
}

}  // namespace mlx
