// Other readings of the same memory: other dtypes, any strides; values that wait for others.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/rearrange.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

class View final : public Primitive {
 public:
  explicit View(Dtype dtype) : dtype_(dtype) {}
  const char* name() const override { return "view"; }
  void fields(Fields& f) override { f.field("dtype", dtype_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array x = inputs[0];
    const int from = x.itemsize(), to = dtype_.size();
    if (from != to && !fits(x, to)) x = contiguous_copy(x, queue);
    if (from != to && !fits(x, to)) {  // row-major, but begins between two elements
      const array aligned = array::scratch(x.shape(), x.dtype(), queue);
      copy_into(x, aligned, queue);
      x = aligned;
    }
    Strides strides = x.strides();
    for (int64_t& stride : strides) stride = stride * from / to;
    if (from != to && !strides.empty()) strides.back() = 1;
    outputs[0].share(x, std::move(strides), x.offset() * from / to);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    if (cuts(primals[0].dtype(), "vjp")) return {zeros_like(primals[0])};
    return {view(cotangents[0], primals[0].dtype())};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    const array seen = view(tangents[0], dtype_);
    return {cuts(primals[0].dtype(), "jvp") ? zeros_like(seen) : seen};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{view(batch_first(inputs[0], axes[0], 0), dtype_)}, {0}};
  }
  Shape shape_for(const array& x) const {
    const int from = x.itemsize(), to = dtype_.size();
    Shape shape = x.shape();
    if (from == to) return shape;
    if (shape.empty())
      fail(name(), "changing the dtype of a scalar is only allowed between dtypes of one size.");
    if (int64_t(shape.back()) * from % to != 0)
      fail(name(), "the bytes of the last axis, of size ", shape.back(), ", are not a multiple of ",
           dtype_.name(), "'s.");
    shape.back() = dimension(int64_t(shape.back()) * from / to, name());
    return shape;
  }
  bool is_view() const override { return true; }
  size_t work(const Arrays&, const Arrays&) const override { return 0; }

 private:
  /// Whether elements of `to` bytes can be seen in this memory.
  static bool fits(const array& x, int to) {
    const int from = x.itemsize();
    if (x.size() == 0) return true;
    if (x.ndim() && x.shape(-1) != 1 && x.strides().back() != 1) return false;
    bool divides = x.offset() * from % to == 0;
    for (int i = 0; i + 1 < x.ndim(); ++i) divides &= x.strides()[i] * from % to == 0;
    return divides;
  }
  /// Whole numbers carry no derivatives; complex numbers are pairs of floats; other bits are not
  /// linear.
  bool cuts(Dtype from, const char* transform) const {
    const auto part = [](Dtype d) { return d.is_complex() ? Dtype(float32) : d; };
    if (!from.is_inexact() || !dtype_.is_inexact()) return true;
    if (part(from) != part(dtype_)) no_transform(transform, *this);
    return false;
  }
  Dtype dtype_;
};

