// Recording functions once and replaying them, simplified and fused.
#pragma once

#include <functional>
#include <vector>

#include "mlx/array.h"

namespace mlx::core {

enum class CompileMode { disabled, no_simplify, no_fuse, enabled };

/// `fun`, recorded at the first call for inputs of each kind; with `shapeless`, shapes do not
/// count.
std::function<std::vector<array>(const std::vector<array>&)> compile(
    std::function<std::vector<array>(const std::vector<array>&)> fun, bool shapeless = false);
std::function<std::vector<array>(const std::vector<array>&)> compile(
    std::vector<array> (*fun)(const std::vector<array>&), bool shapeless = false);
/// For lambdas that capture nothing, which convert to either of the above.
template <typename F>
  requires(std::is_class_v<std::remove_cvref_t<F>> &&
           std::is_convertible_v<F, std::vector<array> (*)(const std::vector<array>&)>)
std::function<std::vector<array>(const std::vector<array>&)> compile(F&& fun,
                                                                     bool shapeless = false) {
  std::vector<array> (*const function)(const std::vector<array>&) = fun;
  return compile(function, shapeless);
}
void disable_compile();
void enable_compile();
/// Modes between disabled and enabled record and replay like enabled: simplifying and fusing never
/// change results.
void set_compile_mode(CompileMode mode);

}  // namespace mlx::core
