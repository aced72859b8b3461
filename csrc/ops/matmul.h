// Matrix products and the products built on them.
#pragma once

#include <variant>

#include "ops/types.h"

namespace mlx {

/// (…, m, k) @ (…, k, n) with broadcasting batches; a 1-d operand is a row (left) or column (right)
/// vector whose axis vanishes from the result. Operands of any strides go to the library as they
/// lie, transposed views included.
array matmul(const array& a, const array& b, StreamOrDevice s = {});
/// alpha · (a @ b) + beta · c, where c broadcasts to the shape of a @ b.
array addmm(const array& c, const array& a, const array& b, float alpha = 1, float beta = 1,
            StreamOrDevice s = {});
/// Sums over the last axis of both: shape a.shape[:-1] + b.shape[:-1].
array inner(const array& a, const array& b, StreamOrDevice s = {});
/// Products of all pairs of elements of the flattened operands.
array outer(const array& a, const array& b, StreamOrDevice s = {});

/// A number of axes (the last of a with the first of b), or the lists of axes of a and of b.
using ContractedAxes = std::variant<int, std::vector<IntSequence>>;
array tensordot(const array& a, const array& b, const ContractedAxes& axes = 2,
                StreamOrDevice s = {});
/// Sum of conj(a) · b along one axis.
array vecdot(const array& a, const array& b, int axis = -1, StreamOrDevice s = {});
/// Kronecker product.
array kron(const array& a, const array& b, StreamOrDevice s = {});

}  // namespace mlx
