// A row-major array as seen by an operation along neighbouring axes.
#pragma once

#include "base/shape.h"

namespace mlx {

/// Elements before, in and behind the axes from `first` to `last`.
struct AroundAxes {
  int64_t outer = 1, along = 1, inner = 1;

  AroundAxes(const Shape& shape, int first, int last) {
    for (int i = 0; i < int(shape.size()); ++i)
      (i < first ? outer : i <= last ? along : inner) *= shape[i];
  }
};

}  // namespace mlx
