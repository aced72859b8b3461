// Reductions, sorting and scans of the public interface.
#include "ops/reduce.h"

#include <limits>

#include "api/convert.h"
#include "base/error.h"
#include "mlx/ops/elementwise.h"
#include "mlx/ops/reduce.h"
#include "mlx/ops/scan.h"
#include "mlx/ops/sort.h"
#include "ops/creation.h"
#include "ops/scan.h"
#include "ops/softmax.h"
#include "ops/sort.h"

namespace mlx::core {

// Four overloads each: over everything, with and without keepdims, over axes, over one axis.
#define REDUCTION(result, name)                                                                \
  result name(const array& a, bool keepdims, StreamOrDevice s) {                               \
    return out(mlx::name(in(a), {}, keepdims, in(s)));                                         \
  }                                                                                            \
  result name(const array& a, StreamOrDevice s) {                                              \
    return name(a, false, s);                                                                  \
  }                                                                                            \
  result name(const array& a, const std::vector<int>& axes, bool keepdims, StreamOrDevice s) { \
    return out(mlx::name(in(a), axes, keepdims, in(s)));                                       \
  }                                                                                            \
  result name(const array& a, int axis, bool keepdims, StreamOrDevice s) {                     \
    return name(a, std::vector<int>{axis}, keepdims, s);                                       \
  }
REDUCTION(array, all)
REDUCTION(array, any)
REDUCTION(array, sum)
REDUCTION(array, prod)
REDUCTION(array, min)
REDUCTION(array, max)
REDUCTION(array, mean)
REDUCTION(array, median)
REDUCTION(array, logsumexp)

array count_nonzero(const array& a, bool keepdims, StreamOrDevice s) {
  return out(mlx::count_nonzero(in(a), {}, keepdims, in(s)));
}
array count_nonzero(const array& a, const std::vector<int>& axes, bool keepdims, StreamOrDevice s) {
  return out(mlx::count_nonzero(in(a), axes, keepdims, in(s)));
}
array count_nonzero(const array& a, int axis, bool keepdims, StreamOrDevice s) {
  return count_nonzero(a, std::vector<int>{axis}, keepdims, s);
}

std::tuple<array, array> minmax(const array& a, bool keepdims, StreamOrDevice s) {
  return out(mlx::minmax(in(a), {}, keepdims, in(s)));
}
std::tuple<array, array> minmax(const array& a, StreamOrDevice s) {
  return minmax(a, false, s);
}
std::tuple<array, array> minmax(const array& a, const std::vector<int>& axes, bool keepdims,
                                StreamOrDevice s) {
  return out(mlx::minmax(in(a), axes, keepdims, in(s)));
}
std::tuple<array, array> minmax(const array& a, int axis, bool keepdims, StreamOrDevice s) {
  return minmax(a, std::vector<int>{axis}, keepdims, s);
}

#define DEVIATION(name)                                                             \
  array name(const array& a, bool keepdims, int ddof, StreamOrDevice s) {           \
    return out(mlx::name(in(a), {}, keepdims, ddof, in(s)));                        \
  }                                                                                 \
  array name(const array& a, StreamOrDevice s) {                                    \
    return name(a, false, 0, s);                                                    \
  }                                                                                 \
  array name(const array& a, const std::vector<int>& axes, bool keepdims, int ddof, \
             StreamOrDevice s) {                                                    \
    return out(mlx::name(in(a), axes, keepdims, ddof, in(s)));                      \
  }                                                                                 \
  array name(const array& a, int axis, bool keepdims, int ddof, StreamOrDevice s) { \
    return name(a, std::vector<int>{axis}, keepdims, ddof, s);                      \
  }
DEVIATION(var)
DEVIATION(std)

#define POSITION(name)                                                    \
  array name(const array& a, bool keepdims, StreamOrDevice s) {           \
    return out(mlx::name(in(a), {}, keepdims, in(s)));                    \
  }                                                                       \
  array name(const array& a, StreamOrDevice s) {                          \
    return name(a, false, s);                                             \
  }                                                                       \
  array name(const array& a, int axis, bool keepdims, StreamOrDevice s) { \
    return out(mlx::name(in(a), axis, keepdims, in(s)));                  \
  }
POSITION(argmin)
POSITION(argmax)

array trace(const array& a, int offset, int axis1, int axis2, Dtype dtype, StreamOrDevice s) {
  return out(mlx::trace(in(a), offset, axis1, axis2, in(dtype), in(s)));
}
array trace(const array& a, int offset, int axis1, int axis2, StreamOrDevice s) {
  return out(mlx::trace(in(a), offset, axis1, axis2, {}, in(s)));
}
array trace(const array& a, StreamOrDevice s) {
  return trace(a, 0, 0, 1, s);
}

array softmax(const array& a, const std::vector<int>& axes, bool precise, StreamOrDevice s) {
  return out(mlx::softmax(in(a), axes, precise, in(s)));
}
array softmax(const array& a, bool precise, StreamOrDevice s) {
  return out(mlx::softmax(in(a), {}, precise, in(s)));
}
array softmax(const array& a, int axis, bool precise, StreamOrDevice s) {
  return softmax(a, std::vector<int>{axis}, precise, s);
}

array number_of_elements(const array& a, std::vector<int> axes, bool inverted, Dtype dtype,
                         StreamOrDevice s) {
  double count = 1;
  for (const int axis : axes)
    count *= a.shape()[size_t(normalize_axis(axis, int(a.ndim()), "number_of_elements"))];
  return out(mlx::full(Shape{}, inverted ? 1 / count : count, in(dtype), in(s)));
}

// Sorting: without an axis, the flattened array.
#define SORTED(name)                                       \
  array name(const array& a, StreamOrDevice s) {           \
    return out(mlx::name(in(a), {}, in(s)));               \
  }                                                        \
  array name(const array& a, int axis, StreamOrDevice s) { \
    return out(mlx::name(in(a), axis, in(s)));             \
  }
SORTED(sort)
SORTED(argsort)

#define SELECTED(name)                                              \
  array name(const array& a, int kth, StreamOrDevice s) {           \
    return out(mlx::name(in(a), kth, {}, in(s)));                   \
  }                                                                 \
  array name(const array& a, int kth, int axis, StreamOrDevice s) { \
    return out(mlx::name(in(a), kth, axis, in(s)));                 \
  }
SELECTED(partition)
SELECTED(argpartition)
SELECTED(topk)

array searchsorted(const array& sorted_sequence, const array& values, const std::string& side,
                   StreamOrDevice s) {
  return out(mlx::searchsorted(in(sorted_sequence), in(values), side, in(s)));
}
std::vector<array> unique(const array& a, int size, bool return_index, bool return_inverse,
                          bool return_counts, const std::optional<array>& fill_value,
                          StreamOrDevice s) {
  const auto fill = fill_value ? std::optional<mlx::Operand>(in(*fill_value)) : std::nullopt;
  const auto result =
      mlx::unique(in(a), size, return_index, return_inverse, return_counts, fill, in(s));
  if (const auto* several = std::get_if<mlx::ArrayTuple>(&result)) return out(several->values);
  return {out(std::get<mlx::array>(result))};
}

// Scans: without an axis, over the flattened array.
#define SUMS(name)                                                                               \
  array name(const array& a, bool reverse, bool inclusive, std::optional<Dtype> dtype,           \
             StreamOrDevice s) {                                                                 \
    return out(mlx::name(in(a), {}, reverse, inclusive, in(dtype), in(s)));                      \
  }                                                                                              \
  array name(const array& a, bool reverse, bool inclusive, StreamOrDevice s) {                   \
    return name(a, reverse, inclusive, std::nullopt, s);                                         \
  }                                                                                              \
  array name(const array& a, int axis, bool reverse, bool inclusive, std::optional<Dtype> dtype, \
             StreamOrDevice s) {                                                                 \
    return out(mlx::name(in(a), axis, reverse, inclusive, in(dtype), in(s)));                    \
  }                                                                                              \
  array name(const array& a, int axis, bool reverse, bool inclusive, StreamOrDevice s) {         \
    return name(a, axis, reverse, inclusive, std::nullopt, s);                                   \
  }
SUMS(cumsum)
SUMS(cumprod)

#define SCAN(name)                                                                       \
  array name(const array& a, bool reverse, bool inclusive, StreamOrDevice s) {           \
    return out(mlx::name(in(a), {}, reverse, inclusive, in(s)));                         \
  }                                                                                      \
  array name(const array& a, int axis, bool reverse, bool inclusive, StreamOrDevice s) { \
    return out(mlx::name(in(a), axis, reverse, inclusive, in(s)));                       \
  }
SCAN(cummax)
SCAN(cummin)
SCAN(logcumsumexp)

array diff(const array& a, int n, int axis, StreamOrDevice s) {
  return out(mlx::diff(in(a), n, axis, in(s)));
}

}  // namespace mlx::core
