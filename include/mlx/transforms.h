// Evaluation, differentiation, batching and functions with rules of their own.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "mlx/array.h"

namespace mlx::core {

using ArraysFn = std::function<std::vector<array>(const std::vector<array>&)>;
using ValueAndGradFn =
    std::function<std::pair<std::vector<array>, std::vector<array>>(const std::vector<array>&)>;
using SimpleValueAndGradFn =
    std::function<std::pair<array, std::vector<array>>(const std::vector<array>&)>;

/// Enqueues what the outputs need.
void async_eval(std::vector<array> outputs);
/// Computes the outputs and waits for them.
void eval(std::vector<array> outputs);
template <typename... Arrays>
  requires(std::is_same_v<std::remove_cvref_t<Arrays>, array> && ...)
void eval(Arrays&&... outputs) {
  eval(std::vector<array>{std::forward<Arrays>(outputs)...});
}
template <typename... Arrays>
  requires(std::is_same_v<std::remove_cvref_t<Arrays>, array> && ...)
void async_eval(Arrays&&... outputs) {
  async_eval(std::vector<array>{std::forward<Arrays>(outputs)...});
}

/// Outputs, and vector-Jacobian products by each primal.
std::pair<std::vector<array>, std::vector<array>> vjp(const ArraysFn& fun,
                                                      const std::vector<array>& primals,
                                                      const std::vector<array>& cotangents);
std::pair<array, array> vjp(const std::function<array(const array&)>& fun, const array& primal,
                            const array& cotangent);
/// Outputs, and Jacobian-vector products for each output.
std::pair<std::vector<array>, std::vector<array>> jvp(const ArraysFn& fun,
                                                      const std::vector<array>& primals,
                                                      const std::vector<array>& tangents);
std::pair<array, array> jvp(const std::function<array(const array&)>& fun, const array& primal,
                            const array& tangent);

/// A function that gives the outputs of `fun` and the gradient of the first one, a scalar, by the
/// arguments that `argnums` names.
ValueAndGradFn value_and_grad(const ArraysFn& fun, const std::vector<int>& argnums);
inline ValueAndGradFn value_and_grad(const ArraysFn& fun, int argnum = 0) {
  return value_and_grad(fun, std::vector<int>{argnum});
}
inline std::function<std::pair<array, array>(const array&)> value_and_grad(
    const std::function<array(const array&)>& fun) {
  return [fun](const array& x) {
    const auto [values, gradients] = value_and_grad(
        [fun](const std::vector<array>& xs) { return std::vector<array>{fun(xs[0])}; })({x});
    return std::make_pair(values[0], gradients[0]);
  };
}
inline SimpleValueAndGradFn value_and_grad(
    const std::function<array(const std::vector<array>&)>& fun, const std::vector<int>& argnums) {
  return [fun, argnums](const std::vector<array>& xs) {
    const auto [values, gradients] = value_and_grad(
        ArraysFn([fun](const std::vector<array>& ys) { return std::vector<array>{fun(ys)}; }),
        argnums)(xs);
    return std::make_pair(values[0], gradients);
  };
}
inline SimpleValueAndGradFn value_and_grad(
    const std::function<array(const std::vector<array>&)>& fun, int argnum = 0) {
  return value_and_grad(fun, std::vector<int>{argnum});
}
inline std::function<std::vector<array>(const std::vector<array>&)> grad(
    const std::function<array(const std::vector<array>&)>& fun, const std::vector<int>& argnums) {
  return [with_value = value_and_grad(fun, argnums)](const std::vector<array>& xs) {
    return with_value(xs).second;
  };
}
inline std::function<std::vector<array>(const std::vector<array>&)> grad(
    const std::function<array(const std::vector<array>&)>& fun, int argnum = 0) {
  return grad(fun, std::vector<int>{argnum});
}
inline std::function<array(const array&)> grad(const std::function<array(const array&)>& fun) {
  return [with_value = value_and_grad(fun)](const array& x) { return with_value(x).second; };
}

/// `fun`, written for single examples, over a batch axis of inputs and outputs (-1: none).
std::function<array(const array&)> vmap(const std::function<array(const array&)>& fun,
                                        int in_axis = 0, int out_axis = 0);
std::function<array(const array&, const array&)> vmap(
    const std::function<array(const array&, const array&)>& fun, int in_axis_a = 0,
    int in_axis_b = 0, int out_axis = 0);
ArraysFn vmap(const ArraysFn& fun, const std::vector<int>& in_axes = {},
              const std::vector<int>& out_axes = {});

/// `fun` with rules of its own; those left out are those of what `fun` does.
ArraysFn custom_function(
    ArraysFn fun,
    std::optional<std::function<std::vector<array>(const std::vector<array>& primals,
                                                   const std::vector<array>& cotangents,
                                                   const std::vector<array>& outputs)>>
        fun_vjp = std::nullopt,
    std::optional<std::function<std::vector<array>(const std::vector<array>& primals,
                                                   const std::vector<array>& tangents,
                                                   const std::vector<int>& argnums)>>
        fun_jvp = std::nullopt,
    std::optional<std::function<std::pair<std::vector<array>, std::vector<int>>(
        const std::vector<array>& inputs, const std::vector<int>& axes)>>
        fun_vmap = std::nullopt);
ArraysFn custom_vjp(ArraysFn fun,
                    std::function<std::vector<array>(const std::vector<array>& primals,
                                                     const std::vector<array>& cotangents,
                                                     const std::vector<array>& outputs)>
                        fun_vjp);
/// `fun`, whose intermediate values are computed again in the backward pass.
ArraysFn checkpoint(ArraysFn fun);

}  // namespace mlx::core
