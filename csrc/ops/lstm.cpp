// Long short-term memory: the primitives over whole sequences, forward and back, which are a
// product and a kernel for each step, and their derivatives.
#include "base/error.h"
#include "cl/blas.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/recurrence.h"
#include "ops/recurrent.h"
#include "ops/recurrent_steps.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

constexpr const char* op = "lstm";

using namespace recurrent;

array quarter(const array& gates, int which) {
  return part_of(gates, which, 4);
}

/// The derivatives of one step by what enters it, for all steps at once. With (i, f, g, o) the
/// activated gates: ∂c/∂(gates) is b[0..2], ∂h/∂o b[3], ∂h/∂c `through` and ∂c/∂c `forget`.
struct Slopes {
  array forget, through, b[4];
};

Slopes slopes(const Arrays& primals, const Arrays& outputs, const array& states_before) {
  const array &gates = primals[0], &weight = primals[1], &cells = outputs[1];
  const array all = gates + matmul(states_before, swapaxes(weight, 0, 1));
  const array i = sigmoid(quarter(all, 0)), f = sigmoid(quarter(all, 1)), g = tanh(quarter(all, 2)),
              o = sigmoid(quarter(all, 3)), shown = tanh(cells);
  return {f,
          o * (1 - square(shown)),
          {g * i * (1 - i), shifted(primals[3], cells) * f * (1 - f), i * (1 - square(g)),
           shown * o * (1 - o)}};
}

/// Tangents of states and cells, step by step: those of the gates, of the first state and of the
/// first cell come in.
Arrays tangents_of(const Slopes& d, const array& weight, const array& gates, array state,
                   array cell) {
  const array turned = swapaxes(weight, 0, 1);
  Arrays states, cells;
  for (int t = 0; t < gates.shape(1); ++t) {
    const array all = expand_dims(at_step(gates, t) + matmul(state, turned), {1});
    const auto part = [&](int which) {
      return squeeze(quarter(all, which), Axes{1}) * at_step(d.b[which], t);
    };
    cell = part(0) + part(1) + part(2) + cell * at_step(d.forget, t);
    state = part(3) + cell * at_step(d.through, t);
    states.push_back(state), cells.push_back(cell);
  }
  return {stack(states, 1), stack(cells, 1)};
}

/// Inputs: the cotangents of states and cells, forget, through, b[0..3], weight; outputs: the
/// cotangents of the gates and of the first state and cell. It is linear in the first two.
class LSTMGradient final : public Primitive {
 public:
  const char* name() const override { return "LSTMGradient"; }
  static Arrays make(const Arrays& inputs) {
    auto primitive = make_ref<LSTMGradient>();
    return array::several(primitive->output_shapes(inputs), {float32, float32, float32}, primitive,
                          inputs, to_stream({}));
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape& shape = inputs[0].shape();
    bool fits = shape.size() == 3 && inputs[8].shape() == Shape{4 * shape[2], shape[2]};
    for (size_t i = 1; i < 8; ++i) fits = fits && inputs[i].shape() == shape;
    if (!fits) return Primitive::output_shapes(inputs);
    const Shape first{shape[0], shape[2]};
    return {{shape[0], shape[1], 4 * shape[2]}, first, first};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * (16 + size_t(inputs[0].shape(2)) / 4);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    for (array& out : outputs) out.allocate(queue);
    if (outputs[0].size() == 0) return;
    Arrays dense;
    for (const array& x : inputs) dense.push_back(contiguous_copy(x, queue));
    const array &gates = outputs[0], &state = outputs[1], &carried = outputs[2];
    const Sizes n(inputs[0]);
    if (const auto all = WholeSequence::of(dense[8], n.batch, true, queue)) {
      Launch steps = all->start(queue, "lstm_steps_back");
      steps.over(size_t(all->shares())).moving(size_t(3 * gates.nbytes()));
      for (size_t i = 0; i < 8; ++i) steps.set(reads(dense[i]));
      steps.with(all->packed(), all->product(), writes(carried), writes(gates), writes(state),
                 n.batch, n.width, n.length, all->wide(), all->shares());
      return;
    }
    for (int64_t t = n.length; t-- > 0;) {
      Launch step = launch(queue, "recurrent_steps", "lstm_step_back", {});
      step.over(work_items(queue, Work::elementwise, n.batch, 16 * n.width));
      for (size_t i = 0; i < 8; ++i) step.set(reads_at(dense[i], t * n.width));
      step.moving(size_t(13 * n.batch * n.width) * 4)
          .with(reads(state), writes(carried), writes_at(gates, 4 * t * n.width), n.batch, n.width,
                n.row(), int32_t(t + 1 == n.length));
      multiply(queue, {float32, 1, n.batch, n.width, 4 * n.width,
                       matrix(gates, 4 * t * n.width, 4 * n.row()), matrix(dense[8], 0, n.width),
                       matrix(state, 0, n.width)});
    }
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    const Slopes d{primals[2], primals[3], {primals[4], primals[5], primals[6], primals[7]}};
    const array &weight = primals[8], &gates = outputs[0];
    const Arrays along = tangents_of(d, weight, cotangents[0], cotangents[1], cotangents[2]);
    const array states_before = shifted(cotangents[1], along[0]),
                cells_before = shifted(cotangents[2], along[1]);
    // The cotangents of state and cell that each step back worked with.
    Shape start(3, 0);
    start[1] = 1;
    const array later = matmul(slice(gates, start, gates.shape()), weight);
    const array none = zeros({later.shape(0), 1, later.shape(2)}, float32);
    const array state = primals[0] + concatenate({later, none}, 1);
    const array cell = recurrence(d.forget, primals[1] + state * d.through, 1, true,
                                  RecurrenceMode::factor_before);
    const array all = cotangents[0] + matmul(states_before, swapaxes(weight, 0, 1));
    Arrays result;
    for (const int i : argnums) {
      if (i < 2) result.push_back(along[i]);
      if (i == 2) result.push_back(cells_before * cell);
      if (i == 3) result.push_back(along[1] * state);
      if (i >= 4 && i < 8) result.push_back(quarter(all, i - 4) * (i == 7 ? state : cell));
      if (i == 8) result.push_back(weight_product(gates, states_before));
    }
    return result;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return over_examples(inputs, axes, 8, 8, make);
  }
};

