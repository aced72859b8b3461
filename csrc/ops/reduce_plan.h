// How a reduction walks its input: kept and reduced axes with as few dimensions as possible.
#pragma once

#include "cl/launch.h"
#include "graph/array.h"

namespace mlx {

/// The first argument struct of kernels/reduce.cl.
struct Dims {
  static constexpr int max_rank = 8;
  int64_t shape[max_rank] = {}, stride[max_rank] = {};
};

/// Fills `dims` from the first `rank` dimensions; false when there are too many.
bool fill_dims(Dims& dims, const Shape& shape, const Strides& strides, int rank);

struct ReducePlan {
  bool fits = true;         ///< false: too many dimensions, plan again on a dense copy
  bool by_columns = false;  ///< the last kept axis is contiguous
  int64_t results = 1;
  int64_t total = 1;              ///< elements of each result
  int64_t columns = 1;            ///< extent of the last kept axis when by_columns
  int64_t inner = 1, stride = 1;  ///< the innermost reduced dimension
  int kept_rank = 0, reduced_rank = 0;
  Dims kept, reduced;     ///< the other dimensions
  int64_t parts = 1;      ///< pieces to cut each result into
  size_t work_items = 1;  ///< groups where there are some
  int group = 0;          ///< work-items that share a result on a GPU; 0: each works alone
  bool by_rows = false;   ///< each work-item or group walks whole results: the kernels named _rows,
                          ///< else _columns
};

/// Plans reducing `x` over the sorted `axes`. With `ordered`, elements keep their row-major order.
ReducePlan plan_reduce(const array& x, const Axes& axes, bool ordered, Queue& queue);

/// Sets the work-items, and the arguments that follow the kernels' arrays.
void set_walk(Launch& kernel, const ReducePlan& plan);

/// For integers and bool the unsigned integer of their size: programs that treat both alike are
/// one.
Dtype without_sign(Dtype dtype);

/// Adds up the rows of the 2-d float32 or float64 `x` into `out`, which is allocated.
void sum_rows_into(const array& x, const array& out, Queue& queue);

}  // namespace mlx
