// Recording a function once and replaying it, simplified and fused.
#pragma once

#include <map>
#include <string>

#include "graph/plan.h"
#include "transforms/autodiff.h"

namespace mlx {

/// A function recorded for inputs of certain shapes and dtypes (ndim and dtypes only when
/// shapeless).
class Compiled {
 public:
  Compiled() = default;
  Compiled(Plan plan, bool shapeless)
      : plan_(std::move(plan)), shapeless_(shapeless), defers_(defers(plan_)) {}
  Arrays operator()(const Arrays& inputs) const;
  const Plan& plan() const { return plan_; }  ///< what was recorded, simplified and fused

 private:
  Plan plan_;
  bool shapeless_ = false, defers_ = false;
  /// Plans with every node in place, for shapes that came twice; empty after the first time.
  mutable std::map<std::string, Plan> known_;
};

/// Runs `f` once on placeholders like `inputs`. Throws std::invalid_argument when `f` reaches one
/// of the inputs through a closure too.
Compiled compile(const Function& f, const Arrays& inputs, bool shapeless);

/// mx.disable_compile() and the environment's MLX_DISABLE_COMPILE.
bool compile_enabled();
void set_compile_enabled(bool enabled);

}  // namespace mlx
