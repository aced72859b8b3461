// Gated recurrent units: the primitive over whole sequences, which is a product and a kernel for
// each step, and its derivatives.
#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/recurrent.h"
#include "ops/recurrent_steps.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

using namespace recurrent;

/// The derivatives of each state by (a, b, c) and, beside that by c, by n.
struct Step {
  Slopes slopes;
  array candidate;
};

Step slopes(const Arrays& primals, const array& before) {
  const array &gates = primals[0], &weight = primals[1], &bias = primals[2];
  const array all = matmul(before, swapaxes(weight, 0, 1));
  const auto both = [&](int k) { return part_of(gates, k, 3) + part_of(all, k, 3); };
  const array r = sigmoid(both(0)), z = sigmoid(both(1)), shown = part_of(all, 2, 3) + bias,
              m = tanh(part_of(gates, 2, 3) + r * shown);
  const array candidate = (1 - z) * (1 - square(m)), turned = candidate * r;
  return {{z, concatenate({turned * shown * (1 - r), (before - m) * z * (1 - z), turned}, -1)},
          candidate};
}

/// Inputs: gates, weight, bias, hidden; output: every state.
class GRU final : public Primitive {
 public:
  const char* name() const override { return "GRU"; }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape& gates = inputs[0].shape();
    if (gates.size() != 3 || gates[1] == 0 || gates[2] % 3) return Primitive::output_shapes(inputs);
    const int width = gates[2] / 3;
    if (inputs[1].shape() != Shape{gates[2], width} || inputs[2].shape() != Shape{width} ||
        inputs[3].shape() != Shape{gates[0], width})
      return Primitive::output_shapes(inputs);
    return {{gates[0], gates[1], width}};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * (8 + size_t(inputs[0].shape(2)) / 48);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array& states = outputs[0];
    outputs[0].allocate(queue);
    if (states.size() == 0) return;
    Arrays dense;
    for (const array& x : inputs) dense.push_back(contiguous_copy(x, queue));
    const Sizes n(states);
    if (const auto all = WholeSequence::of(dense[1], n.batch, false, queue)) {
      all->start(queue, "gru_steps")
          .over(size_t(all->shares()))
          .moving(size_t(4 * states.nbytes()))
          .with(reads(dense[0]), all->packed(), reads(dense[2]), reads(dense[3]), all->product(),
                writes(states), n.batch, n.width, n.length, all->wide(), all->shares());
      return;
    }
    const array product = array::scratch({int32_t(n.batch), int32_t(3 * n.width)}, float32, queue);
    for (int64_t t = 0; t < n.length; ++t) {
      const int64_t at = t * n.width, row = t ? n.row() : n.width;
      const array& state = t ? states : dense[3];
      const int64_t before = t ? at - n.width : 0;
      multiply(queue, {float32, 1, n.batch, 3 * n.width, n.width, matrix(state, before, row),
                       matrix(dense[1], 0, n.width, true), matrix(product, 0, 3 * n.width)});
      launch(queue, "recurrent_steps", "gru_step", {})
          .over(work_items(queue, Work::elementwise, n.batch, 24 * n.width))
          .moving(size_t(8 * n.batch * n.width) * 4)
          .with(reads_at(dense[0], 3 * at), reads(product), reads(dense[2]),
                reads_at(state, before), row, writes_at(states, at), n.batch, n.width, n.row());
    }
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    const array before = shifted(primals[3], outputs[0]);
    const Step d = slopes(primals, before);
    const Arrays all = cotangents_of(d.slopes, primals[1], cotangents[0]);
    Arrays result;
    for (const int i : argnums) {
      if (i == 0)
        result.push_back(
            concatenate({part_of(all[0], 0, 3), part_of(all[0], 1, 3), all[1] * d.candidate}, -1));
      if (i == 1) result.push_back(weight_product(all[0], before));
      if (i == 2) result.push_back(sum(part_of(all[0], 2, 3), Axes{0, 1}));
      if (i == 3) result.push_back(all[2]);
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const array states = gru(primals[0], primals[1], primals[2], primals[3]);
    const array before = shifted(primals[3], states);
    const Arrays given = all_tangents(primals, tangents, argnums, 4);
    const Step d = slopes(primals, before);
    const array product = matmul(before, swapaxes(given[1], 0, 1));
    const auto term = [&](int k, const array& entering) {
      return part_of(d.slopes.parts, k, 3) * (part_of(product, k, 3) + entering);
    };
    const array terms = term(0, part_of(given[0], 0, 3)) + term(1, part_of(given[0], 1, 3)) +
                        term(2, given[2]) + d.candidate * part_of(given[0], 2, 3);
    return {tangents_of(d.slopes, primals[1], terms, given[3])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return over_examples(inputs, axes, 1, 2, [](const Arrays& all) {
      return Arrays{gru(all[0], all[1], all[2], all[3])};
    });
  }
};

}  // namespace

array gru(const array& gates, const array& weight, const array& bias, const array& hidden,
          StreamOrDevice s) {
  const Arrays inputs{gates, weight, bias, hidden};
  expect_float32("gru", inputs);
  if (gates.ndim() != 3 || gates.shape(1) == 0 || gates.shape(2) % 3)
    fail("gru", "gates must have shape (N, L, 3H) with at least one step, not ",
         to_string(gates.shape()), ".");
  const int width = gates.shape(2) / 3;
  expect_shape("gru", "weight", weight, {3 * width, width});
  expect_shape("gru", "bias", bias, {width});
  expect_shape("gru", "hidden", hidden, {gates.shape(0), width});
  return array({gates.shape(0), gates.shape(1), width}, float32, make_ref<GRU>(), inputs,
               to_stream(s));
}

static const Registered<GRU> gru_class("GRU");

}  // namespace mlx::fast
