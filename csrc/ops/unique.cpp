// The distinct values of an array, from its sorted elements: nothing is evaluated as long as the
// size is given.
#include <algorithm>

#include "base/error.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/scan.h"
#include "ops/scatter.h"
#include "ops/shape.h"
#include "ops/sort.h"

namespace mlx {
namespace {

array part(const array& x, int start, int stop, const StreamOrDevice& s) {
  return slice(x, {start}, {stop}, s);
}

/// For each sorted element the number of its value, counted from 0. NaN differs from itself.
array numbers_of(const array& sorted, const StreamOrDevice& s) {
  const int n = sorted.shape(0);
  const array first = zeros({1}, int32, s);
  if (n == 1) return first;
  const array changes = not_equal(part(sorted, 1, n, s), part(sorted, 0, n - 1, s), s);
  return concatenate({first, cumsum(changes, 0, false, true, {}, s)}, 0, s);
}

std::optional<array> filling(const std::optional<Operand>& value, Dtype dtype,
                             const StreamOrDevice& s) {
  if (!value) return {};
  const array fill = to_array_beside(*value, dtype);
  if (fill.size() != 1)
    fail("unique", "the fill value must have one element, not shape ", to_string(fill.shape()),
         ".");
  return astype(reshape(fill, {}, s), dtype, s);
}

}  // namespace

std::variant<array, ArrayTuple> unique(const array& a, std::optional<int> size, bool return_index,
                                       bool return_inverse, bool return_counts,
                                       const std::optional<Operand>& fill_value, StreamOrDevice s) {
  if (size.value_or(0) < 0) fail("unique", "the size must not be negative, but is ", *size, ".");
  const array flat = flatten(a, 0, -1, s);
  const int n = flat.shape(0);
  const std::optional<array> fill = filling(fill_value, a.dtype(), s);
  if (n == 0 && size.value_or(0) > 0 && !fill)
    fail("unique", "an empty array has no value to fill the result with; give fill_value.");

  // An empty array becomes the fill value, which then counts for nothing.
  const array source = n ? flat : fill ? reshape(*fill, {1}, s) : zeros({1}, a.dtype(), s);
  const array order = stop_gradient(argsort(source, -1, s), s);
  const array number = stop_gradient(numbers_of(take(source, order, 0, s), s), s);
  const int count = source.shape(0);
  const int k = size ? *size : n ? known_extent(part(number, n - 1, n, s), "unique") + 1 : 0;

  // Where in the sorted elements each value begins; those that are not there begin at the end.
  const array end(n, int32);
  const array slot = minimum(number, array(k, int32), s), position = arange(count, int32, s);
  const array starts = scatter(full({dimension(int64_t(k) + 1, "unique")}, end, {}, s), {slot},
                               position, 0, ScatterMode::minimum, s);
  const array start = part(starts, 0, k, s), is_there = less(start, end, s);
  const array index = take(order, where(is_there, start, array(0, int32), s), 0, s);
  const array found = take(source, index, 0, s),
              values = fill ? where(is_there, found, *fill, s) : found;
  if (!return_index && !return_inverse && !return_counts) return values;

  ArrayTuple result{{values}};
  if (return_index) result.values.push_back(index);
  if (return_inverse) {
    const array bounded = astype(minimum(number, array(std::max(k - 1, 0), int32), s), uint32, s);
    const array back = scatter(zeros({count}, uint32, s), {order}, bounded, 0, ScatterMode::set, s);
    result.values.push_back(n ? reshape(back, a.shape(), s) : zeros(a.shape(), uint32, s));
  }
  if (return_counts) result.values.push_back(subtract(part(starts, 1, k + 1, s), start, s));
  return result;
}

}  // namespace mlx
