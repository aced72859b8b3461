// First-order linear recurrences, in which the derivatives of running products and log-sum-exps are
// written.
#pragma once

#include "graph/array.h"

namespace mlx {

/// How element i follows from y, the value before it: `inclusive` gives a[i] * y + b[i],
/// `factor_before` takes a[i - 1] instead, and `exclusive` gives y itself.
enum class RecurrenceMode { inclusive, factor_before, exclusive };

/// The recurrence along `axis`, from 0 on, or from the end with `reverse`. The arrays have one
/// shape and one inexact dtype.
array recurrence(const array& a, const array& b, int axis, bool reverse, RecurrenceMode mode);

}  // namespace mlx
