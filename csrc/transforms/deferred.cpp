// The rules of primitives, called at once or, in a recording for inputs of any shape, when the
// shapes are known.
#include "transforms/deferred.h"

#include "base/error.h"
#include "graph/deferred.h"
#include "ops/shape.h"
#include "transforms/autodiff.h"
#include "transforms/import_check.h"
#include "transforms/vmap.h"

namespace mlx {
namespace {

/// A primitive that is read as a field of others, which a file may nest without end.
Ref<Primitive> made(const std::string& class_name, const std::string& name, Fields& f) {
  constexpr int deepest = 100;
  thread_local int depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  };
  const Level level;
  if (depth > deepest)
    fail<std::runtime_error>("import_function", "rules about rules are nested too deeply.");
  return make_primitive(class_name, name, f);
}

/// A primitive as a field of another one.
void primitive_field(Fields& f, Ref<Primitive>& primitive) {
  std::string class_name = primitive ? class_name_of(*primitive) : "",
              name = primitive ? primitive->name() : "";
  f.field("class", class_name);
  f.field("name", name);
  if (primitive)
    primitive->fields(f);
  else
    primitive = made(class_name, name, f);
}

Arrays part(const Arrays& all, int from, int count) {
  return {all.begin() + from, all.begin() + from + count};
}

void require(bool fits, const Primitive& rule) {
  if (!fits)
    fail<std::runtime_error>("import_function", rule.name(), " does not fit its primitive.");
}

/// The primitive must take and give such arrays itself.
void check_inner(Primitive& primitive, const Arrays& inputs, const Arrays& outputs) {
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  for (const array& y : outputs) shapes.push_back(y.shape()), dtypes.push_back(y.dtype());
  check_step(primitive, inputs, shapes, dtypes);
}

/// `some` must be like `all`, or like those of them that are listed, in shape and dtype.
bool alike(const Arrays& some, const Arrays& all, const std::vector<int>* chosen = nullptr) {
  for (size_t i = 0; i < some.size(); ++i) {
    const array& x = all[chosen ? size_t((*chosen)[i]) : i];
    if (some[i].shape() != x.shape() || some[i].dtype() != x.dtype()) return false;
  }
  return true;
}

Arrays joined(Arrays a, const Arrays& b, const Arrays& c) {
  a.insert(a.end(), b.begin(), b.end());
  a.insert(a.end(), c.begin(), c.end());
  return a;
}

Function as_function(const Deferred& call) {
  return [&call](const Arrays& inputs) { return call.apply(inputs); };
}

/// The call as a function of some of its inputs alone.
Function as_function_of(const Deferred& call, const std::vector<int>& argnums,
                        const Arrays& inputs) {
  return [&call, argnums, all = inputs](const Arrays& some) mutable {
    for (size_t k = 0; k < argnums.size(); ++k) all[argnums[k]] = some[k];
    return call.apply(all);
  };
}

Arrays chosen(const Arrays& inputs, const std::vector<int>& argnums) {
  Arrays result;
  for (const int i : argnums) result.push_back(inputs[i]);
  return result;
}

/// Inputs are a primitive's inputs, as many tangents or cotangents as the rule takes, and its
/// outputs.
class Rule : public Deferred {
 public:
  Rule(Ref<Primitive> primitive, std::vector<int> argnums, int inputs, int outputs)
      : primitive_(std::move(primitive)),
        argnums_(std::move(argnums)),
        inputs_(inputs),
        outputs_(outputs) {}
  void fields(Fields& f) override {
    primitive_field(f, primitive_);
    f.field("argnums", argnums_), f.field("inputs", inputs_), f.field("outputs", outputs_);
  }
  /// Throws where `all` are not what the rule takes. `between`: how many tangents or cotangents.
  void check(const Arrays& all) const {
    const int between = forward() ? int(argnums_.size()) : outputs_;
    require(inputs_ >= 0 && outputs_ >= 0 && inputs_ <= int(all.size()) &&
                outputs_ <= int(all.size()) &&
                all.size() == size_t(inputs_) + size_t(between) + size_t(outputs_),
            *this);
    for (size_t i = 0; i < argnums_.size(); ++i)
      require(argnums_[i] >= (i ? argnums_[i - 1] + 1 : 0) && argnums_[i] < inputs_, *this);
    const Arrays primals = part(all, 0, inputs_), moving = part(all, inputs_, between),
                 outputs = part(all, inputs_ + between, outputs_);
    require(forward() ? alike(moving, primals, &argnums_) : alike(moving, outputs), *this);
    check_inner(*primitive_, primals, outputs);
  }

