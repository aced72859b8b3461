// Positions of extremes: argmin and argmax.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/ends.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/reduce.h"
#include "ops/reduce_plan.h"
#include "ops/shape.h"

namespace mlx {
namespace {

class ArgReduce final : public Primitive, public HasEnds {
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
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    eval_between(inputs[0], {}, outputs[0], queue);
  }
  bool eval_between(const Source& source, std::span<const array> others, const Sink& sink,
                    Queue& queue) override;
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

bool ArgReduce::eval_between(const Source& source, std::span<const array> others, const Sink& sink,
                             Queue& queue) {
  if (sink.is_computed())
    return then_finish(sink, queue, [&](const Sink& values) {
      return eval_between(source, others, values, queue);
    });
  const array& x = source.values();
  ReducePlan plan = plan_reduce(x, {axis_}, true, queue);
  if (plan.results == 0) return sink.allocate(queue), true;
  if (!plan.fits && source.is_computed()) return false;
  if (!plan.fits) return eval_between(contiguous_copy(x, queue), others, sink, queue);
  Defines defines{{"T", x.dtype()}};
  if (least_) defines.emplace_back("LEAST", 1);
  if (x.dtype().is_inexact()) defines.emplace_back("IS_FLOAT", 1);
  if (x.dtype().is_complex()) defines.emplace_back("IS_COMPLEX", 1);
  const char* const name = plan.by_rows ? "arg_rows" : "arg_columns";
  Kernel* const kernel =
      kernel_between(source, sink, queue, "argreduce", name, defines, plan.group);
  if (!kernel) return false;
  sink.allocate(queue);
  array values = sink.written(), indices = values;  // one part has no use for values
  if (plan.parts > 1) {
    const Shape shape{int32_t(plan.parts), int32_t(plan.results)};
    values = array::scratch(shape, x.dtype(), queue);
    indices = array::scratch(shape, uint32, queue);
  }
  Launch step(queue, *kernel);
  step.moving(source.nbytes());
  source.set(step);
  step.set(writes(values));
  step.set(writes(indices));
  set_walk(step, plan);
  if (!plan.by_rows) step.set(plan.columns);
  step.enqueue();
  if (plan.parts > 1)
    launch(queue, "argreduce", "arg_merge", defines)
        .over(queue.device().facts().is_cpu ? 1 : size_t(plan.results))
        .with(reads(values), reads(indices), writes(sink.written()), plan.results, plan.parts);
  return true;
}

array along(bool least, const array& x, int axis, const StreamOrDevice& s) {
  Shape shape = x.shape();
  shape[axis] = 1;
  return array(shape, uint32, make_ref<ArgReduce>(least, axis), {x}, to_stream(s));
}

/// The place among all elements of an array that has too many for one axis: within the last axis,
/// then of the best of these within the axis before, and so on. The first of equal ones wins at
/// every step. A 0-d array.
array among_all(bool least, const array& a, const StreamOrDevice& s) {
  if (a.size() > int64_t(1) << 32)
    fail(least ? "argmin" : "argmax", "places among ", a.size(),
         " elements do not fit the dtype of the result, uint32.");
  const auto without_last = [&](const array& x) { return squeeze(x, Axes{x.ndim() - 1}, s); };
  array place = along(least, a, a.ndim() - 1, s);
  array best = without_last(take_along_axis(a, place, -1, s));
  place = without_last(place);
  int64_t below = a.shape(-1);
  while (best.ndim() > 0) {
    const array chosen = along(least, best, best.ndim() - 1, s);
    const array within = take_along_axis(place, chosen, -1, s);
    place = without_last(add(multiply(chosen, array(int64_t(below), uint32), s), within, s));
    below *= best.shape(-1);
    best = without_last(take_along_axis(best, chosen, -1, s));
  }
  return place;
}

array arg_reduce(bool least, const array& a, std::optional<int> axis, bool keepdims,
                 const StreamOrDevice& s) {
  const char* const op = least ? "argmin" : "argmax";
  const bool valid = axis && *axis >= -a.ndim() && *axis < a.ndim();
  if (a.size() == 0 && (!valid || a.shape(*axis) == 0))
    fail(op, "Cannot ", op, " reduce zero size array.");
  if (axis) axis = normalize_axis(*axis, a.ndim(), op);
  if (!axis && a.size() > INT32_MAX) {
    const array y = among_all(least, a, s);
    return keepdims ? expand_dims(y, all_axes(a.ndim()), s) : y;
  }
  const array x = axis ? a : flatten(a, 0, -1, s);
  const array y = along(least, x, axis.value_or(0), s);
  if (!axis && keepdims && a.ndim() > 0) {
    Axes ones = all_axes(a.ndim());
    ones.pop_back();
    return expand_dims(y, ones, s);
  }
  if (!axis) return squeeze(y, Axes{0}, s);
  return keepdims ? y : squeeze(y, Axes{*axis}, s);
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
