// How the operands of an elementwise kernel lie in memory: classes, rows and columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/array.h"

namespace mlx {

/// The loop nest of one launch: rows (collapsed outer dimensions) of `columns` elements.
struct Layout {
  /// How an operand is read or written. The letters of a launch's operands are a word: it is part
  /// of the kernel's key, and MLX_CL_DEBUG=3 shows it.
  enum Class : char {
    by_value = 'k',    ///< a number among the arguments
    one_a_row = 's',   ///< one value for all elements of a row
    contiguous = 'c',  ///< the elements of a row follow each other
    strided = 'g',     ///< those lie a stride apart
    wrapped = 'w',     ///< rows consist of lines of `width` elements, which begin a stride of their
                       ///< own apart
    in_order = 'f',    ///< an output dense in the order of the loops
    streamed = 'n',    ///< such an output whose whole vectors are stored past the caches
  };
  std::string classes;  ///< one letter per operand
  int64_t columns = 1;
  int64_t width = 0;  ///< of the lines that rows are made of; 0 unless some operand is wrapped
  int rank = 0;       ///< outer dimensions
  std::vector<int64_t> inner;  ///< the inner strides of each operand in order: of wrapped ones that
                               ///< of the lines first
  std::vector<int64_t> geometry;  ///< outer shape, then outer strides of each operand that has any
};

/// How many inner strides an operand of this class has.
inline int inner_strides(char letter) {
  return letter == Layout::wrapped ? 2 : letter == Layout::strided ? 1 : 0;
}
/// Whether the operand is read or written at the flat index of the loops.
inline bool in_loop_order(char letter) {
  return letter == Layout::in_order || letter == Layout::streamed;
}

/// True when the elements fill their memory without gaps or repeats, in whatever order of axes.
bool is_dense(const Shape& shape, const Strides& strides);

/// Operands that are all dense in one order of axes, or of one element.
Layout linear_layout(const Shape& shape, std::span<const array> inputs,
                     const std::vector<bool>& constant, size_t outputs);
/// Lays out `shape` for inputs (read as if broadcast) and outputs with these strides. `constant[i]`
/// inputs go by value. Rows of fewer than `short_row` elements become lines of longer rows, read
/// element by element where need be.
Layout lay_out(const Shape& shape, std::span<const array> inputs, const std::vector<bool>& constant,
               const std::vector<const Strides*>& outputs, int64_t short_row);

}  // namespace mlx
