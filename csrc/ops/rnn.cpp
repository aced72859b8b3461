// Elman's recurrent layer: the primitive over whole sequences, which is a product and a kernel for
// each step, and its derivatives.
#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/recurrent.h"
#include "ops/recurrent_steps.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

using namespace recurrent;

/// Inputs: terms, weight, hidden; output: every state.
class RNN final : public Primitive {
 public:
  explicit RNN(bool relu) : relu_(relu) {}
  const char* name() const override { return "RNN"; }
  void fields(Fields& f) override { f.field("relu", relu_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape& shape = inputs[0].shape();
    if (shape.size() != 3 || shape[1] == 0 || inputs[1].shape() != Shape{shape[2], shape[2]} ||
        inputs[2].shape() != Shape{shape[0], shape[2]})
      return Primitive::output_shapes(inputs);
    return {shape};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * (8 + size_t(inputs[0].shape(2)) / 16);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array& states = outputs[0];
    outputs[0].allocate(queue);
    if (states.size() == 0) return;
    Arrays dense;
    for (const array& x : inputs) dense.push_back(contiguous_copy(x, queue));
    const Sizes n(states);
    if (const auto all = WholeSequence::of(dense[1], n.batch, false, queue)) {
      all->start(queue, "elman_steps")
          .over(size_t(all->shares()))
          .moving(size_t(2 * states.nbytes()))
          .with(reads(dense[0]), all->packed(), reads(dense[2]), all->product(), writes(states),
                n.batch, n.width, n.length, all->wide(), all->shares(), int32_t(relu_));
      return;
    }
    const array product = array::scratch(dense[2].shape(), float32, queue);
    for (int64_t t = 0; t < n.length; ++t) {
      const int64_t at = t * n.width;
      multiply(queue, {float32, 1, n.batch, n.width, n.width,
                       t ? matrix(states, at - n.width, n.row()) : matrix(dense[2], 0, n.width),
                       matrix(dense[1], 0, n.width, true), matrix(product, 0, n.width)});
      launch(queue, "recurrent_steps", "elman_step", {})
          .over(work_items(queue, Work::elementwise, n.batch, 8 * n.width))
          .moving(size_t(3 * n.batch * n.width) * 4)
          .with(reads_at(dense[0], at), reads(product), writes_at(states, at), n.batch, n.width,
                n.row(), int32_t(relu_));
    }
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    const Arrays all = cotangents_of(slopes(outputs[0]), primals[1], cotangents[0]);
    Arrays result;
    for (const int i : argnums)
      result.push_back(i == 0   ? all[0]
                       : i == 1 ? weight_product(all[0], shifted(primals[2], outputs[0]))
                                : all[2]);
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const array states = rnn(primals[0], primals[1], primals[2], relu_);
    const Arrays given = all_tangents(primals, tangents, argnums, 3);
    const Slopes d = slopes(states);
    const array before = shifted(primals[2], states);
    const array terms = d.parts * (given[0] + matmul(before, swapaxes(given[1], 0, 1)));
    return {tangents_of(d, primals[1], terms, given[2])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return over_examples(inputs, axes, 1, 1, [this](const Arrays& all) {
      return Arrays{rnn(all[0], all[1], all[2], relu_)};
    });
  }

 private:
  Slopes slopes(const array& states) const {
    return {zeros(states.shape(), float32),
            relu_ ? astype(states > 0, float32) : 1 - square(states)};
  }

  bool relu_;
};

}  // namespace

array rnn(const array& terms, const array& weight, const array& hidden, bool relu,
          StreamOrDevice s) {
  const Arrays inputs{terms, weight, hidden};
  expect_float32("rnn", inputs);
  if (terms.ndim() != 3 || terms.shape(1) == 0)
    fail("rnn", "terms must have shape (N, L, H) with at least one step, not ",
         to_string(terms.shape()), ".");
  const int width = terms.shape(2);
  expect_shape("rnn", "weight", weight, {width, width});
  expect_shape("rnn", "hidden", hidden, {terms.shape(0), width});
  return array(terms.shape(), float32, make_ref<RNN>(relu), inputs, to_stream(s));
}

static const Registered<RNN> rnn_class("RNN", false);

}  // namespace mlx::fast
