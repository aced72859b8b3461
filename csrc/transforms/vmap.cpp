// Automatic batching: records the function on single examples, then replays it with each
// primitive's batching rule.
#include "transforms/vmap.h"

#include "base/error.h"
#include "graph/primitive.h"
#include "ops/shape.h"
#include "transforms/deferred.h"
#include "transforms/tape.h"

namespace mlx {
namespace {

struct Batched {
  array value;
  int axis;
};

/// Brings an output's batch axis where the caller wants it; what is not batched is repeated as
/// `input` is, along the last axis if he says nothing.
array place(const Batched& output, int wanted, const Batched& input) {
  if (output.axis < 0)
    return spread_along(output.value, wanted < 0 ? output.value.ndim() : wanted, input.value,
                        input.axis);
  return output.axis == wanted ? output.value : moveaxis(output.value, output.axis, wanted);
}

}  // namespace

Traced trace_for_vmap(const Function& f, const Arrays& inputs, const std::vector<int>& in_axes) {
  Arrays placeholders;
  int32_t batch = -1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (in_axes[i] < 0) {
      placeholders.push_back(inputs[i]);
      continue;
    }
    const int32_t extent = inputs[i].shape(in_axes[i]);
    if (batch >= 0 && extent != batch)
      fail("vmap", "the mapped axes have different sizes, ", batch, " and ", extent, ".");
    batch = extent;
    Shape shape = inputs[i].shape();
    shape.erase(shape.begin() + in_axes[i]);
    placeholders.push_back(array::placeholder(std::move(shape), inputs[i].dtype()));
  }
  if (batch < 0) fail("vmap", "at least one input must be mapped.");
  const Tracing tracing(Tracing::record);
  Arrays outputs = f(placeholders);
  return {std::move(placeholders), std::move(outputs)};
}

Arrays replay_batched(const Arrays& inputs, const Traced& traced, const std::vector<int>& in_axes,
                      const std::vector<int>& out_axes) {
  const auto& [placeholders, outputs] = traced;
  Arrays sources;
  std::optional<Batched> input;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (in_axes[i] >= 0) {
      sources.push_back(placeholders[i]);
      input = Batched{inputs[i], in_axes[i]};
    }
  if (!input) fail("vmap", "at least one input must be mapped.");
  const Tape tape(outputs, sources, false);
  std::unordered_map<const Node*, Batched> batched;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (in_axes[i] >= 0) batched.insert({&placeholders[i].node(), {inputs[i], in_axes[i]}});
  for (Node* node : tape.nodes) {
    Arrays arguments;
    std::vector<int> axes;
    for (const array& x : node->inputs) {
      const auto at = batched.find(&x.node());
      arguments.push_back(at == batched.end() ? x : at->second.value);
      axes.push_back(at == batched.end() ? -1 : at->second.axis);
    }
    const StreamScope scope(node->stream);
    const auto [values, value_axes] = batch_through(*node, arguments, axes);
    const Arrays results = array(Ref<Node>(node)).outputs();
    for (size_t i = 0; i < results.size(); ++i)
      batched.insert_or_assign(&results[i].node(), Batched{values[i], value_axes[i]});
  }

  Arrays result;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto at = batched.find(&outputs[i].node());
    const Batched output = at == batched.end() ? Batched{outputs[i], -1} : at->second;
    if (out_axes[i] < 0 && output.axis >= 0)
      fail("vmap", "an output is batched, but out_axes says None for it.");
    result.push_back(place(output, out_axes[i], *input));
  }
  return result;
}

Arrays vmap(const Function& f, const Arrays& inputs, const std::vector<int>& in_axes,
            const std::function<std::vector<int>(const Arrays&)>& out_axes) {
  const Traced traced = trace_for_vmap(f, inputs, in_axes);
  return replay_batched(inputs, traced, in_axes, out_axes(traced.outputs));
}

}  // namespace mlx
