// What the recurrent layers share: pieces of sequences, batching, and the primitive of the steps
// back of those with one state.
#include "ops/recurrent_steps.h"

#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::recurrent {

Matrix matrix(const array& x, int64_t at, int64_t leading, bool transposed) {
  return {&x.buffer(), x.offset() + at, transposed, leading, 0};
}

BufferArgument reads_at(const array& x, int64_t at) {
  return {&x.buffer(), x.offset() + at, false};
}

BufferArgument writes_at(const array& x, int64_t at) {
  return {&x.buffer(), x.offset() + at, true};
}

array at_step(const array& x, int t) {
  Shape start(x.ndim(), 0), stop = x.shape();
  start[1] = t, stop[1] = t + 1;
  return squeeze(slice(x, start, stop), Axes{1});
}

array shifted(const array& first, const array& x) {
  Shape stop = x.shape();
  stop[1] -= 1;
  return concatenate({expand_dims(first, {1}), slice(x, Shape(3, 0), stop)}, 1);
}

array part_of(const array& gates, int which, int parts) {
  const int width = gates.shape(-1) / parts;
  Shape start(gates.ndim(), 0), stop = gates.shape();
  start.back() = which * width, stop.back() = start.back() + width;
  return slice(gates, start, stop);
}

array weight_product(const array& a, const array& b) {
  return matmul(swapaxes(flatten(a, 0, 1), 0, 1), flatten(b, 0, 1));
}

void expect_float32(const char* op, const Arrays& inputs) {
  for (const array& x : inputs)
    if (x.dtype() != float32)
      fail(op, "every operand must be float32 but one is ", x.dtype().name(), ".");
}

void expect_shape(const char* op, const char* what, const array& x, const Shape& shape) {
  if (x.shape() != shape)
    fail(op, what, " must have shape ", to_string(shape), ", not ", to_string(x.shape()), ".");
}

std::pair<Arrays, std::vector<int>> over_examples(const Arrays& inputs,
                                                  const std::vector<int>& axes, size_t first,
                                                  size_t last, const Apply& apply) {
  const int size = batch_size(inputs, axes);
  const auto is_shared = [&](size_t i) { return i >= first && i <= last; };
  bool one_by_one = false;
  Arrays all, results;
  for (size_t i = 0; i < inputs.size(); ++i) {
    one_by_one = one_by_one || (is_shared(i) && axes[i] >= 0);
    all.push_back(batch_first(inputs[i], axes[i], size));
  }
  if (!one_by_one) {
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = is_shared(i) ? inputs[i] : flatten(all[i], 0, 1);
    results = apply(all);
    for (array& x : results) x = unflatten(x, 0, {size, -1});
  } else {
    std::vector<Arrays> parts;
    for (int k = 0; k < size; ++k) {
      Arrays one;
      for (const array& x : all) {
        Shape start(x.ndim(), 0), stop = x.shape();
        start[0] = k, stop[0] = k + 1;
        one.push_back(squeeze(slice(x, start, stop), Axes{0}));
      }
      const Arrays given = apply(one);
      parts.resize(given.size());
      for (size_t i = 0; i < given.size(); ++i) parts[i].push_back(given[i]);
    }
    for (const Arrays& part : parts) results.push_back(stack(part, 0));
  }
  return {results, std::vector<int>(results.size(), 0)};
}

namespace {

// A weight of so many bytes stays in a core's cache from step to step.
constexpr int64_t cached_bytes = int64_t(1) << 20;

/// Vectors of a panel: with the rows of a product they fill most registers.
int panel_vectors(Queue& queue) {
  return queue.device().facts().vector_width >= 16 ? 4 : 2;
}

}  // namespace

std::optional<WholeSequence> WholeSequence::of(const array& weight, int64_t batch, bool back,
                                               Queue& queue) {
  const Capabilities& facts = queue.device().facts();
  if (!facts.is_cpu || (weight.nbytes() > cached_bytes && batch < 4 * facts.compute_units))
    return {};
  const int64_t panel = panel_vectors(queue) * facts.vector_width;
  const int64_t depth = weight.shape(back ? 0 : 1), columns = weight.shape(back ? 1 : 0),
                width = weight.shape(1), panels = (columns + panel - 1) / panel;
  const int64_t most = queue.is_small() ? 1 : facts.compute_units;
  WholeSequence result(
      array::scratch({int32_t(panels), int32_t(depth), int32_t(panel)}, float32, queue),
      array::scratch({int32_t(batch), int32_t(panels * panel)}, float32, queue),
      std::clamp<int64_t>((batch + 3) / 4, 1, most));
  result.start(queue, "pack_weight")
      .over(work_items(queue, Work::elementwise, panels * depth, panel))
      .moving(size_t(2 * weight.nbytes()))
      .with(reads(weight), writes(result.packed_), depth, columns, back ? width : 1,
            back ? int64_t(1) : width, panels);
  return result;
}

Launch WholeSequence::start(Queue& queue, const char* kernel) const {
  return launch(queue, "recurrent_steps", kernel, {{"PANEL_VECTORS", panel_vectors(queue)}});
}

