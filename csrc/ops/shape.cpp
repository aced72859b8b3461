// Views with other strides: transpose and its kin, broadcast_to; dense copies.
#include "ops/shape.h"

#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/layout.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"

namespace mlx {
namespace {

class Transpose final : public Primitive {
 public:
  explicit Transpose(Axes axes) : axes_(std::move(axes)) {}
  const char* name() const override { return "transpose"; }
  void fields(Fields& f) override { f.field("axes", axes_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    Strides strides;
    for (const int axis : axes_) strides.push_back(inputs[0].strides()[axis]);
    outputs[0].share(inputs[0], std::move(strides), inputs[0].offset());
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    Axes inverse(axes_.size());
    for (size_t i = 0; i < axes_.size(); ++i) inverse[axes_[i]] = int(i);
    return {transpose(cotangents[0], inverse)};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {transpose(tangents[0], axes_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    Axes order{axes[0]};
    for (const int axis : axes_) order.push_back(axis + (axis >= axes[0]));
    return {{transpose(inputs[0], order)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape;
    for (const int axis : axes_) shape.push_back(inputs[0].shape(axis));
    return {shape};
  }
  size_t work(const Arrays&, const Arrays&) const override { return 0; }
  bool is_view() const override { return true; }

 private:
  Axes axes_;
};

class Broadcast final : public Primitive {
 public:
  explicit Broadcast(Shape shape) : shape_(std::move(shape)) {}
  const char* name() const override { return "broadcast_to"; }
  void fields(Fields& f) override { f.field("shape", shape_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    const array& x = inputs[0];
    outputs[0].share(x, broadcast_strides(x.shape(), x.strides(), shape_), x.offset());
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {unbroadcast(cotangents[0], primals[0].shape(), primals[0].dtype())};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {broadcast_to(tangents[0], shape_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = batch_first(inputs[0], axes[0], 0);
    Shape shape = shape_;
    shape.insert(shape.begin(), x.shape(0));
    return {{broadcast_to(align_examples(x, int(shape_.size())), shape)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    if (!(broadcast(inputs[0].shape(), shape_, name()) == shape_))
      fail(name(), "cannot broadcast array of shape ", to_string(inputs[0].shape()), " into shape ",
           to_string(shape_), ".");
    return {shape_};
  }
  size_t work(const Arrays&, const Arrays&) const override { return 0; }
  bool is_view() const override { return true; }

 private:
  Shape shape_;
};

class Contiguous final : public Primitive {
 public:
  explicit Contiguous(bool allow_column_major) : allow_column_major_(allow_column_major) {}
  const char* name() const override { return "contiguous"; }
  void fields(Fields& f) override { f.field("allow_col_major", allow_column_major_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array& x = inputs[0];
    if (x.is_row_contiguous() || (allow_column_major_ && is_column_major(x)))
      return outputs[0].share(x, x.strides(), x.offset());
    outputs[0].allocate(queue);
    copy_into(x, view_into(outputs[0], x.shape(), outputs[0].strides(), 0), queue);
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return cotangents;
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {contiguous(tangents[0], allow_column_major_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{contiguous(inputs[0], allow_column_major_)}, axes};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }

 private:
  static bool is_column_major(const array& x) {
    Shape shape(x.shape());
    Strides strides(x.strides());
    std::reverse(shape.begin(), shape.end());
    std::reverse(strides.begin(), strides.end());
    return is_row_major(shape, strides);
  }
  bool allow_column_major_;
};

}  // namespace

array transpose(const array& a, const std::optional<IntSequence>& axes, StreamOrDevice s) {
  Axes order = axes ? Axes(*axes) : all_axes(a.ndim());
  if (!axes) std::reverse(order.begin(), order.end());
  if (int(order.size()) != a.ndim())
    fail("transpose", "got ", order.size(), " axes for a ", a.ndim(), "-dimensional array.");
  std::vector<bool> seen(order.size());
  bool identity = true;
  Shape shape;
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = normalize_axis(order[i], a.ndim(), "transpose");
    if (seen[order[i]]) fail("transpose", "axis ", order[i], " is repeated.");
    seen[order[i]] = true;
    identity &= order[i] == int(i);
    shape.push_back(a.shape(order[i]));
  }
  if (identity) return a;
  return array(std::move(shape), a.dtype(), make_ref<Transpose>(std::move(order)), {a},
               to_stream(s));
}

array moveaxis(const array& a, int source, int destination, StreamOrDevice s) {
  const int from = normalize_axis(source, a.ndim(), "moveaxis");
  const int to = normalize_axis(destination, a.ndim(), "moveaxis");
  if (from == to) return a;
  Axes order = all_axes(a.ndim());
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return transpose(a, order, s);
}

array swapaxes(const array& a, int axis1, int axis2, StreamOrDevice s) {
  Axes order = all_axes(a.ndim());
  std::swap(order[normalize_axis(axis1, a.ndim(), "swapaxes")],
            order[normalize_axis(axis2, a.ndim(), "swapaxes")]);
  return transpose(a, order, s);
}

array broadcast_to(Operand operand, const Shape& shape, StreamOrDevice s) {
  const array a = to_array(std::move(operand));
  if (a.shape() == shape && !follows_shape(a)) return a;
  for (const int32_t extent : shape)
    if (extent < 0)
      fail("broadcast_to", "negative dimensions are not allowed, got shape ", to_string(shape),
           ".");
  auto primitive = make_ref<Broadcast>(shape);
  primitive->output_shapes({a});
  return array(shape, a.dtype(), std::move(primitive), {a}, to_stream(s));
}

array contiguous(const array& a, bool allow_col_major, StreamOrDevice s) {
  return array(a.shape(), a.dtype(), make_ref<Contiguous>(allow_col_major), {a}, to_stream(s));
}

array copy(const array& a, StreamOrDevice s) {
  return positive(a, s);
}

array matrix_transpose(const array& a, StreamOrDevice s) {
  if (a.ndim() < 2)
    fail("matrix_transpose", "a matrix has at least two dimensions, not ", a.ndim(), ".");
  return swapaxes(a, -2, -1, s);
}

array batch_first(const array& x, int axis, int size) {
  if (axis >= 0) return moveaxis(x, axis, 0);
  Shape shape{size};
  shape.insert(shape.end(), x.shape().begin(), x.shape().end());
  return broadcast_to(x, shape);
}

array align_examples(const array& x, int ndim) {
  Shape shape{x.shape(0)};
  shape.resize(1 + ndim - (x.ndim() - 1), 1);
  shape.insert(shape.end(), x.shape().begin() + 1, x.shape().end());
  return reshape(x, std::move(shape));
}

Axes behind_batch(const Axes& axes) {
  Axes result;
  for (const int axis : axes) result.push_back(axis + 1);
  return result;
}

int batch_size(const Arrays& inputs, const std::vector<int>& axes) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (axes[i] >= 0) return inputs[i].shape(axes[i]);
  return 1;
}

Arrays all_tangents(const Arrays& primals, const Arrays& tangents, const std::vector<int>& argnums,
                    size_t count) {
  Arrays result;
  for (size_t i = 0, k = 0; i < count; ++i) {
    const bool given = k < argnums.size() && argnums[k] == int(i);
    result.push_back(given ? tangents[k++] : zeros_like(primals[i]));
  }
  return result;
}

array view_into(const array& base, Shape shape, Strides strides, int64_t offset) {
  array view(make_ref<Node>(std::move(shape), base.dtype()));
  view.share(base, std::move(strides), offset);
  view.node().evaluated = true;
  return view;
}

static const Registered<Transpose> transpose_class("Transpose", Axes{});
static const Registered<Broadcast> broadcast_class("Broadcast", Shape{});
static const Registered<Contiguous> contiguous_class("Contiguous", false);

}  // namespace mlx
