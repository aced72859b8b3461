// Other shapes for the same elements in the same order: reshape, flatten, unflatten, expand_dims,
// squeeze.
#include <optional>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// Strides that show an array of shape `from` as one of shape `to`, if there are any.
std::optional<Strides> view_strides(const Shape& from, const Strides& strides, const Shape& to) {
  const Collapsed runs = collapse_dims(from, {&strides});
  int run = int(runs.shape.size()) - 1;
  int64_t left = runs.shape[run], step = runs.strides[0][run];
  Strides result(to.size());
  for (int i = int(to.size()) - 1; i >= 0; --i) {
    if (left == 1 && to[i] != 1) {
      --run;
      left = runs.shape[run];
      step = runs.strides[0][run];
    }
    if (left % to[i] != 0) return std::nullopt;
    result[i] = step;
    step *= to[i];
    left /= to[i];
  }
  return result;
}

/// What all of them share: only the rule for the shape differs.
class Reshaping : public Primitive {
 public:
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) final {
    const array& x = inputs[0];
    array& y = outputs[0];
    if (x.is_row_contiguous() || x.size() == 0) return y.share(x, row_major(y.shape()), x.offset());
    if (std::optional<Strides> strides = view_strides(x.shape(), x.strides(), y.shape()))
      return y.share(x, std::move(*strides), x.offset());
    y.allocate(queue);
    copy_into(x, view_into(y, x.shape(), row_major(x.shape()), 0), queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {reshape(cotangents[0], primals[0].shape())};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) final {
    return {apply(tangents[0])};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const final {
    const array& x = inputs[0];
    const bool dense =
        x.is_evaluated() ? x.is_row_contiguous() : !(x.has_primitive() && x.primitive().is_view());
    return dense ? 0 : size_t(outputs[0].size());
  }
  bool is_view() const final { return true; }

  array apply(const array& x, StreamOrDevice s = {}) {
    return array(output_shapes({x})[0], x.dtype(), Ref<Primitive>(this), {x}, to_stream(s));
  }
};

Shape normalized(Shape shape, int64_t size, const char* op, const array& a) {
  int unknown = -1;
  int64_t known = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1) {
      if (unknown >= 0) fail(op, "can only infer one dimension.");
      unknown = int(i);
    } else {
      if (shape[i] < 0)
        fail(op, "negative dimensions are not allowed, got shape ", to_string(shape), ".");
      if (__builtin_mul_overflow(known, int64_t(shape[i]), &known)) known = INT64_MAX;
    }
  }
  if (unknown >= 0) {
    if (known == 0 || size % known != 0)
      fail(op, "cannot infer the shape ", to_string(shape), " of ", size, " elements.");
    shape[unknown] = dimension(size / known, op);
    known = size;
  }
  if (known != size)
    fail(op, "cannot reshape ", size, " elements of an array of shape ", to_string(a.shape()),
         " into shape ", to_string(shape), ".");
  return shape;
}

