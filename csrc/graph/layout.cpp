// How the operands of an elementwise kernel lie in memory: classes, rows and columns.
#include "graph/layout.h"

#include <algorithm>

#include "base/error.h"

namespace mlx {
namespace {

constexpr size_t max_outer_dims = 24;

Layout::Class class_of(int64_t inner_stride, int64_t columns, bool output) {
  if (columns == 1) return output ? Layout::contiguous : Layout::one_a_row;
  if (inner_stride == 1) return Layout::contiguous;
  return inner_stride == 0 && !output ? Layout::one_a_row : Layout::strided;
}

/// True when rows are short and the outputs, the last of the operands, go on from row to row.
bool may_join(const Collapsed& x, size_t outputs, int64_t short_row) {
  const size_t ndim = x.shape.size();
  if (ndim < 2 || x.shape.back() >= short_row ||
      int64_t(x.shape[ndim - 2]) * x.shape.back() > INT32_MAX)
    return false;
  for (size_t k = x.strides.size() - outputs; k < x.strides.size(); ++k)
    if (x.strides[k][ndim - 1] != 1 || x.strides[k][ndim - 2] != x.shape.back()) return false;
  return true;
}

}  // namespace

bool is_dense(const Shape& shape, const Strides& strides) {
  SmallVector<int, 8> order;
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 1) order.push_back(int(i));
  std::sort(order.begin(), order.end(), [&](int a, int b) { return strides[a] < strides[b]; });
  int64_t step = 1;
  for (const int axis : order) {
    if (strides[axis] != step) return false;
    step *= shape[axis];
  }
  return true;
}

Layout linear_layout(const Shape& shape, std::span<const array> inputs,
                     const std::vector<bool>& constant, size_t outputs) {
  Layout layout;
  for (size_t i = 0; i < inputs.size(); ++i)
    layout.classes += constant[i]             ? Layout::by_value
                      : inputs[i].size() == 1 ? Layout::one_a_row
                                              : Layout::contiguous;
  layout.classes.append(outputs, Layout::in_order);
  layout.columns = size_of(shape);
  return layout;
}

Layout lay_out(const Shape& shape, std::span<const array> inputs, const std::vector<bool>& constant,
               const std::vector<const Strides*>& outputs, int64_t short_row) {
  // The usual case first: everything dense, or one element.
  bool linear = true;
  for (size_t i = 0; i < inputs.size() && linear; ++i)
    linear = constant[i] || inputs[i].size() == 1 ||
             (inputs[i].is_row_contiguous() && inputs[i].shape() == shape);
  for (size_t o = 0; o < outputs.size() && linear; ++o) linear = is_row_major(shape, *outputs[o]);
  if (linear) return linear_layout(shape, inputs, constant, outputs.size());
  Layout layout;
  std::vector<Strides> spread;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!constant[i])
      spread.push_back(broadcast_strides(inputs[i].shape(), inputs[i].strides(), shape));
  for (const Strides* strides : outputs) spread.push_back(*strides);
  std::vector<const Strides*> operands;
  for (const Strides& strides : spread) operands.push_back(&strides);
  Collapsed collapsed = collapse_dims(shape, operands);
  std::vector<int64_t> line_steps(collapsed.strides.size(), 0);
  std::vector<bool> wrapped(collapsed.strides.size(), false);  // does not go on from line to line
  if (may_join(collapsed, outputs.size(), short_row)) {
    layout.width = collapsed.shape.back();
    for (size_t k = 0; k < collapsed.strides.size(); ++k) {
      Strides& strides = collapsed.strides[k];
      const int64_t step = strides.back();
      strides.pop_back();
      wrapped[k] = strides.back() != step * layout.width;
      line_steps[k] = strides.back();
      strides.back() = step;
    }
    collapsed.shape.pop_back();
    collapsed.shape.back() *= int32_t(layout.width);
  }
  layout.columns = collapsed.shape.back();
  layout.rank = int(collapsed.shape.size()) - 1;
  if (layout.rank > int(max_outer_dims))
    fail("elementwise", "operands of ", shape.size(), " dimensions that do not merge into ",
         max_outer_dims + 1, " are not supported.");
  layout.geometry.assign(collapsed.shape.begin(), collapsed.shape.end() - 1);
  size_t next = 0;
  for (size_t k = 0; k < inputs.size() + outputs.size(); ++k) {
    const bool output = k >= inputs.size();
    if (!output && constant[k]) {
      layout.classes += Layout::by_value;
      continue;
    }
    const bool wraps = layout.width && !output && wrapped[next];
    const int64_t line_step = line_steps[next];
    const Strides& strides = collapsed.strides[next++];
    const bool flat = output && is_row_major(collapsed.shape, strides);
    const Layout::Class letter = flat    ? Layout::in_order
                                 : wraps ? Layout::wrapped
                                         : class_of(strides.back(), layout.columns, output);
    layout.classes += letter;
    if (letter == Layout::wrapped) layout.inner.push_back(line_step);
    if (inner_strides(letter) > 0) layout.inner.push_back(strides.back());
    if (letter != Layout::in_order)
      layout.geometry.insert(layout.geometry.end(), strides.begin(), strides.end() - 1);
  }
  layout.geometry.push_back(0);  // the struct's stride array is never empty
  return layout;
}

}  // namespace mlx
