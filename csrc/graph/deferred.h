// Calls that a recording for inputs of any shape keeps whole, because the nodes they make depend on
// the shapes.
#pragma once

#include <tuple>

#include "graph/primitive.h"
#include "graph/registry.h"

namespace mlx {

/// While one that is on lives on this thread, functions are recorded for inputs of any shape.
class AnyShape {
 public:
  explicit AnyShape(bool on);
  ~AnyShape();
  AnyShape(const AnyShape&) = delete;
  static bool active();

 private:
  bool previous_;
};

/// True where an operation must not remember the shape of `x`, since other shapes will follow.
inline bool follows_shape(const array& x) {
  return AnyShape::active() && x.is_tracer();
}
bool follows_shape(const Arrays& inputs);

/// Stands in a recording for nodes that are made when the shapes are known. It is never evaluated,
/// nor transformed.
class Deferred : public Primitive {
 public:
  virtual Arrays apply(const Arrays& inputs) const = 0;
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) final;
  std::vector<Shape> output_shapes(const Arrays& inputs) const final;
};

/// False for a primitive that holds something of this process, as functions do, and so cannot be
/// deferred.
bool is_registered(const Primitive& primitive);

/// Null for an ordinary primitive.
const Deferred* as_deferred(const Primitive& primitive);
/// Records the call; its outputs have the shapes and dtypes that it gives now.
Arrays defer(Ref<Deferred> call, Arrays inputs, Stream stream);

template <auto function, typename Signature = decltype(function)>
class DeferredCall;

/// Defers a function of arrays and of parameters that fields can hold. Each needs a `Registered`
/// line.
template <auto function, typename... P>
class DeferredCall<function, Arrays (*)(const Arrays&, P...)> final : public Deferred {
 public:
  explicit DeferredCall(std::decay_t<P>... parameters) : parameters_(std::move(parameters)...) {}
  const char* name() const override { return class_name_of(*this).c_str(); }
  void fields(Fields& f) override {
    std::apply([&](auto&... parameter) { (f.field("parameter", parameter), ...); }, parameters_);
  }
  Arrays apply(const Arrays& inputs) const override {
    return std::apply([&](const auto&... parameter) { return function(inputs, parameter...); },
                      parameters_);
  }

 private:
  std::tuple<std::decay_t<P>...> parameters_;
};

/// The one output of a deferred call of `function`.
template <auto function, typename... P>
array deferred(Arrays inputs, const StreamOrDevice& s, P... parameters) {
  return defer(make_ref<DeferredCall<function>>(std::move(parameters)...), std::move(inputs),
               to_stream(s))[0];
}

}  // namespace mlx
