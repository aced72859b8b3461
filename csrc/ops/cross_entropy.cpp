// Cross entropy: the loss of each row in one pass, and its gradient in another.
#include "ops/cross_entropy.h"

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/reduce.h"
#include "ops/rows.h"
#include "ops/shape.h"
#include "ops/softmax.h"

namespace mlx::fast {
namespace {

void run_rows(const char* kernel, const Arrays& inputs, array& out, Queue& queue) {
  out.allocate(queue);
  const int64_t columns = inputs[0].shape(-1), rows = inputs[0].size() / columns;
  RowLaunch shape(queue, rows, columns);
  Defines defines{{"T", inputs[0].dtype()}, {"TARGETS", 1}};
  if (inputs[0].dtype().is_half()) defines.emplace_back("IS_HALF", 1);
  if (inputs[0].dtype() == float64) defines.emplace_back("IS_DOUBLE", 1);
  Launch step(queue, shape.kernel(queue, "softmax", kernel, defines));
  Arrays dense;
  for (const array& x : inputs) step.set(reads(dense.emplace_back(contiguous_copy(x, queue))));
  shape.shape(step)
      .moving(size_t(inputs[0].nbytes() + out.nbytes()))
      .with(writes(out), rows, columns);
}

array softmax_of(const array& logits) {
  return softmax(astype(logits, promote(logits.dtype(), float32)), Axes{-1});
}
/// Entry `targets` of each row.
array chosen(const array& rows, const array& targets) {
  return squeeze(take_along_axis(rows, expand_dims(targets, {-1}), -1), Axes{-1});
}
/// The sum over classes of (softmax - one hot) · direction.
array along(const array& p, const array& targets, const array& direction) {
  const array d = astype(direction, p.dtype());
  return sum(p * d, Axes{-1}) - chosen(d, targets);
}

/// (softmax - one hot) · g for logits (…, classes), targets (…) and g (…).
class CrossEntropyGradient final : public Primitive {
 public:
  const char* name() const override { return "CrossEntropyGradient"; }
  static array make(const array& logits, const array& targets, const array& g) {
    return array(logits.shape(), logits.dtype(), make_ref<CrossEntropyGradient>(),
                 {logits, targets, g}, to_stream({}));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    run_rows("cross_entropy_gradient", inputs, outputs[0], queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array p = softmax_of(primals[0]), h = astype(cotangents[0], p.dtype()),
                g = astype(primals[2], p.dtype());
    Arrays result;
    for (const int i : argnums) {
      if (i == 1) no_gradient_of_indices("cross_entropy");
      const array by_x = p * expand_dims(g, {-1}) * (h - sum(p * h, Axes{-1}, true));
      result.push_back(astype(i == 0 ? by_x : along(p, primals[1], h), primals[size_t(i)].dtype()));
    }
    return result;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {{make(batch_first(inputs[0], axes[0], size), batch_first(inputs[1], axes[1], size),
                  batch_first(inputs[2], axes[2], size))},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(4 * inputs[0].size());
  }
};

class CrossEntropy final : public Primitive {
 public:
  const char* name() const override { return "CrossEntropy"; }
  static array make(const array& logits, const array& targets, const StreamOrDevice& s) {
    return array(targets.shape(), float32, make_ref<CrossEntropy>(), {logits, targets},
                 to_stream(s));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    run_rows("cross_entropy", inputs, outputs[0], queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices("cross_entropy");
    return {CrossEntropyGradient::make(primals[0], primals[1], cotangents[0])};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices("cross_entropy");
    return {astype(along(softmax_of(primals[0]), primals[1], tangents[0]), float32)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {
        {make(batch_first(inputs[0], axes[0], size), batch_first(inputs[1], axes[1], size), {})},
        {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[1].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(4 * inputs[0].size());
  }
};

}  // namespace

array cross_entropy(const array& logits, const array& targets, StreamOrDevice s) {
  constexpr const char* op = "cross_entropy";
  if (logits.ndim() == 0)
    fail(op, "logits must have at least 1 dimension but got input with 0 dimensions.");
  if (!logits.dtype().is_floating())
    fail(op, "Received unsupported logits type ", logits.dtype().name(), ".");
  if (!targets.dtype().is_integer())
    fail(op, "targets must be integer class indices but got ", targets.dtype().name(), ".");
  if (targets.shape() != Shape(logits.shape().begin(), logits.shape().end() - 1))
    fail(op, "targets shape ", to_string(targets.shape()), " does not match logits shape ",
         to_string(logits.shape()), " with the last axis removed.");
  if (logits.size() == 0) fail(op, "Received empty array.");
  return CrossEntropy::make(logits, astype(targets, int64, s), s);
}

static const Registered<CrossEntropyGradient> cross_entropy_gradient_class("CrossEntropyGradient");
static const Registered<CrossEntropy> cross_entropy_class("CrossEntropy");

}  // namespace mlx::fast
