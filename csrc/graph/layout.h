// How the operands of an elementwise kernel lie in memory: classes, rows and columns.
#pragma once

#include <string>
#include <vector>

#include "graph/array.h"

namespace mlx {

/// The loop nest of one launch: rows (collapsed outer dimensions) of `columns` elements.
struct Layout {
  std::string classes;           ///< one letter per operand, see codegen.h
  int64_t columns = 1;
  int64_t width = 0;             ///< of the lines that rows are made of; 0 unless some operand is of class w
  int rank = 0;                  ///< outer dimensions
  std::vector<int64_t> inner;    ///< the inner strides of each operand in order: of class g one, of class w that of its lines first
  std::vector<int64_t> geometry; ///< outer shape, then outer strides of each operand that is neither k nor f
};

/// How many inner strides an operand of this class has.
inline int inner_strides(char letter) { return letter == 'w' ? 2 : letter == 'g' ? 1 : 0; }

/// True when the elements fill their memory without gaps or repeats, in whatever order of axes.
bool is_dense(const Shape& shape, const Strides& strides);

/// Operands that are all dense in one order of axes, or of one element.
Layout linear_layout(const Shape& shape, const Arrays& inputs, const std::vector<bool>& constant, size_t outputs);
/// Lays out `shape` for inputs (read as if broadcast) and outputs with these strides. `constant[i]` inputs go by value.
/// Rows of fewer than `short_row` elements become lines of longer rows, read element by element where need be.
Layout lay_out(const Shape& shape, const Arrays& inputs, const std::vector<bool>& constant,
               const std::vector<const Strides*>& outputs, int64_t short_row);

}  // namespace mlx
