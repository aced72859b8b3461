// Static slices, their replacement, and concatenation.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/layout.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// Bounds per axis, clamped to the array: what the slicing primitives keep.
struct Bounds {
  Shape start, stop, strides;

  void fields(Fields& f) {
    f.field("start", start), f.field("stop", stop), f.field("strides", strides);
  }
  Shape shape() const {
    Shape result;
    for (size_t i = 0; i < start.size(); ++i) {
      const int64_t step = strides[i], span = int64_t(stop[i]) - start[i];
      result.push_back(
          int32_t(std::max<int64_t>(0, (span + (step > 0 ? step - 1 : step + 1)) / step)));
    }
    return result;
  }
  /// The elements within `base`, seen through these strides.
  std::pair<Strides, int64_t> within(const Strides& base, int64_t offset) const {
    Strides result;
    for (size_t i = 0; i < start.size(); ++i) {
      result.push_back(base[i] * strides[i]);
      offset += base[i] * start[i];
    }
    return {result, offset};
  }
  /// The same bounds with the whole of a leading batch axis.
  Bounds batched(int size) const {
    Bounds result = *this;
    result.start.insert(result.start.begin(), 0);
    result.stop.insert(result.stop.begin(), size);
    result.strides.insert(result.strides.begin(), 1);
    return result;
  }
};

Bounds normalized(const array& a, Shape start, Shape stop, Shape strides, const char* op) {
  const size_t ndim = a.ndim();
  if (start.size() != ndim || stop.size() != ndim || strides.size() != ndim)
    fail(op, "invalid number of indices or strides for an array of dimension ", ndim, ".");
  for (size_t i = 0; i < ndim; ++i) {
    const int32_t n = a.shape(int(i));
    if (strides[i] == 0) fail(op, "a stride must not be 0.");
    if (strides[i] > 0) {
      start[i] = std::clamp(start[i] < 0 ? start[i] + n : start[i], 0, n);
      stop[i] = std::clamp(stop[i] < 0 ? stop[i] + n : stop[i], 0, n);
    } else {
      start[i] = std::clamp(start[i] < 0 ? start[i] + n : start[i], -1, n - 1);
      stop[i] = std::clamp(stop[i], -1, n - 1);
    }
    const bool empty = strides[i] > 0 ? stop[i] <= start[i] : stop[i] >= start[i];
    if (empty) start[i] = stop[i] = 0;
  }
  return {std::move(start), std::move(stop), std::move(strides)};
}

bool is_everything(const Bounds& bounds, const Shape& shape) {
  return bounds.shape() == shape &&
         std::all_of(bounds.strides.begin(), bounds.strides.end(), [](int s) { return s == 1; });
}

