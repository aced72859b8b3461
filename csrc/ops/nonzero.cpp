// Results whose shape depends on values: the places of what is not zero. They evaluate the mask
// behind them.
#include <limits>

#include "base/error.h"
#include "graph/primitive.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {

int32_t known_extent(array x, const char* op) {
  try {
    return x.item<int32_t>();
  } catch (const std::invalid_argument&) {
    if (!Tracing::recording()) throw;
    fail(op,
         "the shape of the result depends on values, and a function traced by compile or vmap has "
         "none yet.");
  }
}

array true_places(const array& mask, const char* op, StreamOrDevice s) {
  const Dtype dtype = mask.size() > int64_t(std::numeric_limits<uint32_t>::max()) ? int64 : uint32;
  const array flat = flatten(mask, 0, -1, s);
  const int32_t count = known_extent(sum(flat, {}, false, s), op);
  return stop_gradient(masked_take(arange(flat.size(), dtype, s), flat, count, s), s);
}

Arrays true_coordinates(const array& mask, const char* op, StreamOrDevice s) {
  const array places = true_places(mask, op, s);
  const Strides strides = row_major(mask.shape());
  Arrays result;
  for (int axis = 0; axis < mask.ndim(); ++axis) {
    const auto number = [&](int64_t value) { return array(value, places.dtype()); };
    const array along = axis + 1 < mask.ndim()
                            ? floor_divide(places, number(std::max<int64_t>(strides[axis], 1)), s)
                            : places;
    result.push_back(astype(
        axis ? remainder(along, number(std::max(mask.shape(axis), 1)), s) : along, uint32, s));
  }
  return result;
}

ArrayTuple nonzero(const array& a, StreamOrDevice s) {
  if (a.ndim() == 0)
    fail("nonzero", "a 0-dimensional array has no axes to count along; use mx.atleast_1d.");
  return {true_coordinates(not_equal(a, array(0, a.dtype()), s), "nonzero", s)};
}

array argwhere(const array& a, StreamOrDevice s) {
  const array mask = not_equal(a, array(0, a.dtype()), s);
  if (a.ndim() == 0) return zeros({known_extent(astype(mask, int32, s), "argwhere"), 0}, uint32, s);
  return stack(true_coordinates(mask, "argwhere", s), 1, s);
}

}  // namespace mlx
