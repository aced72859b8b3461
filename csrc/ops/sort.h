// Sorting and searching along an axis; without an axis of the flattened array. NaN comes last.
#pragma once

#include "ops/types.h"

namespace mlx {

array sort(const array& a, std::optional<int> axis = -1, StreamOrDevice s = {});
array argsort(const array& a, std::optional<int> axis = -1, StreamOrDevice s = {});  ///< uint32, stable
/// The element in position `kth` is the one sorting puts there; smaller ones come before, larger ones after.
array partition(const array& a, int kth, std::optional<int> axis = -1, StreamOrDevice s = {});
array argpartition(const array& a, int kth, std::optional<int> axis = -1, StreamOrDevice s = {});
array topk(const array& a, int k, std::optional<int> axis = -1, StreamOrDevice s = {});  ///< the k largest
array median(const array& a, const OptionalAxes& axis = {}, bool keepdims = false, StreamOrDevice s = {});
/// Where in the sorted 1-d sequence each value belongs: before equal elements ("left") or after them ("right").
array searchsorted(const array& sorted_sequence, const array& values, const std::string& side = "left",
                   StreamOrDevice s = {});

}  // namespace mlx