class Slice final : public Primitive {
 public:
  explicit Slice(Bounds bounds) : bounds_(std::move(bounds)) {}
  const char* name() const override { return "slice"; }
  void fields(Fields& f) override { bounds_.fields(f); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    auto [strides, offset] = bounds_.within(inputs[0].strides(), inputs[0].offset());
    if (outputs[0].size() == 0) offset = inputs[0].offset();
    outputs[0].share(inputs[0], std::move(strides), offset);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {slice_update(zeros_like(primals[0]), cotangents[0], bounds_.start, bounds_.stop,
                         bounds_.strides)};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {slice(tangents[0], bounds_.start, bounds_.stop, bounds_.strides)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = batch_first(inputs[0], axes[0], 0);
    const Bounds b = bounds_.batched(x.shape(0));
    return {{slice(x, b.start, b.stop, b.strides)}, {0}};
  }
  size_t work(const Arrays&, const Arrays&) const override { return 0; }
  bool is_view() const override { return true; }

 private:
  Bounds bounds_;
};

class SliceUpdate final : public Primitive {
 public:
  explicit SliceUpdate(Bounds bounds) : bounds_(std::move(bounds)) {}
  const char* name() const override { return "slice_update"; }
  void fields(Fields& f) override { bounds_.fields(f); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array &a = inputs[0], &update = inputs[1];
    array& y = outputs[0];
    if (a.is_donatable() && is_dense(a.shape(), a.strides())) {
      y.share(a, a.strides(), a.offset());
    } else {
      y.allocate(queue);
      copy_into(a, view_into(y, y.shape(), y.strides(), 0), queue);
    }
    if (update.size() == 0) return;
    auto [strides, offset] = bounds_.within(y.strides(), y.offset());
    copy_into(update, view_into(y, update.shape(), std::move(strides), offset), queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums)
      result.push_back(i == 0 ? update(cotangents[0], zeros_like(primals[1]))
                              : slice(cotangents[0], bounds_.start, bounds_.stop, bounds_.strides));
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const Arrays both = all_tangents(primals, tangents, argnums, 2);
    return {update(both[0], both[1])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    const Bounds b = bounds_.batched(size);
    return {{slice_update(batch_first(inputs[0], axes[0], size),
                          batch_first(inputs[1], axes[1], size), b.start, b.stop, b.strides)},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }

 private:
  array update(const array& a, const array& values) {
    return slice_update(a, values, bounds_.start, bounds_.stop, bounds_.strides);
  }
  Bounds bounds_;
};

class Concatenate final : public Primitive {
 public:
  explicit Concatenate(int axis) : axis_(axis) {}
  const char* name() const override { return "concatenate"; }
  void fields(Fields& f) override { f.field("axis", axis_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& y = outputs[0];
    y.allocate(queue);
    int64_t offset = 0;
    for (const array& x : inputs) {
      if (x.size()) copy_into(x, view_into(y, x.shape(), y.strides(), offset), queue);
      offset += y.strides()[axis_] * x.shape(axis_);
    }
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    std::vector<int> begins{0};
    for (const array& x : primals) begins.push_back(begins.back() + x.shape(axis_));
    Arrays result;
    for (const int i : argnums) {
      Shape start(primals[0].ndim()), stop = cotangents[0].shape();
      start[axis_] = begins[i];
      stop[axis_] = begins[i + 1];
      result.push_back(slice(cotangents[0], std::move(start), std::move(stop)));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    return {concatenate(all_tangents(primals, tangents, argnums, primals.size()), axis_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    Arrays parts;
    for (size_t i = 0; i < inputs.size(); ++i)
      parts.push_back(batch_first(inputs[i], axes[i], size));
    return {{concatenate(parts, axis_ + 1)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    int64_t total = 0;
    for (const array& x : inputs) {
      Shape aligned = x.shape();
      if (x.ndim() == int(shape.size())) aligned[axis_] = shape[axis_];
      if (!(aligned == shape))
        fail(name(),
             "all the input arrays must agree in every axis but the one concatenated along; got "
             "shapes ",
             to_string(inputs[0].shape()), " and ", to_string(x.shape()), ".");
      total += x.shape(axis_);
    }
    shape[axis_] = dimension(total, name());
    return {shape};
  }

 private:
  int axis_;
};

}  // namespace

array slice(const array& a, Shape start, Shape stop, Shape strides, StreamOrDevice s) {
  Bounds bounds = normalized(a, std::move(start), std::move(stop), std::move(strides), "slice");
  if (is_everything(bounds, a.shape())) return a;
  Shape shape = bounds.shape();
  return array(std::move(shape), a.dtype(), make_ref<Slice>(std::move(bounds)), {a}, to_stream(s));
}

array slice(const array& a, Shape start, Shape stop, StreamOrDevice s) {
  return slice(a, std::move(start), std::move(stop), Shape(size_t(a.ndim()), 1), s);
}

array slice_update(const array& a, const array& update, Shape start, Shape stop, Shape strides,
                   StreamOrDevice s) {
  Bounds bounds =
      normalized(a, std::move(start), std::move(stop), std::move(strides), "slice_update");
  const array values = broadcast_to(astype(update, a.dtype(), s), bounds.shape(), s);
  if (is_everything(bounds, a.shape())) return values;
  return array(a.shape(), a.dtype(), make_ref<SliceUpdate>(std::move(bounds)), {a, values},
               to_stream(s));
}

array concatenate(const Arrays& arrays, std::optional<int> axis, StreamOrDevice s) {
  if (!axis) {
    Arrays flat;
    for (const array& x : arrays) flat.push_back(flatten(x, 0, -1, s));
    return concatenate(flat, 0, s);
  }
  if (arrays.empty()) fail("concatenate", "no arrays provided for concatenation.");
  if (arrays.size() == 1) return arrays[0];  // whatever the axis, as in MLX
  const int at = normalize_axis(*axis, arrays[0].ndim(), "concatenate");
  auto primitive = make_ref<Concatenate>(at);
  Shape shape = primitive->output_shapes(arrays)[0];
  Dtype dtype = arrays[0].dtype();
  for (const array& x : arrays) dtype = promote(dtype, x.dtype());
  Arrays parts;
  for (const array& x : arrays) parts.push_back(astype(x, dtype, s));
  return array(std::move(shape), dtype, std::move(primitive), std::move(parts), to_stream(s));
}

static const Registered<Slice> slice_class("Slice", Bounds{});
static const Registered<SliceUpdate> slice_update_class("SliceUpdate", Bounds{});
static const Registered<Concatenate> concatenate_class("Concatenate", 0);

}  // namespace mlx
