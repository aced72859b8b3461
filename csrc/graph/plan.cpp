// Recording a graph as a plan, simplifying it, and replaying it.
#include "graph/plan.h"

#include <algorithm>
#include <unordered_map>

#include "graph/deferred.h"
#include "graph/order.h"

namespace mlx {

Plan record(const Arrays& inputs, const Arrays& outputs, bool fold) {
  Plan plan;
  plan.input_count = int(inputs.size());
  for (const array& input : inputs)
    plan.input_shapes.push_back(input.shape()), plan.input_dtypes.push_back(input.dtype());
  std::unordered_map<const Node*, int> number;
  for (size_t i = 0; i < inputs.size(); ++i) number.emplace(&inputs[i].node(), int(i));

  const Submission submission;
  // A value that was computed without the inputs stays an array: it is evaluated once, not at every
  // replay.
  const auto order =
      topological_order(outputs, [&](const Node& node) { return !number.count(&node); });
  std::vector<const Node*> recorded;
  std::unordered_map<const Node*, bool> depends;
  for (Node* node : order) {
    const bool computes = node->primitive && !node->evaluated;
    depends[node] = (computes && (!fold || node->primitive->has_effects())) ||
                    std::any_of(node->inputs.begin(), node->inputs.end(), [&](const array& input) {
                      const auto at = depends.find(&input.node());
                      return number.count(&input.node()) || (at != depends.end() && at->second);
                    });
  }
  for (Node* node : order)
    if (!depends[node]) {
      number.emplace(node, plan.input_count + int(plan.constants.size()));
      plan.constants.emplace_back(Ref<Node>(node));
    }
  plan.value_count = plan.input_count + int(plan.constants.size());
  for (Node* node : order) {
    if (number.count(node)) continue;  // a constant, or a sibling recorded before
    Plan::Step step{node->primitive, {}, {}, {}, node->stream, plan.value_count};
    for (const array& input : node->inputs) step.inputs.push_back(number.at(&input.node()));
    if (node->siblings) {
      step.shapes = node->siblings->shapes;
      step.dtypes = node->siblings->dtypes;
      for (size_t i = 0; i < step.shapes.size(); ++i)
        if (const Node* sibling = node->siblings->nodes[i])
          number.emplace(sibling, plan.value_count + int(i));
    } else {
      step.shapes = {node->shape};
      step.dtypes = {node->dtype};
      number.emplace(node, plan.value_count);
    }
    plan.value_count += int(step.shapes.size());
    plan.steps.push_back(std::move(step));
  }
  for (const array& output : outputs) plan.outputs.push_back(number.at(&output.node()));
  return plan;
}

void merge_equal_steps(Plan& plan) {
  std::unordered_map<std::string, int> known;
  std::vector<int> stands_for(plan.value_count);
  for (int i = 0; i < plan.value_count; ++i) stands_for[i] = i;
  // Immediate constants are equal when their dtype and bytes are.
  for (size_t c = 0; c < plan.constants.size(); ++c) {
    const Node& node = plan.constants[c].node();
    if (!node.immediate) continue;
    std::string key(1, char(node.dtype.id()));
    key.append(reinterpret_cast<const char*>(node.value.bytes), sizeof node.value.bytes);
    stands_for[plan.input_count + c] =
        known.emplace("constant" + key, plan.input_count + int(c)).first->second;
  }
  for (Plan::Step& step : plan.steps) {
    std::string key = step.primitive->key() + '|' + std::to_string(step.stream.index);
    for (int& input : step.inputs) key += ',' + std::to_string(input = stands_for[input]);
    for (size_t i = 0; i < step.shapes.size(); ++i)
      key += to_string(step.shapes[i]) + step.dtypes[i].name();
    if (step.primitive->has_effects()) key += '#' + std::to_string(step.first_output);
    const int first = known.emplace(std::move(key), step.first_output).first->second;
    for (size_t i = 0; i < step.shapes.size(); ++i)
      stands_for[step.first_output + i] = first + int(i);
  }
  for (int& output : plan.outputs) output = stands_for[output];
  drop_unused_steps(plan);
}

void drop_unused_steps(Plan& plan) {
  std::vector<bool> used(plan.value_count, false);
  for (const int output : plan.outputs) used[output] = true;
  std::vector<Plan::Step> kept;
  for (size_t i = plan.steps.size(); i-- > 0;) {
    Plan::Step& step = plan.steps[i];
    bool needed = false;
    for (size_t o = 0; o < step.shapes.size(); ++o) needed |= used[step.first_output + o];
    if (!needed) continue;
    for (const int input : step.inputs) used[input] = true;
    kept.push_back(std::move(step));
  }
  plan.steps.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
}

bool defers(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [](const Plan::Step& step) { return as_deferred(*step.primitive); });
}

Arrays Plan::replay(const Arrays& inputs, bool shapeless) const {
  // Slots hold nothing until their step runs.
  std::vector<Ref<Node>> values(value_count);
  for (size_t i = 0; i < inputs.size(); ++i) values[i] = inputs[i].ref();
  for (size_t i = 0; i < constants.size(); ++i) values[input_count + i] = constants[i].ref();
  for (const Step& step : steps) {
    Arrays arguments;
    arguments.reserve(step.inputs.size());
    for (const int input : step.inputs) arguments.emplace_back(values[input]);
    if (const Deferred* const call = as_deferred(*step.primitive)) {
      const StreamScope scope(step.stream);
      const Arrays results =
          follows_shape(arguments)
              ? defer(Ref<Deferred>(static_cast<Deferred*>(step.primitive.get())),
                      std::move(arguments), step.stream)
              : call->apply(arguments);
      for (size_t i = 0; i < results.size(); ++i) values[step.first_output + i] = results[i].ref();
      continue;
    }
    std::vector<Shape> inferred;
    if (shapeless) inferred = step.primitive->output_shapes(arguments);
    const std::vector<Shape>& to = shapeless ? inferred : step.shapes;
    if (to.size() == 1) {
      values[step.first_output] =
          array(to[0], step.dtypes[0], step.primitive, std::move(arguments), step.stream).ref();
    } else {
      const Arrays results =
          array::several(to, step.dtypes, step.primitive, std::move(arguments), step.stream);
      for (size_t i = 0; i < results.size(); ++i) values[step.first_output + i] = results[i].ref();
    }
  }
  Arrays results;
  for (const int output : outputs) results.emplace_back(values[output]);
  return results;
}

}  // namespace mlx
