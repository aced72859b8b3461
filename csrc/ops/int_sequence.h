// A parameter that takes a sequence of ints and nothing else.
#pragma once

#include <utility>
#include <vector>

namespace mlx {

/// `Sequence[int]` in Python, where Axes takes a single int, too.
struct IntSequence : std::vector<int> {
  using std::vector<int>::vector;
  IntSequence(std::vector<int> values) : std::vector<int>(std::move(values)) {}
};

}  // namespace mlx
