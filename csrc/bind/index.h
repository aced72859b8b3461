// A Python index, read against the shape of the array it indexes.
#pragma once

#include <optional>
#include <vector>

#include "bind/array_type.h"
#include "ops/types.h"

namespace mlx {

/// One entry of an index, in order; an Ellipsis stands as the whole slices it means.
struct IndexEntry {
  enum Kind { integer, range, array_of_integers, new_axis };
  Kind kind;
  int axis = -1;  ///< the axis of the array it applies to; -1 for a new axis
  int start = 0, stop = 0, step = 1;
  std::optional<array> indices;
};

/// Throws std::invalid_argument for everything that is no index. A mask stands as the indices of
/// its true places, one array for each of its axes, and is evaluated for that; std::out_of_range
/// when its shape does not fit.
std::vector<IndexEntry> index_entries(const array& a, PyObject* index);

/// The mask behind a bool, an array or a (nested) list of bools, or a NumPy array of bools; none
/// for other objects.
std::optional<array> mask_from(PyObject* index);

/// Throws std::out_of_range unless the mask covers the axes of `a` from `axis` on.
void check_mask(const array& a, const array& mask, int axis);

/// What the slices and integers of an index select: bounds for every axis of the array.
struct IndexBounds {
  Shape start, stop, strides;
  bool whole = true;  ///< nothing is left out
};
IndexBounds bounds_of(const array& a, const std::vector<IndexEntry>& entries);

}  // namespace mlx
