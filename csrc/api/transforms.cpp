// Transformations of functions, in the public interface.
#include "mlx/transforms.h"

#include "api/convert.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "mlx/compile_impl.h"
#include "ops/creation.h"
#include "transforms/autodiff.h"
#include "transforms/custom.h"
#include "transforms/vmap.h"

namespace mlx::core {

namespace {

mlx::Function inside(ArraysFn fun) {
  return [fun = std::move(fun)](const mlx::Arrays& xs) { return in(fun(out(xs))); };
}

ArraysFn of_one(const std::function<array(const array&)>& fun) {
  return [fun](const std::vector<array>& xs) { return std::vector<array>{fun(xs[0])}; };
}

std::pair<std::vector<array>, std::vector<array>> out(
    const std::pair<mlx::Arrays, mlx::Arrays>& pair) {
  return {core::out(pair.first), core::out(pair.second)};
}

}  // namespace

void async_eval(std::vector<array> outputs) {
  mlx::async_eval(in(outputs));
}
void eval(std::vector<array> outputs) {
  mlx::eval(in(outputs));
}

std::pair<std::vector<array>, std::vector<array>> vjp(const ArraysFn& fun,
                                                      const std::vector<array>& primals,
                                                      const std::vector<array>& cotangents) {
  return out(mlx::vjp(inside(fun), in(primals), in(cotangents)));
}
std::pair<array, array> vjp(const std::function<array(const array&)>& fun, const array& primal,
                            const array& cotangent) {
  const auto [outputs, results] = vjp(of_one(fun), {primal}, {cotangent});
  return {outputs[0], results[0]};
}
std::pair<std::vector<array>, std::vector<array>> jvp(const ArraysFn& fun,
                                                      const std::vector<array>& primals,
                                                      const std::vector<array>& tangents) {
  return out(mlx::jvp(inside(fun), in(primals), in(tangents)));
}
std::pair<array, array> jvp(const std::function<array(const array&)>& fun, const array& primal,
                            const array& tangent) {
  const auto [outputs, results] = jvp(of_one(fun), {primal}, {tangent});
  return {outputs[0], results[0]};
}

ValueAndGradFn value_and_grad(const ArraysFn& fun, const std::vector<int>& argnums) {
  if (argnums.empty()) fail("grad", "argnums names no argument.");
  return [fun, argnums](const std::vector<array>& inputs) {
    std::vector<size_t> places;
    for (const int argnum : argnums) {
      const int count = int(inputs.size());
      const int place = argnum < 0 ? argnum + count : argnum;
      if (place < 0 || place >= count)
        fail("grad", "argnum ", argnum, " for a function called with ", count, " arguments.");
      for (const size_t other : places)
        if (other == size_t(place)) fail("grad", "argnums names argument ", place, " twice.");
      places.push_back(size_t(place));
    }
    std::vector<array> primals;
    for (const size_t place : places) primals.push_back(inputs[place]);
    const auto of_primals = [&](const mlx::Arrays& xs) {
      std::vector<array> all = inputs;
      for (size_t i = 0; i < places.size(); ++i) all[places[i]] = core::out(xs[i]);
      return in(fun(all));
    };
    return out(mlx::value_and_gradient(of_primals, in(primals)));
  };
}

ArraysFn vmap(const ArraysFn& fun, const std::vector<int>& in_axes,
              const std::vector<int>& out_axes) {
  return [fun, in_axes, out_axes](const std::vector<array>& inputs) {
    if (!in_axes.empty() && in_axes.size() != inputs.size())
      fail("vmap", "there are ", in_axes.size(), " in_axes for ", inputs.size(), " inputs.");
    std::vector<int> axes = in_axes;
    axes.resize(inputs.size(), 0);
    for (size_t i = 0; i < inputs.size(); ++i)
      if (axes[i] < -1 || axes[i] >= int(inputs[i].ndim()))
        fail("vmap", "axis ", axes[i], " for an input of ", inputs[i].ndim(), " dimensions.");
    return core::out(mlx::vmap(inside(fun), in(inputs), axes, [&](const mlx::Arrays& outputs) {
      if (!out_axes.empty() && out_axes.size() != outputs.size())
        fail("vmap", "there are ", out_axes.size(), " out_axes for ", outputs.size(), " outputs.");
      std::vector<int> wanted = out_axes;
      wanted.resize(outputs.size(), 0);
      return wanted;
    }));
  };
}
std::function<array(const array&)> vmap(const std::function<array(const array&)>& fun, int in_axis,
                                        int out_axis) {
  return [mapped = vmap(of_one(fun), {in_axis}, {out_axis})](const array& x) {
    return mapped({x})[0];
  };
}
std::function<array(const array&, const array&)> vmap(
    const std::function<array(const array&, const array&)>& fun, int in_axis_a, int in_axis_b,
    int out_axis) {
  const ArraysFn of_two = [fun](const std::vector<array>& xs) {
    return std::vector<array>{fun(xs[0], xs[1])};
  };
  return [mapped = vmap(of_two, {in_axis_a, in_axis_b}, {out_axis})](
             const array& a, const array& b) { return mapped({a, b})[0]; };
}

ArraysFn custom_function(
    ArraysFn fun,
    std::optional<std::function<std::vector<array>(
        const std::vector<array>&, const std::vector<array>&, const std::vector<array>&)>>
        fun_vjp,
    std::optional<std::function<std::vector<array>(
        const std::vector<array>&, const std::vector<array>&, const std::vector<int>&)>>
        fun_jvp,
    std::optional<std::function<std::pair<std::vector<array>, std::vector<int>>(
        const std::vector<array>&, const std::vector<int>&)>>
        fun_vmap) {
  if (!fun_vjp && !fun_jvp && !fun_vmap) return fun;
  mlx::CustomRules rules;
  if (fun_vjp)
    rules.vjp = [rule = *fun_vjp](const mlx::Arrays& primals, const mlx::Arrays& cotangents,
                                  const mlx::Arrays& outputs) {
      const mlx::Arrays results =
          in(rule(core::out(primals), core::out(cotangents), core::out(outputs)));
      return std::vector<std::optional<mlx::array>>(results.begin(), results.end());
    };
  if (fun_jvp)
    rules.jvp = [rule = *fun_jvp](const mlx::Arrays& primals,
                                  const std::vector<std::optional<mlx::array>>& tangents) {
      std::vector<array> given;
      std::vector<int> argnums;
      for (size_t i = 0; i < tangents.size(); ++i)
        if (tangents[i]) given.push_back(core::out(*tangents[i])), argnums.push_back(int(i));
      return in(rule(core::out(primals), given, argnums));
    };
  if (fun_vmap)
    rules.vmap = [rule = *fun_vmap](const mlx::Arrays& inputs, const std::vector<int>& axes) {
      const auto [results, result_axes] = rule(core::out(inputs), axes);
      return std::make_pair(in(results), result_axes);
    };
  return [fun = inside(std::move(fun)), rules](const std::vector<array>& inputs) {
    return core::out(mlx::custom_function(fun, in(inputs), rules));
  };
}
ArraysFn custom_vjp(
    ArraysFn fun,
    std::function<std::vector<array>(const std::vector<array>&, const std::vector<array>&,
                                     const std::vector<array>&)>
        fun_vjp) {
  return custom_function(std::move(fun), std::move(fun_vjp));
}
ArraysFn checkpoint(ArraysFn fun) {
  return [fun = inside(std::move(fun))](const std::vector<array>& inputs) {
    return core::out(mlx::checkpoint(fun, in(inputs)));
  };
}

namespace detail {

std::pair<std::vector<array>, std::vector<array>> vmap_trace(const ArraysFn& fun,
                                                             const std::vector<array>& inputs,
                                                             const std::vector<int>& in_axes) {
  if (in_axes.size() != inputs.size())
    fail("vmap", "there are ", in_axes.size(), " in_axes for ", inputs.size(), " inputs.");
  const mlx::Traced traced = mlx::trace_for_vmap(inside(fun), in(inputs), in_axes);
  return {core::out(traced.inputs), core::out(traced.outputs)};
}

std::vector<array> vmap_replace(const std::vector<array>& inputs,
                                const std::vector<array>& s_inputs,
                                const std::vector<array>& s_outputs,
                                const std::vector<int>& in_axes, const std::vector<int>& out_axes) {
  if (in_axes.size() != inputs.size() || s_inputs.size() != inputs.size())
    fail("vmap", "there are ", in_axes.size(), " in_axes and ", s_inputs.size(),
         " traced inputs for ", inputs.size(), " inputs.");
  if (out_axes.size() != s_outputs.size())
    fail("vmap", "there are ", out_axes.size(), " out_axes for ", s_outputs.size(), " outputs.");
  return core::out(
      mlx::replay_batched(in(inputs), {in(s_inputs), in(s_outputs)}, in_axes, out_axes));
}

}  // namespace detail

}  // namespace mlx::core
