// Slices whose start is an array: read and replaced by one box-copying kernel.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/index_launch.h"
#include "ops/indexing.h"
#include "ops/shape.h"

namespace mlx {
namespace {

constexpr size_t most_dims = 8;  ///< of a box after merging

/// Copies `from` to `to`, arrays of one shape seen through strides; the one that is `shifted` (0
/// `from`, 1 `to`) belongs to an array of shape `whole` and begins at `start`.
void copy_box(const array& from, const array& to, const array& start, const Axes& axes,
              const Shape& whole, const Strides& steps, int shifted, Queue& queue) {
  struct {
    int64_t shape[8] = {}, from[8] = {}, to[8] = {}, extent[8] = {}, limit[8] = {}, step[8] = {};
  } box;
  const Collapsed collapsed = collapse_dims(from.shape(), {&from.strides(), &to.strides()});
  const int64_t rank = int64_t(collapsed.shape.size());
  if (rank > int64_t(most_dims) || axes.size() > most_dims)
    fail("slice", "more than ", most_dims, " dimensions that do not merge are not supported.");
  std::copy(collapsed.shape.begin(), collapsed.shape.end(), box.shape);
  std::copy(collapsed.strides[0].begin(), collapsed.strides[0].end(), box.from);
  std::copy(collapsed.strides[1].begin(), collapsed.strides[1].end(), box.to);
  for (size_t k = 0; k < axes.size(); ++k) {
    box.extent[k] = whole[axes[k]];
    box.limit[k] = whole[axes[k]] - from.shape(axes[k]);
    box.step[k] = steps[axes[k]];
  }
  const Word word = widest_word(queue, {from.itemsize()});
  const int64_t columns = box.shape[rank - 1], rows = from.size() / columns;
  const int64_t chunks =
      queue.device().facts().is_cpu ? std::clamp<int64_t>(columns / 16384, 1, 64) : columns;
  Launch kernel =
      launch(queue, "gather", "copy_box", {{"U", word.type}, {"I", start.dtype()}, {"K", 1}});
  kernel.set(reads(from));
  kernel.set(writes(to));
  kernel.set(reads(start));
  kernel.set(int64_t(axes.size()));
  kernel.set(int64_t(shifted));
  kernel.set_bytes(&box, sizeof box);
  kernel.over(work_items(queue, Work::copy_box, rows * chunks, columns / chunks))
      .moving(2 * from.nbytes());
  kernel.with(rank, rows, chunks);
}

/// One entry of the leading axis, which stays.
array example(const array& x, int i) {
  Shape start(size_t(x.ndim()), 0), stop = x.shape();
  start[0] = i;
  stop[0] = i + 1;
  return slice(x, std::move(start), std::move(stop));
}

/// `derived` ones stem from the gradient of an update: they follow starts that differ by example,
/// as it does.
class DynamicSlice final : public Primitive {
 public:
  DynamicSlice(Axes axes, Shape size, bool derived)
      : axes_(std::move(axes)), size_(std::move(size)), derived_(derived) {}
  static array make(const array& a, const array& start, const Axes& axes, const Shape& size,
                    bool derived, const StreamOrDevice& s) {
    return array(size, a.dtype(), make_ref<DynamicSlice>(axes, size, derived), {a, start},
                 to_stream(s));
  }
  const char* name() const override { return "dynamic_slice"; }
  void fields(Fields& f) override {
    f.field("axes", axes_), f.field("size", size_), f.field("derived", derived_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& y = outputs[0];
    y.allocate(queue);
    if (y.size() == 0) return;
    const array &a = inputs[0], start = contiguous_copy(inputs[1], queue);
    copy_box(view_into(a, size_, a.strides(), a.offset()), y, start, axes_, a.shape(), a.strides(),
             0, queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices(name());
    return {dynamic_slice_update(zeros_like(primals[0]), cotangents[0], primals[1], axes_)};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices(name());
    return {make(tangents[0], primals[1], axes_, size_, derived_, {})};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    Shape sizes = size_;
    const array a = batch_first(inputs[0], axes[0], size);
    if (axes[1] < 0) {
      sizes.insert(sizes.begin(), size);
      return {{make(a, inputs[1], behind_batch(axes_), sizes, derived_, {})}, {0}};
    }
    if (!derived_) fail(name(), "vmap over the start indices is not supported.");
    const array start = batch_first(inputs[1], axes[1], size);
    sizes.insert(sizes.begin(), 1);
    Arrays parts;
    for (int i = 0; i < size; ++i)
      parts.push_back(make(example(a, i), squeeze(example(start, i), Axes{0}), behind_batch(axes_),
                           sizes, true, {}));
    return {{concatenate(parts, 0)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays&) const override { return {size_}; }

 private:
  Axes axes_;
  Shape size_;
  bool derived_;
};

class DynamicSliceUpdate final : public Primitive {
 public:
  explicit DynamicSliceUpdate(Axes axes) : axes_(std::move(axes)) {}
  const char* name() const override { return "dynamic_slice_update"; }
  void fields(Fields& f) override { f.field("axes", axes_); }
  // Inputs: the array, the update, the start.
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array &a = inputs[0], &update = inputs[1], start = contiguous_copy(inputs[2], queue);
    array& y = outputs[0];
    if (a.is_donatable() && a.is_row_contiguous()) {
      y.share(a, a.strides(), a.offset());
    } else {
      y.allocate(queue);
      if (y.size()) copy_into(a, view_into(y, y.shape(), y.strides(), 0), queue);
    }
    if (update.size() == 0) return;
    update.buffer();
    copy_box(update, view_into(y, update.shape(), y.strides(), y.offset()), start, axes_, y.shape(),
             y.strides(), 1, queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums) {
      if (i > 1) no_gradient_of_indices(name());
      result.push_back(
          i == 0
              ? dynamic_slice_update(cotangents[0], zeros_like(primals[1]), primals[2], axes_)
              : DynamicSlice::make(cotangents[0], primals[2], axes_, primals[1].shape(), true, {}));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    if (argnums.back() > 1) no_gradient_of_indices(name());
    const Arrays both = all_tangents(primals, tangents, argnums, 2);
    return {dynamic_slice_update(both[0], both[1], primals[2], axes_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    const array a = batch_first(inputs[0], axes[0], size),
                update = batch_first(inputs[1], axes[1], size);
    if (axes[2] < 0)
      return {{dynamic_slice_update(a, update, inputs[2], behind_batch(axes_))}, {0}};
    const array start = batch_first(inputs[2], axes[2], size);
    Arrays parts;
    for (int i = 0; i < size; ++i)
      parts.push_back(dynamic_slice_update(example(a, i), example(update, i),
                                           squeeze(example(start, i), Axes{0}),
                                           behind_batch(axes_)));
    return {{concatenate(parts, 0)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }

 private:
  Axes axes_;
};

/// Checks start and axes, and gives the axes back counted from the front.
Axes checked(const array& a, const array& start, const Axes& axes, const char* op) {
  if (!start.dtype().is_integer())
    fail(op, "start indices must be integers, got type ", start.dtype().name(), ".");
  if (start.ndim() > 1 || start.size() != int64_t(axes.size()))
    fail(op, "got ", start.size(), " starting positions for ", axes.size(), " axes.");
  if (int(axes.size()) > a.ndim())
    fail(op, "Invalid number of starting positions for array with dimension ", a.ndim(), ".");
  Axes result;
  for (const int axis : axes) result.push_back(normalize_axis(axis, a.ndim(), op));
  normalize_axes(axes, a.ndim(), op);
  return result;
}

Arrays updated_at(const Arrays& inputs, const Axes& axes) {
  return {dynamic_slice_update(inputs[0], inputs[1], inputs[2], axes)};
}

}  // namespace

array dynamic_slice(const array& a, const array& start, const IntSequence& axes,
                    const Shape& slice_size, StreamOrDevice s) {
  Axes at = checked(a, start, axes, "slice");
  if (int(slice_size.size()) != a.ndim())
    fail("slice", "invalid slice size for an array with ", a.ndim(), " dimensions.");
  for (int i = 0; i < a.ndim(); ++i)
    if (slice_size[i] < 0 || slice_size[i] > a.shape(i))
      fail("slice", "invalid slice size ", to_string(slice_size), " for an array of shape ",
           to_string(a.shape()), ".");
  return DynamicSlice::make(a, start, at, slice_size, false, s);
}

array dynamic_slice_update(const array& a, const array& update, const array& start,
                           const IntSequence& axes, StreamOrDevice s) {
  Axes at = checked(a, start, axes, "slice_update");
  if (follows_shape(Arrays{a, update})) return deferred<&updated_at>({a, update, start}, s, at);
  // Axes the update lacks are written whole, or in one place where they have a start.
  Shape size = a.shape();
  const int lead = a.ndim() - update.ndim();
  if (lead < 0)
    fail("slice_update", "the update has ", update.ndim(), " dimensions, the array ", a.ndim(),
         ".");
  for (int i = 0; i < a.ndim(); ++i) {
    if (i >= lead)
      size[i] = update.shape(i - lead);
    else if (std::find(at.begin(), at.end(), i) != at.end())
      size[i] = std::min(1, a.shape(i));
    if (size[i] > a.shape(i))
      fail("slice_update", "an update of shape ", to_string(update.shape()), " does not fit into ",
           to_string(a.shape()), ".");
  }
  const array values = broadcast_to(astype(update, a.dtype(), s), size, s);
  return array(a.shape(), a.dtype(), make_ref<DynamicSliceUpdate>(std::move(at)),
               {a, values, start}, to_stream(s));
}

static const Registered<DeferredCall<&updated_at>> updated_at_class("UpdatedAt", Axes{});
static const Registered<DynamicSlice> dynamic_slice_class("DynamicSlice", Axes{}, Shape{}, false);
static const Registered<DynamicSliceUpdate> dynamic_slice_update_class("DynamicSliceUpdate",
                                                                       Axes{});

}  // namespace mlx