class Reshape final : public Reshaping {
 public:
  explicit Reshape(Shape shape) : shape_(std::move(shape)) {}
  const char* name() const override { return "reshape"; }
  void fields(Fields& f) override { f.field("shape", shape_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {normalized(shape_, inputs[0].size(), "reshape", inputs[0])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = batch_first(inputs[0], axes[0], 0);
    Shape shape{x.shape(0)};
    shape.insert(shape.end(), shape_.begin(), shape_.end());
    return {{reshape(x, shape)}, {0}};
  }

 private:
  Shape shape_;
};

class Flatten final : public Reshaping {
 public:
  Flatten(int start, int end) : start_(start), end_(end) {}
  const char* name() const override { return "flatten"; }
  void fields(Fields& f) override { f.field("start", start_), f.field("end", end_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape& from = inputs[0].shape();
    Shape shape(from.begin(), from.begin() + start_);
    int64_t merged = 1;
    for (int i = start_; i <= end_; ++i) merged *= from[i];
    shape.push_back(dimension(merged, name()));
    shape.insert(shape.end(), from.begin() + end_ + 1, from.end());
    return {shape};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{flatten(batch_first(inputs[0], axes[0], 0), start_ + 1, end_ + 1)}, {0}};
  }

 private:
  int start_, end_;
};

class Unflatten final : public Reshaping {
 public:
  Unflatten(int axis, Shape shape) : axis_(axis), shape_(std::move(shape)) {}
  const char* name() const override { return "unflatten"; }
  void fields(Fields& f) override { f.field("axis", axis_), f.field("shape", shape_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    const Shape parts = normalized(shape_, shape[axis_], name(), inputs[0]);
    shape.erase(shape.begin() + axis_);
    shape.insert(shape.begin() + axis_, parts.begin(), parts.end());
    return {shape};
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {flatten(cotangents[0], axis_, axis_ + int(shape_.size()) - 1)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{unflatten(batch_first(inputs[0], axes[0], 0), axis_ + 1, shape_)}, {0}};
  }

 private:
  int axis_;
  Shape shape_;
};

class ExpandDims final : public Reshaping {
 public:
  explicit ExpandDims(Axes axes) : axes_(std::move(axes)) {}
  const char* name() const override { return "expand_dims"; }
  void fields(Fields& f) override { f.field("axes", axes_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    for (const int axis : axes_) shape.insert(shape.begin() + axis, 1);
    return {shape};
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {squeeze(cotangents[0], axes_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{expand_dims(batch_first(inputs[0], axes[0], 0), behind_batch(axes_))}, {0}};
  }

 private:
  Axes axes_;
};

class Squeeze final : public Reshaping {
 public:
  explicit Squeeze(Axes axes) : axes_(std::move(axes)) {}
  const char* name() const override { return "squeeze"; }
  void fields(Fields& f) override { f.field("axes", axes_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    for (size_t i = axes_.size(); i-- > 0;) {
      if (shape[axes_[i]] != 1)
        fail(name(), "cannot squeeze axis ", axes_[i], " with size ", shape[axes_[i]],
             " which is not equal to 1.");
      shape.erase(shape.begin() + axes_[i]);
    }
    return {shape};
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {expand_dims(cotangents[0], axes_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{squeeze(batch_first(inputs[0], axes[0], 0), behind_batch(axes_))}, {0}};
  }

 private:
  Axes axes_;
};

}  // namespace

array reshape(const array& a, Shape shape, StreamOrDevice s) {
  if (a.shape() == shape && !follows_shape(a)) return a;
  return make_ref<Reshape>(std::move(shape))
      ->apply(a, s);  // keeps the size that follows from the others'
}

array flatten(const array& a, int start_axis, int end_axis, StreamOrDevice s) {
  const int ndim = a.ndim();
  const int start = std::max(start_axis < 0 ? start_axis + ndim : start_axis, 0);
  const int end = std::min(end_axis < 0 ? end_axis + ndim : end_axis, ndim - 1);
  if (ndim == 0) return reshape(a, {1}, s);
  if (start >= ndim || end < 0)
    fail("flatten", "axes ", start_axis, " and ", end_axis, " are out of range for a ", ndim,
         "-dimensional array.");
  if (end < start)
    fail("flatten", "start_axis ", start_axis, " comes after end_axis ", end_axis, ".");
  if (start == end) return a;
  return make_ref<Flatten>(start, end)->apply(a, s);
}

array unflatten(const array& a, int axis, Shape shape, StreamOrDevice s) {
  if (shape.empty()) fail("unflatten", "the shape must not be empty.");
  const int at = normalize_axis(axis, a.ndim(), "unflatten");
  Shape parts = normalized(shape, a.shape(at), "unflatten", a);
  return make_ref<Unflatten>(at, follows_shape(a) ? std::move(shape) : std::move(parts))
      ->apply(a, s);
}

array expand_dims(const array& a, const Axes& axes, StreamOrDevice s) {
  if (axes.empty()) return a;
  return make_ref<ExpandDims>(normalize_axes(axes, a.ndim() + int(axes.size()), "expand_dims"))
      ->apply(a, s);
}

array squeeze(const array& a, const OptionalAxes& axes, StreamOrDevice s) {
  Axes ones;
  if (axes) {
    ones = normalize_axes(*axes, a.ndim(), "squeeze");
  } else {
    for (int i = 0; i < a.ndim(); ++i)
      if (a.shape(i) == 1) ones.push_back(i);
  }
  return ones.empty() ? a : make_ref<Squeeze>(std::move(ones))->apply(a, s);
}

static const Registered<Reshape> reshape_class("Reshape", Shape{});
static const Registered<Flatten> flatten_class("Flatten", 0, 0);
static const Registered<Unflatten> unflatten_class("Unflatten", 0, Shape{});
static const Registered<ExpandDims> expand_dims_class("ExpandDims", Axes{});
static const Registered<Squeeze> squeeze_class("Squeeze", Axes{});

}  // namespace mlx
