// Recording a function once and replaying it, simplified and fused.
#include "transforms/compile.h"

#include <atomic>

#include "base/env.h"
#include "base/error.h"

namespace mlx {
namespace {

std::atomic<bool>& enabled() {
  static std::atomic<bool> value{env::disable_compile().empty()};
  return value;
}

}  // namespace

bool compile_enabled() { return enabled(); }
void set_compile_enabled(bool on) { enabled() = on; }

Compiled compile(const Function& f, const Arrays& inputs, bool shapeless) {
  Arrays placeholders, outputs;
  for (const array& input : inputs) placeholders.push_back(array::placeholder(input.shape(), input.dtype()));
  {
    const Tracing tracing(Tracing::record);
    outputs = f(placeholders);
  }
  Compiled compiled{record(placeholders, outputs), shapeless};
  for (const array& constant : compiled.plan.constants)
    for (const array& input : inputs)
      if (constant.same(input) && !constant.node().immediate)
        fail("compile", "the function reaches an array through a closure that is also one of its arguments.");
  merge_equal_steps(compiled.plan);
  fuse(compiled.plan);
  return compiled;
}

}  // namespace mlx
