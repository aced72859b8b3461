// Long short-term memory: the primitives over whole sequences, forward and back, which are a
// product and a kernel for each step, and their derivatives.
#include "ops/lstm.h"

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
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

constexpr const char* op = "lstm";

struct Sizes {
  int64_t batch, length, width;
  explicit Sizes(const array& states)
      : batch(states.shape(0)), length(states.shape(1)), width(states.shape(2)) {}
  int64_t row() const { return length * width; }
};

Matrix matrix(const array& x, int64_t at, int64_t leading, bool transposed = false) {
  return {&x.buffer(), x.offset() + at, transposed, leading, 0};
}

array at_step(const array& x, int t) {
  Shape start(x.ndim(), 0), stop = x.shape();
  start[1] = t, stop[1] = t + 1;
  return squeeze(slice(x, start, stop), Axes{1});
}

/// What came before each step.
array shifted(const array& first, const array& x) {
  Shape stop = x.shape();
  stop[1] -= 1;
  return concatenate({expand_dims(first, {1}), slice(x, Shape(3, 0), stop)}, 1);
}

array quarter(const array& gates, int which) {
  const int width = gates.shape(2) / 4;
  Shape start(3, 0), stop = gates.shape();
  start[2] = which * width, stop[2] = start[2] + width;
  return slice(gates, start, stop);
}

/// Σ over batch and steps of aᵀ b.
array weight_product(const array& a, const array& b) {
  return matmul(swapaxes(flatten(a, 0, 1), 0, 1), flatten(b, 0, 1));
}

/// The same primitive over the examples of a batch: as more rows, or one after another where the
/// weight is batched.
template <typename Apply>
std::pair<Arrays, std::vector<int>> over_examples(const Arrays& inputs,
                                                  const std::vector<int>& axes, size_t weight,
                                                  Apply apply) {
  const int size = batch_size(inputs, axes);
  Arrays all, results;
  for (size_t i = 0; i < inputs.size(); ++i) all.push_back(batch_first(inputs[i], axes[i], size));
  if (axes[weight] < 0) {
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = i == weight ? inputs[i] : flatten(all[i], 0, 1);
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
    for (int64_t t = n.length; t-- > 0;) {
      Launch step = launch(queue, "lstm", "lstm_step_back", {});
      step.over(work_items(queue, Work::elementwise, n.batch, 16 * n.width));
      for (size_t i = 0; i < 8; ++i)
        step.set(BufferArgument{&dense[i].buffer(), dense[i].offset() + t * n.width, false});
      step.moving(size_t(13 * n.batch * n.width) * 4)
          .with(reads(state), writes(carried),
                BufferArgument{&gates.buffer(), gates.offset() + 4 * t * n.width, true}, n.batch,
                n.width, n.row(), int32_t(t + 1 == n.length));
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
    return over_examples(inputs, axes, 8, [](const Arrays& all) { return make(all); });
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
    const array product = array::scratch({int32_t(n.batch), int32_t(4 * n.width)}, float32, queue);
    for (int64_t t = 0; t < n.length; ++t) {
      const int64_t at = t * n.width, before = at - n.width, row = t ? n.row() : n.width;
      const array &state = t ? states : dense[2], &cell = t ? cells : dense[3];
      multiply(queue,
               {float32, 1, n.batch, 4 * n.width, n.width, matrix(state, t ? before : 0, row),
                matrix(dense[1], 0, n.width, true), matrix(product, 0, 4 * n.width)});
      launch(queue, "lstm", "lstm_step", {})
          .over(work_items(queue, Work::elementwise, n.batch, 32 * n.width))
          .moving(size_t(11 * n.batch * n.width) * 4)
          .with(BufferArgument{&dense[0].buffer(), dense[0].offset() + 4 * at, false},
                reads(product),
                BufferArgument{&cell.buffer(), cell.offset() + (t ? before : 0), false}, row,
                BufferArgument{&states.buffer(), states.offset() + at, true},
                BufferArgument{&cells.buffer(), cells.offset() + at, true}, n.batch, n.width,
                n.row());
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
    return over_examples(inputs, axes, 1,
                         [](const Arrays& all) { return lstm(all[0], all[1], all[2], all[3]); });
  }
};

}  // namespace

Arrays lstm(const array& gates, const array& weight, const array& hidden, const array& cell,
            StreamOrDevice s) {
  const Arrays inputs{gates, weight, hidden, cell};
  for (const array& x : inputs)
    if (x.dtype() != float32)
      fail(op, "every operand must be float32 but one is ", x.dtype().name(), ".");
  if (gates.ndim() != 3 || gates.shape(1) == 0 || gates.shape(2) % 4)
    fail(op, "gates must have shape (N, L, 4H) with at least one step, not ",
         to_string(gates.shape()), ".");
  const int width = gates.shape(2) / 4;
  const auto expect = [&](const char* what, const array& x, const Shape& shape) {
    if (x.shape() != shape)
      fail(op, what, " must have shape ", to_string(shape), ", not ", to_string(x.shape()), ".");
  };
  expect("weight", weight, {4 * width, width});
  expect("hidden", hidden, {gates.shape(0), width});
  expect("cell", cell, {gates.shape(0), width});
  auto primitive = make_ref<LSTM>();
  return array::several(primitive->output_shapes(inputs), {float32, float32}, primitive, inputs,
                        to_stream(s));
}

static const Registered<LSTM> lstm_class("LSTM");
static const Registered<LSTMGradient> lstm_gradient_class("LSTMGradient");

}  // namespace mlx::fast
