// Scans: running sums, products, extremes and log-sum-exps along an axis.
//
// Without an axis the flattened array is scanned. `reverse` runs from the end, and without
// `inclusive` each element leaves itself out.
#pragma once

#include "ops/types.h"

namespace mlx {

array cumsum(const array& a, std::optional<int> axis = {}, bool reverse = false,
             bool inclusive = true, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array cumprod(const array& a, std::optional<int> axis = {}, bool reverse = false,
              bool inclusive = true, std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array cummax(const array& a, std::optional<int> axis = {}, bool reverse = false,
             bool inclusive = true, StreamOrDevice s = {});
array cummin(const array& a, std::optional<int> axis = {}, bool reverse = false,
             bool inclusive = true, StreamOrDevice s = {});
array logcumsumexp(const array& a, std::optional<int> axis = {}, bool reverse = false,
                   bool inclusive = true, StreamOrDevice s = {});

/// Differences of neighbours along the axis, `n` times over; bool gives where neighbours differ.
array diff(const array& a, int n = 1, int axis = -1, StreamOrDevice s = {});
/// For kernels: fills `out` with the sums of what comes before each element in the rows of the
/// dense `x`.
void sums_before(const array& x, const array& out, Queue& queue);

}  // namespace mlx
