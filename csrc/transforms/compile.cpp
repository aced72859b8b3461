// Recording a function once and replaying it, simplified and fused.
#include "transforms/compile.h"

#include <atomic>

#include "base/env.h"
#include "base/error.h"
#include "graph/deferred.h"

namespace mlx {
namespace {

std::atomic<bool>& enabled() {
  static std::atomic<bool> value{env::disable_compile().empty()};
  return value;
}

}  // namespace

bool compile_enabled() {
  return enabled();
}
void set_compile_enabled(bool on) {
  enabled() = on;
}

namespace {

Plan recorded(const Function& f, const Arrays& inputs, bool shapeless) {
  Arrays placeholders, outputs;
  for (const array& input : inputs)
    placeholders.push_back(array::placeholder(input.shape(), input.dtype()));
  {
    const Tracing tracing(Tracing::record);
    const AnyShape any_shape(shapeless);
    outputs = f(placeholders);
  }
  Plan plan = record(placeholders, outputs);
  merge_equal_steps(plan);
  return plan;
}

}  // namespace

Compiled compile(const Function& f, const Arrays& inputs, bool shapeless) {
  Plan plan = recorded(f, inputs, shapeless);
  for (const array& constant : plan.constants)
    for (const array& input : inputs)
      if (constant.same(input) && !constant.node().immediate)
        fail("compile",
             "the function reaches an array through a closure that is also one of its arguments.");
  if (!defers(plan)) fuse(plan, shapeless);
  return {std::move(plan), shapeless};
}

Arrays Compiled::operator()(const Arrays& inputs) const {
  constexpr size_t most = 16;
  if (!defers_) return plan_.replay(inputs, shapeless_);
  std::string shapes;
  for (const array& input : inputs) shapes += to_string(input.shape());
  const auto found = known_.find(shapes);
  if (found == known_.end()) {
    Arrays results = plan_.replay(inputs, true);
    if (known_.size() == most) known_.clear();
    known_.emplace(std::move(shapes), Plan{});
    return results;
  }
  // These shapes come again: make all nodes once and fuse them.
  if (found->second.outputs.empty()) {
    found->second =
        recorded([this](const Arrays& placeholders) { return plan_.replay(placeholders, true); },
                 inputs, false);
    fuse(found->second);
  }
  return found->second.replay(inputs, false);
}

}  // namespace mlx
