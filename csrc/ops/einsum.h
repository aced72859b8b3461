// Einstein summation.
#pragma once

#include <string>
#include <utility>

#include "ops/types.h"

namespace mlx {

/// Contracts the operands pairwise, in the order of einsum_path, through matmul. Subscripts are
/// letters and `...`, as NumPy's; sizes of one broadcast. Throws std::invalid_argument for
/// subscripts that do not fit the operands.
array einsum(const std::string& subscripts, const Arrays& operands, StreamOrDevice s = {});
/// The order of contraction (positions in the list of operands, results being appended) and a
/// printable account.
std::pair<std::vector<Shape>, std::string> einsum_path(const std::string& subscripts,
                                                       const Arrays& operands);

/// An einsum's labels, numbered; bit sets of labels as integers.
struct Subscripts {
  std::vector<Axes> inputs;  ///< labels of each operand's axes
  Axes output;
  std::vector<int32_t> sizes;  ///< by label
};
Subscripts parse_subscripts(const std::string& text, const Arrays& operands);
/// Greedy: each step takes the pair that removes most elements (as NumPy's einsum_path does).
std::vector<Axes> contraction_path(const Subscripts& subscripts);

uint64_t label_set(const Axes& labels);
/// The labels that stay when the operands at `positions` are contracted: those of the output and of
/// other operands.
uint64_t kept_labels(const std::vector<uint64_t>& sets, const Axes& positions, uint64_t output);

}  // namespace mlx