/// Inputs: gates, weight, hidden, cell; outputs: every state and every cell.
class LSTM final : public Primitive {
 public:
  const char* name() const override { return "LSTM"; }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape& gates = inputs[0].shape();
    if (gates.size() != 3 || gates[1] == 0 || gates[2] % 4) return Primitive::output_shapes(inputs);
    const int width = gates[2] / 4;
    const Shape first{gates[0], width}, all{gates[0], gates[1], width};
    if (inputs[1].shape() != Shape{gates[2], width} || inputs[2].shape() != first ||
        inputs[3].shape() != first)
      return Primitive::output_shapes(inputs);
    return {all, all};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * (8 + size_t(inputs[0].shape(2)) / 64);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    for (array& out : outputs) out.allocate(queue);
    const array &states = outputs[0], &cells = outputs[1];
    if (states.size() == 0) return;
    Arrays dense;
    for (const array& x : inputs) dense.push_back(contiguous_copy(x, queue));
    const Sizes n(states);
    if (const auto all = WholeSequence::of(dense[1], n.batch, false, queue)) {
      all->start(queue, "lstm_steps")
          .over(size_t(all->shares()))
          .moving(size_t(6 * states.nbytes()))
          .with(reads(dense[0]), all->packed(), reads(dense[2]), reads(dense[3]), all->product(),
                writes(states), writes(cells), n.batch, n.width, n.length, all->wide(),
                all->shares());
      return;
    }
    const array product = array::scratch({int32_t(n.batch), int32_t(4 * n.width)}, float32, queue);
    for (int64_t t = 0; t < n.length; ++t) {
      const int64_t at = t * n.width, before = at - n.width, row = t ? n.row() : n.width;
      const array &state = t ? states : dense[2], &cell = t ? cells : dense[3];
      multiply(queue,
               {float32, 1, n.batch, 4 * n.width, n.width, matrix(state, t ? before : 0, row),
                matrix(dense[1], 0, n.width, true), matrix(product, 0, 4 * n.width)});
      launch(queue, "recurrent_steps", "lstm_step", {})
          .over(work_items(queue, Work::elementwise, n.batch, 32 * n.width))
          .moving(size_t(11 * n.batch * n.width) * 4)
          .with(reads_at(dense[0], 4 * at), reads(product), reads_at(cell, t ? before : 0), row,
                writes_at(states, at), writes_at(cells, at), n.batch, n.width, n.row());
    }
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    const array before = shifted(primals[2], outputs[0]);
    const Slopes d = slopes(primals, outputs, before);
    const Arrays all = LSTMGradient::make({cotangents[0], cotangents[1], d.forget, d.through,
                                           d.b[0], d.b[1], d.b[2], d.b[3], primals[1]});
    Arrays result;
    for (const int i : argnums)
      result.push_back(i == 1 ? weight_product(all[0], before) : all[i == 0 ? 0 : i - 1]);
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const Arrays results = lstm(primals[0], primals[1], primals[2], primals[3]);
    const array before = shifted(primals[2], results[0]);
    const Arrays given = all_tangents(primals, tangents, argnums, 4);
    return tangents_of(slopes(primals, results, before), primals[1],
                       given[0] + matmul(before, swapaxes(given[1], 0, 1)), given[2], given[3]);
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return over_examples(inputs, axes, 1, 1,
                         [](const Arrays& all) { return lstm(all[0], all[1], all[2], all[3]); });
  }
};

}  // namespace

Arrays lstm(const array& gates, const array& weight, const array& hidden, const array& cell,
            StreamOrDevice s) {
  const Arrays inputs{gates, weight, hidden, cell};
  expect_float32(op, inputs);
  if (gates.ndim() != 3 || gates.shape(1) == 0 || gates.shape(2) % 4)
    fail(op, "gates must have shape (N, L, 4H) with at least one step, not ",
         to_string(gates.shape()), ".");
  const int width = gates.shape(2) / 4;
  expect_shape(op, "weight", weight, {4 * width, width});
  expect_shape(op, "hidden", hidden, {gates.shape(0), width});
  expect_shape(op, "cell", cell, {gates.shape(0), width});
  auto primitive = make_ref<LSTM>();
  return array::several(primitive->output_shapes(inputs), {float32, float32}, primitive, inputs,
                        to_stream(s));
}

static const Registered<LSTM> lstm_class("LSTM");
static const Registered<LSTMGradient> lstm_gradient_class("LSTMGradient");

}  // namespace mlx::fast
