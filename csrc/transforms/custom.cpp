// Functions with transformations of their own, and rematerialisation.
#include "transforms/custom.h"

#include "base/error.h"
#include "graph/primitive.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/rearrange.h"
#include "transforms/vmap.h"

namespace mlx {
namespace {

/// Passes a function's outputs on, beside the inputs they were made from.
/// Inputs are the function's inputs followed by its outputs (behind stop_gradient).
class Custom final : public Primitive {
 public:
  Custom(Function f, size_t arity, CustomRules rules)
      : f_(std::move(f)), arity_(arity), rules_(std::move(rules)) {}
  const char* name() const override { return "CustomFunction"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const array& value = inputs[arity_ + i];
      outputs[i].share(value, value.strides(), value.offset());
    }
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    const Arrays inputs(primals.begin(), primals.begin() + arity_);
    std::vector<std::optional<array>> all;
    if (rules_.vjp)
      all = rules_.vjp(inputs, cotangents, outputs);
    else
      for (const array& gradient : mlx::vjp(f_, inputs, cotangents).second)
        all.emplace_back(gradient);
    all.resize(primals.size());
    Arrays result;
    for (const int i : argnums) result.push_back(all[i] ? *all[i] : zeros_like(primals[i]));
    return result;
  }

  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const Arrays inputs(primals.begin(), primals.begin() + arity_);
    std::vector<std::optional<array>> given(arity_);
    for (size_t k = 0; k < argnums.size(); ++k)
      if (size_t(argnums[k]) < arity_) given[argnums[k]] = tangents[k];
    if (rules_.jvp) return rules_.jvp(inputs, given);
    return mlx::jvp(f_, inputs, or_zeros(given, inputs)).second;
  }

  std::pair<Arrays, std::vector<int>> vmap(const Arrays& all,
                                           const std::vector<int>& all_axes) override {
    const Arrays inputs(all.begin(), all.begin() + arity_);
    const std::vector<int> axes(all_axes.begin(), all_axes.begin() + arity_);
    if (rules_.vmap) return rules_.vmap(inputs, axes);
    std::vector<int> out_axes;
    Arrays outputs = mlx::vmap(f_, inputs, axes, [&](const Arrays& ys) {
      return out_axes = std::vector<int>(ys.size(), 0);
    });
    return {std::move(outputs), std::move(out_axes)};
  }

  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    std::vector<Shape> shapes;
    for (size_t i = arity_; i < inputs.size(); ++i) shapes.push_back(inputs[i].shape());
    return shapes;
  }
  bool is_view() const override { return true; }

 private:
  Function f_;
  size_t arity_;
  CustomRules rules_;
};

}  // namespace

Arrays custom_function(const Function& f, const Arrays& inputs, CustomRules rules) {
  const Arrays outputs = f(inputs);
  Arrays all = inputs;
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
  for (const array& output : outputs) {
    all.push_back(stop_gradient(output));
    shapes.push_back(output.shape());
    dtypes.push_back(output.dtype());
  }
  return array::several(std::move(shapes), std::move(dtypes),
                        make_ref<Custom>(f, inputs.size(), std::move(rules)), std::move(all),
                        to_stream({}));
}

Arrays checkpoint(const Function& f, const Arrays& inputs) {
  CustomRules rules;
  rules.vjp = [f](const Arrays& primals, const Arrays& cotangents, const Arrays&) {
    const Arrays gradients =
        vjp(f, std::get<Arrays>(depends(primals, cotangents)), cotangents).second;
    return std::vector<std::optional<array>>(gradients.begin(), gradients.end());
  };
  return custom_function(f, inputs, std::move(rules));
}

}  // namespace mlx
