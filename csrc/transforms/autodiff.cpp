// Reverse- and forward-mode differentiation: walks over the tape applying each primitive's vjp or
// jvp.
#include "transforms/autodiff.h"

#include "base/error.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "transforms/deferred.h"
#include "transforms/tape.h"

namespace mlx {
namespace {

/// The value of its input.
class Identity final : public Primitive {
 public:
  const char* name() const override { return "Identity"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue&) override {
    const Node& from = inputs[0].node();
    if (from.immediate && !from.buffer) {
      outputs[0].node().value = from.value;
      outputs[0].node().immediate = true;
    } else {
      outputs[0].share(inputs[0], inputs[0].strides(), inputs[0].offset());
    }
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return cotangents;
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return tangents;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {inputs, axes};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  bool is_view() const override { return true; }
};

const Registered<Identity> identity_class("Identity");

/// Tracers of the primals, and what f makes of them.
std::pair<Arrays, Arrays> traced(const Function& f, const Arrays& primals) {
  const Tracing tracing(Tracing::differentiate);
  Arrays sources;
  for (const array& primal : primals) sources.push_back(tracer_of(primal));
  Arrays outputs = f(sources);
  return {std::move(sources), std::move(outputs)};
}

/// The inputs of a node that the sources reach.
std::vector<int> active_inputs(const Node& node, const Tape& tape) {
  std::vector<int> argnums;
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (tape.depends(node.inputs[i])) argnums.push_back(int(i));
  return argnums;
}

void check_match(const char* op, const char* what, const array& given, const array& like) {
  if (given.shape() != like.shape())
    fail(op, what, " of shape ", to_string(given.shape()), " does not match an array of shape ",
         to_string(like.shape()), ".");
}

}  // namespace

array identity(const array& x) {
  return array(x.shape(), x.dtype(), make_ref<Identity>(), {x},
               x.is_evaluated() ? to_stream({}) : x.stream());
}

Arrays or_zeros(const std::vector<std::optional<array>>& values, const Arrays& like) {
  Arrays result;
  for (size_t i = 0; i < like.size(); ++i)
    result.push_back(values[i] ? *values[i] : zeros_like(like[i]));
  return result;
}

array tracer_of(const array& x) {
  array tracer = identity(x);
  tracer.node().tracer = true;
  return tracer;
}

Arrays push_forward(Primitive& primitive, const Arrays& inputs, const Arrays& outputs,
                    const Arrays& tangents, const std::vector<int>& argnums) {
  Arrays direct = primitive.jvp(inputs, tangents, argnums);
  if (!direct.empty()) return direct;
  const Tracing tracing(Tracing::differentiate);
  Arrays seeds;
  for (const array& output : outputs) seeds.push_back(tracer_of(zeros_like(output)));
  const Arrays pulled = primitive.vjp(inputs, seeds, argnums, outputs);
  return or_zeros(pull_back(pulled, {tangents.begin(), tangents.end()}, seeds), outputs);
}

std::vector<std::optional<array>> pull_back(const Arrays& outputs,
                                            const std::vector<std::optional<array>>& cotangents,
                                            const Arrays& sources) {
  const Tape tape(outputs, sources, true);
  std::unordered_map<const Node*, array> gradient;
  const auto accumulate = [&](const array& x, const array& cotangent) {
    const auto [at, fresh] = gradient.try_emplace(&x.node(), cotangent);
    if (!fresh) at->second = add(at->second, cotangent);
  };
  for (size_t i = 0; i < outputs.size(); ++i)
    if (cotangents[i] && tape.depends(outputs[i])) accumulate(outputs[i], *cotangents[i]);

  for (size_t k = tape.nodes.size(); k-- > 0;) {
    Node& node = *tape.nodes[k];
    const Arrays results = array(Ref<Node>(&node)).outputs();
    Arrays incoming;
    bool reached = false;
    for (const array& result : results) {
      const auto at = gradient.find(&result.node());
      reached |= at != gradient.end();
      incoming.push_back(at != gradient.end() ? at->second : array(0.0f));
    }
    if (!reached) continue;
    const StreamScope scope(node.stream);
    for (size_t i = 0; i < results.size(); ++i)
      if (!gradient.count(&results[i].node())) incoming[i] = zeros_like(results[i]);
    const std::vector<int> argnums = active_inputs(node, tape);
    const Arrays outgoing = pull_through(*node.primitive, node.inputs, incoming, argnums, results);
    for (const array& result : results) gradient.erase(&result.node());
    for (size_t i = 0; i < argnums.size(); ++i) accumulate(node.inputs[argnums[i]], outgoing[i]);
  }

  std::vector<std::optional<array>> result;
  for (const array& source : sources) {
    const auto at = gradient.find(&source.node());
    if (at != gradient.end())
      result.emplace_back(at->second);
    else
      result.emplace_back();
  }
  return result;
}

std::pair<Arrays, Arrays> vjp(const Function& f, const Arrays& primals, const Arrays& cotangents) {
  const auto [sources, outputs] = traced(f, primals);
  // Cotangents go to the outputs in order; those behind stop_gradient take none when there are
  // fewer cotangents.
  std::vector<std::optional<array>> matched;
  size_t next = 0;
  const bool skip = cotangents.size() != outputs.size();
  for (const array& output : outputs) {
    const bool stopped = output.has_primitive() && output.primitive().stops_gradient();
    if (skip && stopped) {
      matched.emplace_back();
      continue;
    }
    if (next == cotangents.size())
      fail("vjp", outputs.size(), " outputs but only ", cotangents.size(), " cotangents.");
    check_match("vjp", "a cotangent", cotangents[next], output);
    matched.emplace_back(astype(cotangents[next++], output.dtype()));
  }
  if (next != cotangents.size())
    fail("vjp", cotangents.size(), " cotangents for ", outputs.size(), " outputs.");
  return {outputs, or_zeros(pull_back(outputs, matched, sources), primals)};
}

std::pair<Arrays, Arrays> value_and_gradient(const Function& f, const Arrays& primals) {
  const auto [sources, outputs] = traced(f, primals);
  std::vector<std::optional<array>> cotangents(outputs.size());
  cotangents[0] = array(1.0f, outputs[0].dtype());
  return {outputs, or_zeros(pull_back(outputs, cotangents, sources), primals)};
}

std::pair<Arrays, Arrays> jvp(const Function& f, const Arrays& primals, const Arrays& tangents) {
  if (primals.size() != tangents.size())
    fail("jvp", primals.size(), " primals but ", tangents.size(), " tangents.");
  for (size_t i = 0; i < primals.size(); ++i)
    check_match("jvp", "a tangent", tangents[i], primals[i]);
  const auto [sources, outputs] = traced(f, primals);
  const Tape tape(outputs, sources, true);
  std::unordered_map<const Node*, array> tangent;
  for (size_t i = 0; i < sources.size(); ++i)
    tangent.emplace(&sources[i].node(), astype(tangents[i], primals[i].dtype()));
  for (Node* node : tape.nodes) {
    const StreamScope scope(node->stream);
    const Arrays results = array(Ref<Node>(node)).outputs();
    std::vector<int> argnums;
    Arrays incoming;
    for (const int i : active_inputs(*node, tape)) {
      const auto at = tangent.find(&node->inputs[i].node());
      if (at == tangent.end()) continue;
      argnums.push_back(i);
      incoming.push_back(at->second);
    }
    if (argnums.empty()) continue;
    const Arrays pushed = push_through(*node->primitive, node->inputs, results, incoming, argnums);
    for (size_t i = 0; i < results.size(); ++i)
      tangent.insert_or_assign(&results[i].node(), pushed[i]);
  }
  Arrays result;
  for (const array& output : outputs) {
    const auto at = tangent.find(&output.node());
    result.push_back(at != tangent.end() ? at->second : zeros_like(output));
  }
  return {outputs, result};
}

}  // namespace mlx