 protected:
  virtual bool forward() const = 0;
  Ref<Primitive> primitive_;
  std::vector<int> argnums_;
  int inputs_, outputs_;
};

class DeferredVjp final : public Rule {
 public:
  using Rule::Rule;
  const char* name() const override { return "DeferredVjp"; }
  bool forward() const override { return false; }
  Arrays apply(const Arrays& all) const override {
    const Arrays primals = part(all, 0, inputs_), cotangents = part(all, inputs_, outputs_);
    const Deferred* const call = as_deferred(*primitive_);
    if (!call)
      return primitive_->vjp(primals, cotangents, argnums_,
                             part(all, inputs_ + outputs_, outputs_));
    return mlx::vjp(as_function_of(*call, argnums_, primals), chosen(primals, argnums_), cotangents)
        .second;
  }
};

class DeferredJvp final : public Rule {
 public:
  using Rule::Rule;
  const char* name() const override { return "DeferredJvp"; }
  bool forward() const override { return true; }
  Arrays apply(const Arrays& all) const override {
    const int count = int(argnums_.size());
    const Arrays primals = part(all, 0, inputs_), tangents = part(all, inputs_, count);
    const Deferred* const call = as_deferred(*primitive_);
    if (!call)
      return push_forward(*primitive_, primals, part(all, inputs_ + count, outputs_), tangents,
                          argnums_);
    return mlx::jvp(as_function_of(*call, argnums_, primals), chosen(primals, argnums_), tangents)
        .second;
  }
};

class DeferredVmap final : public Deferred {
 public:
  DeferredVmap(Ref<Primitive> primitive, std::vector<int> axes, std::vector<int> out_axes)
      : primitive_(std::move(primitive)), axes_(std::move(axes)), out_axes_(std::move(out_axes)) {}
  const char* name() const override { return "DeferredVmap"; }
  void fields(Fields& f) override {
    primitive_field(f, primitive_);
    f.field("axes", axes_), f.field("out_axes", out_axes_);
  }
  /// Throws where the examples are not what the primitive takes and gives.
  void check(const Arrays& inputs, const std::vector<Shape>& shapes,
             const std::vector<Dtype>& dtypes) const {
    require(axes_.size() == inputs.size() && out_axes_.size() == shapes.size(), *this);
    int size = -1;
    const auto example = [&](Shape shape, Dtype dtype, int axis) {
      require(axis >= -1 && axis < int(shape.size()), *this);
      if (axis < 0) return array::placeholder(std::move(shape), dtype);
      require(size < 0 || shape[axis] == size, *this);
      size = shape[axis];
      shape.erase(shape.begin() + axis);
      return array::placeholder(std::move(shape), dtype);
    };
    Arrays in, out;
    for (size_t i = 0; i < inputs.size(); ++i)
      in.push_back(example(inputs[i].shape(), inputs[i].dtype(), axes_[i]));
    require(size >= 0, *this);
    for (size_t i = 0; i < shapes.size(); ++i)
      out.push_back(example(shapes[i], dtypes[i], out_axes_[i]));
    check_inner(*primitive_, in, out);
  }
  Arrays apply(const Arrays& inputs) const override {
    auto [outputs, axes] = batch(*primitive_, inputs, axes_);
    if (axes != out_axes_)
      fail("vmap", primitive_->name(), " cannot infer output shapes: its batch axis moved.");
    return std::move(outputs);
  }
  static std::pair<Arrays, std::vector<int>> batch(Primitive& primitive, const Arrays& inputs,
                                                   const std::vector<int>& axes) {
    const Deferred* const call = as_deferred(primitive);
    if (!call) return primitive.vmap(inputs, axes);
    std::vector<int> out_axes;
    Arrays outputs = mlx::vmap(as_function(*call), inputs, axes, [&](const Arrays& ys) {
      return out_axes = std::vector<int>(ys.size(), 0);
    });
    return {std::move(outputs), std::move(out_axes)};
  }

