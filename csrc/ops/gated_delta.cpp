// The gated delta rule: checks, the primitive over tokens, and batching.
#include "ops/gated_delta.h"

#include "base/error.h"
#include "cl/group_sizes.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

constexpr const char* op = "gated_delta_update";

/// Inputs: q, k, v, gamma, beta, state; outputs: y and the last state.
class GatedDelta final : public Primitive {
 public:
  const char* name() const override { return "GatedDeltaUpdate"; }

  static Arrays make(const Arrays& inputs, const StreamOrDevice& s) {
    const Dtype result = promote(inputs[0].dtype(), inputs[1].dtype());
    return array::several({inputs[2].shape(), inputs[5].shape()}, {result, inputs[5].dtype()},
                          make_ref<GatedDelta>(), inputs, to_stream(s));
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    for (array& out : outputs) out.allocate(queue);
    if (outputs[0].size() == 0) return;
    Arrays dense;
    for (const array& x : inputs) dense.push_back(contiguous_copy(x, queue));
    const array &q = inputs[0], &v = inputs[2];
    const int64_t heads = int64_t(v.shape(0)) * v.shape(2), values = v.shape(3);
    const bool on_cpu = queue.device().facts().is_cpu, one = steps_at_once(inputs);
    const int width = values > 16 ? 2 : 1;
    Defines defines{{"T", inputs[5].dtype()},  {"Q", q.dtype()},         {"K", inputs[1].dtype()},
                    {"V", v.dtype()},          {"G", inputs[3].dtype()}, {"B", inputs[4].dtype()},
                    {"Y", outputs[0].dtype()}, {"KEYS", q.shape(3)},     {"WIDTH", width}};
    if (one) defines.emplace_back("ONE_TOKEN", 1);
    // Of a work-group on GPUs.
    const int lanes = 8;
    int group = group_of(queue.device().facts(), 64);
    const auto rows_of = [&](int items) { return std::max(1, items / lanes); };
    const auto kernel_of = [&](int items) -> Kernel& {
      Defines all = defines;
      if (!on_cpu) all.emplace_back("ROWS", rows_of(items));
      return queue.device().kernels().kernel("gated_delta", "gated_delta", all);
    };
    Launch work(queue, on_cpu ? kernel_of(1) : fit_group(queue, group, kernel_of));
    const int64_t rows = rows_of(group);
    const int64_t per_task = !on_cpu ? rows
                             : one   ? 1
                                     : 16 * width,
                  tasks = heads * ((values + per_task - 1) / per_task);
    const size_t items = work_items(queue, Work::gated_delta, tasks, one ? 1 : 64);
    if (on_cpu)
      work.over(items);
    else
      work.over(items * size_t(rows * lanes)).in_groups_of(size_t(rows * lanes));
    for (const array& x : dense) work.set(reads(x));
    for (const array& out : outputs) work.set(writes(out));
    for (const int64_t n : {int64_t(v.shape(0)), int64_t(v.shape(1)), int64_t(q.shape(2)),
                            int64_t(v.shape(2)), values})
      work.set(n);
    work.moving(size_t(2 * outputs[1].nbytes())).enqueue();
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const Arrays all = gated_delta_gradients(primals, cotangents[0], cotangents[1]);
    Arrays result;
    for (const int i : argnums)
      result.push_back(astype(all[size_t(i)], primals[size_t(i)].dtype()));
    return result;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    Arrays merged;
    for (size_t i = 0; i < inputs.size(); ++i)
      merged.push_back(flatten(batch_first(inputs[i], axes[i], size), 0, 1));
    Arrays results = make(merged, {});
    for (array& x : results) x = unflatten(x, 0, {size, -1});
    return {results, {0, 0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[2].shape(), inputs[5].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[2].size()) * size_t(inputs[0].shape(3)) * 2;
  }
  /// One token of a float32 state: the kernel that reads every dtype.
  static bool steps_at_once(const Arrays& inputs) {
    return inputs[2].shape(1) == 1 && inputs[5].dtype() == float32;
  }
};

void check(const array& q, const array& k, const array& v) {
  for (const array* x : {&q, &k, &v})
    if (x->ndim() != 4)
      fail(op, "q, k and v must have 4 dimensions but one has shape ", to_string(x->shape()), ".");
  if (q.shape(1) != v.shape(1) || k.shape(1) != v.shape(1))
    fail(op, "q, k and v must have the same length but have shapes ", to_string(q.shape()), ", ",
         to_string(k.shape()), " and ", to_string(v.shape()), ".");
  if (v.shape(1) == 0) fail(op, "At least one token is needed.");
  if (q.shape(2) != k.shape(2) || q.shape(3) != k.shape(3) || q.shape(3) == 0)
    fail(op, "q and k must have the same heads and head size but have shapes ",
         to_string(q.shape()), " and ", to_string(k.shape()), ".");
  if (k.shape(2) == 0 || v.shape(2) % k.shape(2))
    fail(op, "The heads of v must be a multiple of those of k, found ", v.shape(2), " and ",
         k.shape(2), ".");
}

}  // namespace

Arrays gated_delta_update(const array& q, const array& k, const array& v, const array& gamma,
                          const array& beta, const std::optional<array>& initial_state,
                          const std::optional<array>& mask, StreamOrDevice s) {
  check(q, k, v);
  const Dtype result = at_least_float(promote(q.dtype(), k.dtype())),
              wide = result == float64 ? float64 : float32;
  for (const array* x : {&q, &k, &v, &gamma, &beta})
    if (x->dtype().is_inexact() && !x->dtype().is_floating())
      fail(op, "complex64 is not supported.");
  const int batch = broadcast(broadcast({q.shape(0)}, {k.shape(0)}), {v.shape(0)})[0],
            length = v.shape(1), heads = v.shape(2);
  const Shape tokens{batch, length}, gates{batch, length, heads},
      state{batch, heads, v.shape(3), q.shape(3)};
  const auto batched = [&](const array& x) {
    Shape shape = x.shape();
    shape[0] = batch;
    return broadcast_to(x, shape, s);
  };
  array decay = broadcast_to(gamma, gates, s), rate = broadcast_to(beta, gates, s);
  if (mask) {  // a masked token neither decays nor writes
    const array seen = expand_dims(broadcast_to(astype(*mask, bool_, s), tokens, s), {-1}, s);
    decay = where(seen, decay, array(1, decay.dtype()), s);
    rate = where(seen, rate, array(0, rate.dtype()), s);
  }
  Arrays inputs{batched(q),
                batched(k),
                batched(v),
                decay,
                rate,
                initial_state ? astype(broadcast_to(*initial_state, state, s), wide, s)
                              : zeros(state, wide, s)};
  // The kernel for one token reads 16-bit floats; over many tokens converting them once is cheaper.
  for (size_t i = 0; i < 5; ++i)
    if (!GatedDelta::steps_at_once(inputs) || !inputs[i].dtype().is_floating() ||
        inputs[i].dtype() == float64)
      inputs[i] = astype(inputs[i], wide, s);
  Arrays results = GatedDelta::make(inputs, s);
  results[0] = astype(results[0], result, s);
  if (mask) {
    const array seen = expand_dims(broadcast_to(astype(*mask, bool_, s), tokens, s), {-1, -2}, s);
    results[0] = where(seen, results[0], array(0, result), s);
  }
  return results;
}

static const Registered<GatedDelta> gated_delta_class("GatedDelta");

}  // namespace mlx::fast
