// Rules about steps from files: shapes, indices and copies.
#include "transforms/import_rules.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/shape.h"

namespace mlx::imported {

void require(bool fits, const Step& step, const char* what) {
  if (!fits) fail<std::runtime_error>("import_function", step.primitive.name(), " has ", what, ".");
}

void follow(const Step& step) {
  require(step.primitive.output_shapes(step.in) == step.shapes, step,
          "outputs of other shapes than it gives");
}

/// `expected` says what the function that makes such nodes gives for the same inputs.
void gives(const Step& step, const Arrays& expected) {
  bool same = expected.size() == step.shapes.size();
  for (size_t i = 0; same && i < expected.size(); ++i)
    same = expected[i].shape() == step.shapes[i] && expected[i].dtype() == step.dtypes[i];
  require(same, step, "outputs of other shapes or dtypes than it gives");
}

int axis_of(const Step& step, size_t input) {
  const int64_t axis = step.fields.integer("axis");
  require(within(axis, step.in[input].ndim()), step, "an axis out of range");
  return int(axis);
}

/// Axes in ascending order, each once.
Axes axes_of(const Step& step, int ndim) {
  Axes axes;
  for (const int64_t axis : step.fields.list("axes")) {
    require(within(axis, ndim) && (axes.empty() || axis > axes.back()), step,
            "axes out of range or out of order");
    axes.push_back(int(axis));
  }
  return axes;
}

Shape shape_of(const Step& step, const char* name) {
  const Integers list = step.fields.list(name);
  return Shape(list.begin(), list.end());
}

bool alike_but(const Shape& a, const Shape& b, int axis) {
  if (a.size() != b.size()) return false;
  for (int i = 0; i < int(a.size()); ++i)
    if (i != axis && a[i] != b[i]) return false;
  return true;
}

bool broadcasts(const Shape& from, const Shape& to) {
  return from.size() <= to.size() && broadcast(from, to) == to;
}

Shape part(const Shape& shape, int from, int to) {
  return Shape(shape.begin() + from, shape.begin() + to);
}

Shape joined(Shape a, const Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void along_axis(const Step& step) {
  axis_of(step), follow(step);
}
void along_axes(const Step& step) {
  axes_of(step, step.in[0].ndim()), follow(step);
}
void along_last(const Step& step) {
  require(step.in[0].ndim() > 0, step, "an input without axes");
  for (const array& x : step.in)
    require(x.shape() == step.in[0].shape(), step, "inputs of different shapes");
  follow(step);
}
void of_one_shape(const Step& step) {
  for (const array& x : step.in)
    require(x.shape() == step.in[0].shape(), step, "inputs of different shapes");
  follow(step);
}

void check_elementwise(const Step& step) {
  for (const ElementwiseRow& row : elementwise_rows())
    if (std::strcmp(row.name, step.primitive.name()) == 0) {
      require(int(step.in.size()) == row.operands, step, "more or fewer operands than it takes");
      const auto [operand, result] = row.result(step.fields.dtype("dtype"), row.name);
      require(step.dtypes[0] == result && operand == step.fields.dtype("dtype"), step,
              "a result of another dtype than it gives");
    }
  follow(step);
}

void check_as_type(const Step& step) {
  require(step.dtypes[0] == step.fields.dtype("dtype"), step, "a result of another dtype");
  follow(step);
}

void check_where(const Step& step) {
  require(step.dtypes[0] == step.fields.dtype("dtype"), step, "a result of another dtype");
  follow(step);
}

void check_flatten(const Step& step) {
  const int64_t start = step.fields.integer("start"), end = step.fields.integer("end");
  require(within(end, step.in[0].ndim()) && within(start, end + 1), step, "axes out of range");
  follow(step);
}

void check_expand_dims(const Step& step) {
  axes_of(step, step.in[0].ndim() + int(step.fields.list("axes").size())), follow(step);
}

void check_transpose(const Step& step) {
  Integers axes = step.fields.list("axes"), all(size_t(step.in[0].ndim()));
  std::iota(all.begin(), all.end(), 0);
  std::sort(axes.begin(), axes.end());
  require(axes == all, step, "axes that are no permutation");
  follow(step);
}

void check_broadcast(const Step& step) {
  require(broadcasts(step.in[0].shape(), step.shapes[0]), step, "a shape that it cannot give");
  require(shape_of(step, "shape") == step.shapes[0], step, "another shape than it says");
}

void check_full(const Step& step) {
  require(step.dtypes[0] == step.fields.dtype("dtype"), step, "a result of another dtype");
  check_broadcast(step);
}

void check_arange(const Step& step) {
  require(step.dtypes[0] == step.fields.dtype("dtype"), step, "a result of another dtype");
  require(step.shapes[0] == Shape{dimension(step.fields.integer("length"), "arange")}, step,
          "another length than it says");
}

void check_random(const Step& step) {
  const Shape& keys = step.in[0].shape();
  require(!keys.empty() && keys.back() == 2, step, "keys of other than two words");
  require(step.shapes[0] == joined(part(keys, 0, int(keys.size()) - 1), shape_of(step, "shape")),
          step, "another shape than it says");
}

void check_view(const Step& step) {
  require(step.dtypes[0] == step.fields.dtype("dtype"), step, "a result of another dtype");
  gives(step, {view(step.in[0], step.dtypes[0])});
}

void check_as_strided(const Step& step) {
  const Integers strides = step.fields.list("strides");
  gives(step, {as_strided(step.in[0], step.shapes[0],
                          std::vector<int64_t>(strides.begin(), strides.end()),
                          step.fields.integer("offset"))});
  require(shape_of(step, "shape") == step.shapes[0] && strides.size() == step.shapes[0].size(),
          step, "another shape than it says");
}

/// Where a slice begins and ends along each axis, and the shape of what lies between.
Shape sliced_shape(const Step& step) {
  const Shape &from = step.in[0].shape(), start = shape_of(step, "start"),
              stop = shape_of(step, "stop"), strides = shape_of(step, "strides");
  require(
      start.size() == from.size() && stop.size() == from.size() && strides.size() == from.size(),
      step, "bounds for another number of axes");
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t step_by = strides[i], first = start[i], end = stop[i], n = from[i];
    require(step_by != 0, step, "a stride of 0");
    const bool empty = step_by > 0 ? end <= first : end >= first;
    require(
        empty ? first == 0 && end == 0 : within(first, n) && (step_by > 0 ? end <= n : end >= -1),
        step, "bounds out of range");
    const int64_t span = end - first;
    shape.push_back(empty ? 0
                          : int32_t((span + (step_by > 0 ? step_by - 1 : step_by + 1)) / step_by));
  }
  return shape;
}

void check_slice(const Step& step) {
  require(sliced_shape(step) == step.shapes[0], step, "another shape than its bounds give");
}

void check_slice_update(const Step& step) {
  require(sliced_shape(step) == step.in[1].shape(), step, "an update of another shape");
  follow(step);
}

void check_pad(const Step& step) {
  for (const char* side : {"low", "high"}) {
    const Integers widths = step.fields.list(side);
    require(int(widths.size()) == step.in[0].ndim() &&
                std::all_of(widths.begin(), widths.end(), [](int64_t w) { return w >= 0; }),
            step, "widths that do not fit");
  }
  follow(step);
  require(broadcasts(step.in[1].shape(), step.shapes[0]), step, "a value of another shape");
}

void check_concatenate(const Step& step) {
  for (size_t i = 0; i < step.in.size(); ++i) axis_of(step, i);
  require(!step.in.empty(), step, "no inputs");
  follow(step);
}

void check_depends(const Step& step) {
  require(within(step.fields.integer("count"), int64_t(step.in.size()) + 1), step,
          "more outputs than inputs");
  follow(step);
  for (size_t i = 0; i < step.shapes.size(); ++i)
    require(step.dtypes[i] == step.in[i].dtype(), step, "outputs of other dtypes");
}

void check_sort(const Step& step) {
  const int64_t kth = step.fields.integer("kth");
  require(step.in[0].ndim() > 0 && (kth == -1 || within(kth, step.in[0].shape(-1))), step,
          "a place out of range");
  require(step.dtypes[0] == (step.fields.truth("positions") ? uint32 : step.in[0].dtype()), step,
          "a result of another dtype");
  follow(step);
}

void check_search(const Step& step) {
  require(step.in[0].ndim() == 1, step, "a row of other than one axis");
  follow(step);
}

/// The indices from input `first` on, one for each of `count` axes from `axis`: all of one shape.
const array& indices_of(const Step& step, size_t first) {
  const int64_t axis = step.fields.integer("axis"), count = step.fields.integer("count");
  require(count > 0 && step.in.size() == first + size_t(count) && axis >= 0 &&
              axis + count <= step.in[0].ndim(),
          step, "indices for axes out of range");
  for (size_t i = first; i < step.in.size(); ++i)
    require(step.in[i].shape() == step.in[first].shape() &&
                step.in[i].dtype() == step.in[first].dtype(),
            step, "indices of different shapes or dtypes");
  return step.in[first];
}

Shape gathered_shape(const Step& step, const array& indices) {
  const int axis = int(step.fields.integer("axis")), count = int(step.fields.integer("count"));
  const Shape& from = step.in[0].shape();
  return joined(joined(part(from, 0, axis), indices.shape()),
                part(from, axis + count, int(from.size())));
}

void check_gather(const Step& step) {
  require(gathered_shape(step, indices_of(step, 1)) == step.shapes[0], step, "another shape");
}

void check_scatter(const Step& step) {
  require(gathered_shape(step, indices_of(step, 2)) == step.in[1].shape(), step,
          "updates of another shape");
  follow(step);
}

void check_gather_axis(const Step& step) {
  require(alike_but(step.in[0].shape(), step.in[1].shape(), axis_of(step)), step,
          "indices of another shape");
  follow(step);
}

void check_scatter_axis(const Step& step) {
  require(alike_but(step.in[0].shape(), step.in[2].shape(), axis_of(step)) &&
              step.in[1].shape() == step.in[2].shape(),
          step, "values or indices of another shape");
  follow(step);
}

void check_masked_copy(const Step& step) {
  const bool puts = step.fields.truth("to_places");
  const Shape &whole = step.in[puts ? 0 : 2].shape(), &rows = step.in[puts ? 2 : 0].shape(),
              &mask = step.in[1].shape();
  const int ndim = int(mask.size());
  require(ndim <= int(whole.size()) && part(whole, 0, ndim) == mask, step,
          "a mask that does not fit");
  require(!rows.empty() && part(rows, 1, int(rows.size())) == part(whole, ndim, int(whole.size())),
          step, "rows of another shape");
  follow(step);
}

void check_dynamic_slice(const Step& step) {
  const Axes axes = axes_of(step, step.in[0].ndim());
  require(step.in[1].shape() == Shape{int32_t(axes.size())}, step, "a start for other axes");
  gives(step, {dynamic_slice(step.in[0], step.in[1], axes, shape_of(step, "size"))});
}

void check_dynamic_update(const Step& step) {
  const Axes axes = axes_of(step, step.in[0].ndim());
  require(step.in[2].shape() == Shape{int32_t(axes.size())}, step, "a start for other axes");
  require(step.in[1].ndim() == step.in[0].ndim(), step, "an update of other axes");
  for (int i = 0; i < step.in[0].ndim(); ++i)
    require(step.in[1].shape(i) <= step.in[0].shape(i), step, "an update that does not fit");
  follow(step);
}

}  // namespace mlx::imported