 private:
  Ref<Primitive> primitive_;
  std::vector<int> axes_, out_axes_;
};

/// A rule can wait when its primitive can be saved with it; Python functions are called while
/// recording.
bool waits(const Primitive& primitive, const Arrays& inputs) {
  return follows_shape(inputs) && is_registered(primitive);
}

/// Throws for a primitive with remembered numbers, whose rules would repeat them.
void require_inference(const Primitive& primitive, const Arrays& inputs) {
  if (!as_deferred(primitive)) primitive.output_shapes(inputs);
}

Arrays spread(const Arrays& inputs, int axis, int like_axis) {
  normalize_axis(axis, inputs[0].ndim() + 1, "vmap");
  normalize_axis(like_axis, inputs[1].ndim(), "vmap");
  const array wide = expand_dims(inputs[0], {axis});
  Shape shape = wide.shape();
  shape[axis < 0 ? axis + wide.ndim() : axis] = inputs[1].shape(like_axis);
  return {broadcast_to(wide, shape)};
}

}  // namespace

Arrays pull_through(Primitive& primitive, const Arrays& inputs, const Arrays& cotangents,
                    const std::vector<int>& argnums, const Arrays& outputs) {
  if (!waits(primitive, inputs)) return primitive.vjp(inputs, cotangents, argnums, outputs);
  require_inference(primitive, inputs);
  return defer(make_ref<DeferredVjp>(Ref<Primitive>(&primitive), argnums, int(inputs.size()),
                                     int(outputs.size())),
               joined(inputs, cotangents, outputs), to_stream({}));
}

Arrays push_through(Primitive& primitive, const Arrays& inputs, const Arrays& outputs,
                    const Arrays& tangents, const std::vector<int>& argnums) {
  if (!waits(primitive, inputs)) return push_forward(primitive, inputs, outputs, tangents, argnums);
  require_inference(primitive, inputs);
  return defer(make_ref<DeferredJvp>(Ref<Primitive>(&primitive), argnums, int(inputs.size()),
                                     int(outputs.size())),
               joined(inputs, tangents, outputs), to_stream({}));
}

std::pair<Arrays, std::vector<int>> batch_through(const Node& node, const Arrays& inputs,
                                                  const std::vector<int>& axes) {
  Primitive& primitive = *node.primitive;
  if (!waits(primitive, inputs)) return primitive.vmap(inputs, axes);
  require_inference(primitive, node.inputs);
  std::vector<int> out_axes;
  {
    const AnyShape known(false);
    out_axes = DeferredVmap::batch(primitive, inputs, axes).second;
  }
  return {defer(make_ref<DeferredVmap>(Ref<Primitive>(&primitive), axes, out_axes), inputs,
                to_stream({})),
          out_axes};
}

void check_waiting_rule(const Primitive& primitive, const Arrays& inputs,
                        const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes) {
  if (const auto* const rule = dynamic_cast<const Rule*>(&primitive)) rule->check(inputs);
  if (const auto* const rule = dynamic_cast<const DeferredVmap*>(&primitive))
    rule->check(inputs, shapes, dtypes);
}

array spread_along(const array& x, int axis, const array& like, int like_axis) {
  if (follows_shape(Arrays{x, like})) return deferred<&spread>({x, like}, {}, axis, like_axis);
  return spread({x, like}, axis, like_axis)[0];
}

static const Registered<DeferredVjp> vjp_class("DeferredVjp", Ref<Primitive>(), std::vector<int>{},
                                               0, 0);
static const Registered<DeferredJvp> jvp_class("DeferredJvp", Ref<Primitive>(), std::vector<int>{},
                                               0, 0);
static const Registered<DeferredVmap> vmap_class("DeferredVmap", Ref<Primitive>(),
                                                 std::vector<int>{}, std::vector<int>{});
static const Registered<DeferredCall<&spread>> spread_class("Spread", 0, 0);

}  // namespace mlx
