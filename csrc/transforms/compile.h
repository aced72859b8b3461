// Recording a function once and replaying it, simplified and fused.
#pragma once

#include "graph/plan.h"
#include "transforms/autodiff.h"

namespace mlx {

/// A function recorded for inputs of certain shapes and dtypes (ndim and dtypes only when shapeless).
struct Compiled {
  Plan plan;
  bool shapeless = false;
  Arrays operator()(const Arrays& inputs) const { return plan.replay(inputs, shapeless); }
};

/// Runs `f` once on placeholders like `inputs`. Throws std::invalid_argument when `f` reaches one of the inputs
/// through a closure too.
Compiled compile(const Function& f, const Arrays& inputs, bool shapeless);

/// mx.disable_compile() and the environment's MLX_DISABLE_COMPILE.
bool compile_enabled();
void set_compile_enabled(bool enabled);

}  // namespace mlx
