// How the indexing primitives launch: index arrays as kernel arguments, words to copy.
#pragma once

#include <numeric>

#include "graph/array.h"

namespace mlx {

/// Dimensions [begin, end) of an array as one: its size and stride. False when they do not merge.
bool merges(const array& a, int begin, int end, int64_t& size, int64_t& stride);

/// An unsigned type as wide as possible that divides every quantity of bytes given.
struct Word {
  const char* type;
  int64_t bytes;
};
Word widest_word(const Queue& queue, std::initializer_list<int64_t> quantities);
/// An array's memory seen as words.
inline BufferArgument in_words(const array& x, const Word& word, bool writes) {
  return {&x.buffer(), x.offset() * x.itemsize() / word.bytes, writes};
}

/// Sets the arguments of the kernels' INDICES: array, extent and stride for each of the consecutive
/// axes.
void set_indices(Launch& kernel, const Arrays& indices, const array& a, int axis);

}  // namespace mlx
