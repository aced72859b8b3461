// Functions with transformations of their own, and rematerialisation.
#pragma once

#include "transforms/autodiff.h"

namespace mlx {

/// The transformations a caller supplies; those left empty fall back to the function itself.
struct CustomRules {
  /// Gradients that are missing, or missing at the end, are zeros.
  std::function<std::vector<std::optional<array>>(const Arrays& primals, const Arrays& cotangents,
                                                  const Arrays& outputs)>
      vjp;
  /// Tangents are missing for inputs that are not differentiated.
  std::function<Arrays(const Arrays& primals, const std::vector<std::optional<array>>& tangents)>
      jvp;
  std::function<std::pair<Arrays, std::vector<int>>(const Arrays& inputs,
                                                    const std::vector<int>& axes)>
      vmap;
};

/// Applies `f` so that transformations of the result use `rules`.
Arrays custom_function(const Function& f, const Arrays& inputs, CustomRules rules);

/// Applies `f` so that its backward pass recomputes the intermediate values instead of keeping
/// them.
Arrays checkpoint(const Function& f, const Arrays& inputs);

}  // namespace mlx