namespace {

/// Σ over the K parts of a (…, K H), each times its slopes.
array folded(const array& a, const array& slopes, int parts) {
  const array product = a * slopes;
  if (parts == 1) return product;
  return sum(unflatten(product, -1, {parts, -1}), Axes{-2});
}

array repeated(const array& x, int parts) {
  return parts == 1 ? x : concatenate(Arrays(size_t(parts), x), -1);
}

/// Inputs: the states' cotangents, `through`, `parts`, weight; outputs as cotangents_of gives them.
/// It is linear in the first.
class StepsBack final : public Primitive {
 public:
  const char* name() const override { return "RecurrentStepsBack"; }
  static Arrays make(const Arrays& inputs) {
    auto primitive = make_ref<StepsBack>();
    return array::several(primitive->output_shapes(inputs), {float32, float32, float32}, primitive,
                          inputs, to_stream({}));
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape &shape = inputs[0].shape(), &parts = inputs[2].shape();
    const bool fits = shape.size() == 3 && parts.size() == 3 && inputs[1].shape() == shape &&
                      parts[0] == shape[0] && parts[1] == shape[1] &&
                      (shape[2] == 0 ? parts[2] == 0 : parts[2] % shape[2] == 0) &&
                      inputs[3].shape() == Shape{parts[2], shape[2]};
    if (!fits) return Primitive::output_shapes(inputs);
    return {parts, shape, {shape[0], shape[2]}};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[2].size()) * (4 + size_t(inputs[0].shape(2)) / 4);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    for (array& out : outputs) out.allocate(queue);
    if (outputs[0].size() == 0) return;
    Arrays dense;
    for (const array& x : inputs) dense.push_back(contiguous_copy(x, queue));
    const array &pieces = outputs[0], &states = outputs[1], &first = outputs[2];
    const Sizes n(inputs[0]);
    const int64_t wide = pieces.shape(2), parts = wide / n.width;
    if (const auto all = WholeSequence::of(dense[3], n.batch, true, queue)) {
      all->start(queue, "steps_back")
          .over(size_t(all->shares()))
          .moving(size_t((4 + 2 * parts) * states.nbytes()))
          .with(reads(dense[0]), reads(dense[1]), reads(dense[2]), all->packed(), all->product(),
                writes(states), writes(pieces), writes(first), n.batch, n.width, n.length,
                all->wide(), all->shares(), parts);
      return;
    }
    for (int64_t t = n.length; t-- > 0;) {
      const int64_t at = t * n.width;
      launch(queue, "recurrent_steps", "step_back", {})
          .over(work_items(queue, Work::elementwise, n.batch, (6 + 2 * parts) * n.width))
          .moving(size_t((5 + 2 * parts) * n.batch * n.width) * 4)
          .with(reads_at(dense[0], at), reads_at(dense[1], at + (t + 1 < n.length ? n.width : 0)),
                reads_at(dense[2], t * wide), reads(first), writes_at(states, at),
                writes_at(pieces, t * wide), n.batch, n.width, n.row(), parts,
                int32_t(t + 1 == n.length));
      multiply(queue,
               {float32, 1, n.batch, n.width, wide, matrix(pieces, t * wide, n.length * wide),
                matrix(dense[3], 0, n.width), matrix(first, 0, n.width)});
    }
    launch(queue, "recurrent_steps", "first_back", {})
        .over(work_items(queue, Work::elementwise, n.batch, 4 * n.width))
        .moving(size_t(4 * n.batch * n.width) * 4)
        .with(reads(dense[1]), reads(states), writes(first), n.batch, n.width, n.row());
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    const Slopes slopes{primals[1], primals[2]};
    const array &weight = primals[3], &states = outputs[1];
    const int parts = weight.shape(1) ? weight.shape(0) / weight.shape(1) : 1;
    const array along = tangents_of(
        slopes, weight, cotangents[1] + folded(cotangents[0], slopes.parts, parts), cotangents[2]);
    const array before = shifted(cotangents[2], along);
    Arrays result;
    for (const int i : argnums) {
      if (i == 0) result.push_back(along);
      if (i == 1) result.push_back(before * states);
      if (i == 2)
        result.push_back((cotangents[0] + matmul(before, swapaxes(weight, 0, 1))) *
                         repeated(states, parts));
      if (i == 3) result.push_back(weight_product(outputs[0], before));
    }
    return result;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return over_examples(inputs, axes, 3, 3, make);
  }
};

}  // namespace

array tangents_of(const Slopes& slopes, const array& weight, const array& terms, array state) {
  const array turned = swapaxes(weight, 0, 1);
  const int parts = weight.shape(1) ? weight.shape(0) / weight.shape(1) : 1;
  Arrays states;
  for (int t = 0; t < terms.shape(1); ++t) {
    state = at_step(terms, t) + state * at_step(slopes.through, t) +
            folded(matmul(state, turned), at_step(slopes.parts, t), parts);
    states.push_back(state);
  }
  return stack(states, 1);
}

Arrays cotangents_of(const Slopes& slopes, const array& weight, const array& cotangent) {
  return StepsBack::make({cotangent, slopes.through, slopes.parts, weight});
}

static const Registered<StepsBack> steps_back_class("RecurrentStepsBack");

}  // namespace mlx::recurrent