class AsStrided final : public Primitive {
 public:
  AsStrided(Shape shape, std::vector<int64_t> strides, int64_t offset)
      : shape_(std::move(shape)), strides_(std::move(strides)), offset_(offset) {}
  const char* name() const override { return "as_strided"; }
  void fields(Fields& f) override {
    f.field("shape", shape_), f.field("strides", strides_), f.field("offset", offset_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array x = contiguous_copy(inputs[0], queue);
    outputs[0].share(x, Strides(strides_.begin(), strides_.end()), x.offset() + offset_);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    // Every element goes back to the position it was read from.
    array at(offset_, int64);
    for (size_t i = 0; i < shape_.size(); ++i) {
      Shape lane(shape_.size(), 1);
      lane[i] = shape_[i];
      at = at + reshape(ramp(0, double(strides_[i]), shape_[i], int64), lane);
    }
    const array flat = zeros({dimension(primals[0].size(), name())}, cotangents[0].dtype());
    return {reshape(scatter(flat, {at}, cotangents[0], 0, ScatterMode::add), primals[0].shape())};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {as_strided(tangents[0], shape_, strides_, offset_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = moveaxis(inputs[0], axes[0], 0);
    Shape shape = shape_;
    std::vector<int64_t> strides = strides_;
    shape.insert(shape.begin(), x.shape(0));
    strides.insert(strides.begin(), x.shape(0) ? x.size() / x.shape(0) : 0);
    return {{as_strided(x, shape, strides, offset_)}, {0}};
  }
  bool is_view() const override { return true; }

 private:
  Shape shape_;
  std::vector<int64_t> strides_;
  int64_t offset_;
};

class Depends final : public Primitive {
 public:
  explicit Depends(int count) : count_(count) {}
  const char* name() const override { return "depends"; }
  void fields(Fields& f) override { f.field("count", count_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    for (int i = 0; i < count_; ++i)
      outputs[i].share(inputs[i], inputs[i].strides(), inputs[i].offset());
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums)
      result.push_back(i < count_ ? cotangents[i] : zeros_like(primals[i]));
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    return all_tangents(primals, tangents, argnums, size_t(count_));
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const Arrays first(inputs.begin(), inputs.begin() + count_),
        others(inputs.begin() + count_, inputs.end());
    return {std::get<Arrays>(depends(first, others)),
            std::vector<int>(axes.begin(), axes.begin() + count_)};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    std::vector<Shape> shapes;
    for (int i = 0; i < count_; ++i) shapes.push_back(inputs[i].shape());
    return shapes;
  }
  size_t work(const Arrays&, const Arrays&) const override { return 0; }
  bool is_view() const override { return true; }

 private:
  int count_;
};

}  // namespace

array view(Operand operand, Dtype dtype, StreamOrDevice s) {
  const array a = to_array(std::move(operand));
  if (a.dtype() == dtype) return a;
  auto primitive = make_ref<View>(dtype);
  Shape shape = primitive->shape_for(a);
  return array(std::move(shape), dtype, std::move(primitive), {a}, to_stream(s));
}

array as_strided(const array& a, const std::optional<Shape>& shape,
                 const std::optional<std::vector<int64_t>>& strides, int64_t offset,
                 StreamOrDevice s) {
  const Shape to = shape.value_or(a.shape());
  const Strides dense = row_major(to);
  const std::vector<int64_t> steps =
      strides.value_or(std::vector<int64_t>(dense.begin(), dense.end()));
  if (steps.size() != to.size())
    fail("as_strided", "got ", steps.size(), " strides for a shape of ", to.size(), " dimensions.");
  int64_t first = offset, last = offset;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] < 0) fail("as_strided", "negative dimensions are not allowed.");
    (steps[i] < 0 ? first : last) += steps[i] * (int64_t(to[i]) - 1);
  }
  if (size_of(to) > 0 && (first < 0 || last >= a.size()))
    fail("as_strided", "the elements from ", first, " to ", last, " reach beyond an array of ",
         a.size(), ".");
  return array(to, a.dtype(), make_ref<AsStrided>(to, steps, offset), {a}, to_stream(s));
}

std::variant<array, Arrays> depends(const std::variant<array, Arrays>& inputs_,
                                    const std::variant<array, Arrays>& dependencies_) {
  const auto several = [](const std::variant<array, Arrays>& given) {
    const array* const one = std::get_if<array>(&given);
    return one ? Arrays{*one} : std::get<Arrays>(given);
  };
  const Arrays inputs = several(inputs_), dependencies = several(dependencies_);
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  for (const array& x : inputs) shapes.push_back(x.shape()), dtypes.push_back(x.dtype());
  if (inputs.empty()) return Arrays{};
  Arrays all = inputs;
  all.insert(all.end(), dependencies.begin(), dependencies.end());
  Arrays after =
      array::several(std::move(shapes), std::move(dtypes), make_ref<Depends>(int(inputs.size())),
                     std::move(all), to_stream({}));
  if (std::holds_alternative<array>(inputs_)) return after[0];
  return after;
}

static const Registered<View> view_class("View", float32);
static const Registered<AsStrided> as_strided_class("AsStrided", Shape{}, std::vector<int64_t>{},
                                                    int64_t(0));
static const Registered<Depends> depends_class("Depends", 0);

}  // namespace mlx
