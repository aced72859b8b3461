// Calls that a recording for inputs of any shape keeps whole.
#include "graph/deferred.h"

#include <algorithm>

#include "base/error.h"

namespace mlx {
namespace {

thread_local bool any_shape = false;

}  // namespace

AnyShape::AnyShape(bool on) : previous_(any_shape) {
  any_shape = on;
}
AnyShape::~AnyShape() {
  any_shape = previous_;
}
bool AnyShape::active() {
  return any_shape;
}

bool follows_shape(const Arrays& inputs) {
  return AnyShape::active() &&
         std::any_of(inputs.begin(), inputs.end(), [](const array& x) { return x.is_tracer(); });
}

void Deferred::eval(const Arrays&, Arrays&, Queue&) {
  fail<std::runtime_error>("eval", name(), " has no shapes yet.");
}

std::vector<Shape> Deferred::output_shapes(const Arrays& inputs) const {
  const AnyShape known(false);
  std::vector<Shape> shapes;
  for (const array& output : apply(inputs)) shapes.push_back(output.shape());
  return shapes;
}

const Deferred* as_deferred(const Primitive& primitive) {
  return dynamic_cast<const Deferred*>(&primitive);
}

Arrays defer(Ref<Deferred> call, Arrays inputs, Stream stream) {
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  {
    const AnyShape known(false);
    const StreamScope scope(stream);
    for (const array& output : call->apply(inputs))
      shapes.push_back(output.shape()), dtypes.push_back(output.dtype());
  }
  if (shapes.size() == 1)
    return {array(shapes[0], dtypes[0], std::move(call), std::move(inputs), stream)};
  return array::several(std::move(shapes), std::move(dtypes), std::move(call), std::move(inputs),
                        stream);
}

}  // namespace mlx
