// Positions of extremes: argmin and argmax.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/reduce.h"
#include "ops/reduce_plan.h"
#include "ops/shape.h"

namespace mlx {
namespace {

class ArgReduce final : public Primitive {
 public:
  ArgReduce(bool least, int axis) : least_(least), axis_(axis) {}
  const char* name() const override { return least_ ? "argmin" : "argmax"; }
  void fields(Fields& f) override {
    f.field("least", least_);
    f.field("axis", axis_);
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    shape[axis_] = 1;
    return {shape};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size());
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays& primals, const Arrays&, const std::vector<int>&,
             const Arrays&) override {
    return {zeros_like(primals[0])};
  }
  Arrays jvp(const Arrays& primals, const Arrays&, const std::vector<int>&) override {
    return {zeros(output_shapes(primals)[0], uint32)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int axis = axis_ < axes[0] ? axis_ : axis_ + 1;
    return {{array(ArgReduce(least_, axis).output_shapes(inputs)[0], uint32,
                   make_ref<ArgReduce>(least_, axis), inputs, to_stream({}))},
            axes};
  }

 private:
  bool least_;
  int axis_;
};

void ArgReduce::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& out = outputs[0];
  out.allocate(queue);
  array x = inputs[0];
  ReducePlan plan = plan_reduce(x, {axis_}, true, queue);
  if (plan.results == 0) return;
  if (!plan.fits) {
    x = contiguous_copy(x, queue);
    plan = plan_reduce(x, {axis_}, true, queue);
  }
  array values = x, indices = out;  // one part has no use for values
  if (plan.parts > 1) {
    const Shape shape{int32_t(plan.parts), int32_t(plan.results)};
    values = array::scratch(shape, x.dtype(), queue);
    indices = array::scratch(shape, uint32, queue);
  }
  Defines defines{{"T", x.dtype()}};
  if (least_) defines.emplace_back("LEAST", 1);
  if (x.dtype().is_inexact()) defines.emplace_back("IS_FLOAT", 1);
  if (x.dtype().is_complex()) defines.emplace_back("IS_COMPLEX", 1);
  Defines grouped = defines;
  if (plan.group) grouped.emplace_back("GROUP", int(plan.group));
  Launch step = launch(queue, "argreduce", plan.by_rows ? "arg_rows" : "arg_columns", grouped);
  step.moving(size_t(x.nbytes()));
  step.set(reads(x));
  step.set(plan.parts > 1 ? writes(values) : reads(values));
  step.set(writes(indices));
  set_walk(step, plan);
  if (!plan.by_rows) step.set(plan.columns);
  step.enqueue();
  if (plan.parts > 1)
    launch(queue, "argreduce", "arg_merge", defines)
        .over(queue.device().facts().is_cpu ? 1 : size_t(plan.results))
        .with(reads(values), reads(indices), writes(out), plan.results, plan.parts);
}

array arg_reduce(bool least, const array& a, std::optional<int> axis, bool keepdims,
                 const StreamOrDevice& s) {
  const char* const op = least ? "argmin" : "argmax";
  const bool valid = axis && *axis >= -a.ndim() && *axis < a.ndim();
  if (a.size() == 0 && (!valid || a.shape(*axis) == 0))
    fail(op, "Cannot ", op, " reduce zero size array.");
  if (axis) axis = normalize_axis(*axis, a.ndim(), op);
  const array x = axis ? a : flatten(a, 0, -1, s);
  const int along = axis.value_or(0);
  Shape shape = x.shape();
  shape[along] = 1;
  const array y(shape, uint32, make_ref<ArgReduce>(least, along), {x}, to_stream(s));
  if (!axis && keepdims && a.ndim() > 0) {
    Axes ones = all_axes(a.ndim());
    ones.pop_back();
    return expand_dims(y, ones, s);
  }
  if (!axis) return squeeze(y, Axes{0}, s);
  return keepdims ? y : squeeze(y, Axes{along}, s);
}

}  // namespace

array argmin(const array& a, std::optional<int> axis, bool keepdims, StreamOrDevice s) {
  return arg_reduce(true, a, axis, keepdims, s);
}

array argmax(const array& a, std::optional<int> axis, bool keepdims, StreamOrDevice s) {
  return arg_reduce(false, a, axis, keepdims, s);
}

static const Registered<ArgReduce> arg_reduce_class("ArgReduce", false, 0);

}  // namespace mlx
