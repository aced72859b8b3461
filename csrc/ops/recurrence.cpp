// Linear recurrences: the primitive, closed under differentiation, and its launches.
#include "ops/recurrence.h"

#include <algorithm>

#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/around_axes.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {

static Names names_of(RecurrenceMode) {
  static constexpr const char* names[] = {"inclusive", "factor_before", "exclusive"};
  return names;
}

namespace {

class Recurrence final : public Primitive {
 public:
  Recurrence(int axis, bool reverse, RecurrenceMode mode)
      : axis_(axis), reverse_(reverse), mode_(mode) {}
  const char* name() const override { return "recurrence"; }
  void fields(Fields& f) override {
    f.field("axis", axis_), f.field("reverse", reverse_), f.field("mode", mode_);
  }
  // Inputs: the factors, the terms.
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {{recurrence(batch_first(inputs[0], axes[0], size),
                        batch_first(inputs[1], axes[1], size), axis_ + 1, reverse_, mode_)},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[1].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(4 * inputs[1].size());
  }

 private:
  array run(const array& a, const array& b, RecurrenceMode mode) const {
    return recurrence(a, b, axis_, reverse_, mode);
  }
  array run_back(const array& a, const array& b, RecurrenceMode mode) const {
    return recurrence(a, b, axis_, !reverse_, mode);
  }

  int axis_;
  bool reverse_;
  RecurrenceMode mode_;
};

void Recurrence::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& y = outputs[0];
  y.allocate(queue);
  if (y.size() == 0) return;
  const array a = contiguous_copy(inputs[0], queue), b = contiguous_copy(inputs[1], queue);
  const auto [outer, n, inner] = AroundAxes(y.shape(), axis_, axis_);
  const int64_t lines = outer * inner;
  const int64_t blocks = std::clamp<int64_t>(
      most_items(queue, Work::recurrence_blocks) / lines, 1,
      std::max<int64_t>(1, n / work_size(queue.device(), Work::recurrence_blocks).grain));
  const Dtype accumulated = y.dtype().is_half() ? float32 : y.dtype();
  const array steps =
      array::scratch({int32_t(outer), int32_t(blocks), int32_t(inner), 2}, accumulated, queue);
  Defines defines{{"T", y.dtype()}, {"A", accumulated}};
  if (accumulated.is_complex()) defines.emplace_back("IS_COMPLEX", 1);
  const auto step = [&](const char* kernel, int64_t units) {
    launch(queue, "recurrence", kernel, defines)
        .over(work_items(queue, Work::recurrence, units, y.size() / units))
        .moving(size_t(3 * y.nbytes()))
        .with(reads(a), reads(b), writes(y), writes(steps), outer, n, inner, blocks,
              int32_t(reverse_), int32_t(mode_));
  };
  if (blocks > 1) {
    step("block_steps", lines * blocks);
    step("values_before", lines);
  }
  step("recurrence", lines * blocks);
}

/// The terms' cotangent follows the same recurrence backwards; a factor's is that of its step's
/// term times the value before.
Arrays Recurrence::vjp(const Arrays& primals, const Arrays& cotangents,
                       const std::vector<int>& argnums, const Arrays& outputs) {
  using enum RecurrenceMode;
  const array &a = primals[0], &b = primals[1], &g = cotangents[0], &y = outputs[0],
              factors = conjugate(a);
  const RecurrenceMode back = mode_ == inclusive       ? factor_before
                              : mode_ == factor_before ? inclusive
                                                       : exclusive;
  Arrays result;
  for (const int i : argnums) {
    if (i == 1) {
      result.push_back(run_back(factors, g, back));
      continue;
    }
    const array before = conjugate(mode_ == inclusive ? run(a, b, exclusive) : y);
    result.push_back(run_back(factors, g, mode_ == inclusive ? factor_before : exclusive) * before);
  }
  return result;
}

Arrays Recurrence::jvp(const Arrays& primals, const Arrays& tangents,
                       const std::vector<int>& argnums) {
  using enum RecurrenceMode;
  const array &a = primals[0], &b = primals[1];
  const Arrays both = all_tangents(primals, tangents, argnums, 2);
  switch (mode_) {
    case factor_before:
      return {run(a, both[1], mode_) + run(a, both[0] * run(a, b, mode_), exclusive)};
    default:
      return {run(a, both[1] + both[0] * run(a, b, exclusive), mode_)};
  }
}

}  // namespace

array recurrence(const array& a, const array& b, int axis, bool reverse, RecurrenceMode mode) {
  return array(b.shape(), b.dtype(), make_ref<Recurrence>(axis, reverse, mode), {a, b},
               to_stream({}));
}

static const Registered<Recurrence> recurrence_class("Recurrence", 0, false,
                                                     RecurrenceMode::inclusive);

}  // namespace mlx
