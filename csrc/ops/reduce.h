// Reductions over axes.
#pragma once

#include "ops/types.h"

namespace mlx {

array sum(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
          StreamOrDevice s = {});
array prod(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
           StreamOrDevice s = {});
array min(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
          StreamOrDevice s = {});
array max(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
          StreamOrDevice s = {});
array all(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
          StreamOrDevice s = {});
array any(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
          StreamOrDevice s = {});
array mean(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
           StreamOrDevice s = {});
array var(const array& a, const OptionalAxes& axis = {}, bool keepdims = false, int ddof = 0,
          StreamOrDevice s = {});
array std(const array& a, const OptionalAxes& axis = {}, bool keepdims = false, int ddof = 0,
          StreamOrDevice s = {});
/// The least and the greatest value over the axes.
std::pair<array, array> minmax(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
                               StreamOrDevice s = {});
array count_nonzero(const array& a, const OptionalAxes& axis = {}, bool keepdims = false,
                    StreamOrDevice s = {});
/// Sum along a diagonal of the planes that the two axes span.
array trace(const array& a, int offset = 0, int axis1 = 0, int axis2 = 1,
            std::optional<Dtype> dtype = {}, StreamOrDevice s = {});
array argmin(const array& a, std::optional<int> axis = {}, bool keepdims = false,
             StreamOrDevice s = {});
array argmax(const array& a, std::optional<int> axis = {}, bool keepdims = false,
             StreamOrDevice s = {});

}  // namespace mlx
