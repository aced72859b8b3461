// Sorting and searching along an axis; without an axis of the flattened array. NaN comes last.
#pragma once

#include "ops/types.h"

namespace mlx {

array sort(const array& a, std::optional<int> axis = -1, StreamOrDevice s = {});
array argsort(const array& a, std::optional<int> axis = -1,
              StreamOrDevice s = {});  ///< uint32, stable
/// The element in position `kth` is the one sorting puts there; smaller ones come before, larger
/// ones after.
array partition(const array& a, int kth, std::optional<int> axis = -1, StreamOrDevice s = {});
array argpartition(const array& a, int kth, std::optional<int> axis = -1, StreamOrDevice s = {});
array topk(const array& a, int k, std::optional<int> axis = -1,
           StreamOrDevice s = {});  ///< the k largest
array median(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
             StreamOrDevice s = {});
/// Where in the sorted 1-d sequence each value belongs: before equal elements ("left") or after
/// them ("right").
array searchsorted(const array& sorted_sequence, const array& values,
                   const std::string& side = "left", StreamOrDevice s = {});
/// The sorted distinct values of the flattened array, `size` of them (evaluated to count them when
/// not given), where asked for with the index of the first of each, the index into the result for
/// each element, and how many there are. What `size` has room for beyond them is `fill_value`, or
/// the first value, with a count of 0.
std::variant<array, ArrayTuple> unique(const array& a, std::optional<int> size = {},
                                       bool return_index = false, bool return_inverse = false,
                                       bool return_counts = false,
                                       const std::optional<Operand>& fill_value = {},
                                       StreamOrDevice s = {});

}  // namespace mlx
