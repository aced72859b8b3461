// From a lazy graph to launches: order, allocate, launch, release.
#include "graph/evaluate.h"

#include <algorithm>

#include "base/error.h"
#include "graph/ahead.h"
#include "graph/fuse_eager.h"
#include "graph/order.h"
#include "graph/primitive.h"
#include "graph/together.h"

namespace mlx {
namespace {

/// The same value in a buffer of `device`.
array migrate(const array& x, Device& device) {
  array moved(make_ref<Node>(x.shape(), x.dtype()));
  Node& to = moved.node();
  const Node& from = x.node();
  to.strides = from.strides;
  to.offset = from.offset;
  to.row_contiguous = from.row_contiguous;
  to.evaluated = true;
  to.buffer = device.allocator().allocate(from.buffer->capacity());
  std::memcpy(to.buffer->write(), from.buffer->read(), from.buffer->capacity());
  return moved;
}

void bring_inputs(Node& node, Device& device) {
  for (array& input : node.inputs) {
    Node& source = input.node();
    if (source.immediate && !source.buffer) source.stream.device = device.type();
    if (!source.buffer || &source.buffer->device() == &device) continue;
    if (node.siblings || node.tracer) {
      // Others may share these inputs: move the value itself.
      source.buffer = migrate(input, device).node().buffer;
    } else {
      input = migrate(input, device);
    }
  }
}

void finish_node(Node& node, bool keep) {
  node.evaluated = true;
  if (!keep) node.detach();
}

void run(Node& node, Queue& queue) {
  bring_inputs(node, queue.device());
  const bool keep = node.tracer && Tracing::active();
  if (!node.siblings) {
    Arrays outputs{array(Ref<Node>(&node))};
    const KeepInputs no_donation(keep);
    node.primitive->eval(node.inputs, outputs, queue);
    finish_node(node, keep);
    return;
  }
  Arrays outputs = array(Ref<Node>(&node)).outputs();
  const KeepInputs no_donation(true);  // every sibling holds the inputs
  const Arrays inputs = node.inputs;
  node.primitive->eval(inputs, outputs, queue);
  for (array& output : outputs) finish_node(output.node(), keep);
}

bool run_together(TogetherGroups& groups, Node& node, Queue& queue) {
  const auto ran = groups.run_with_others(node, queue, [&](Node& view) { run(view, queue); });
  for (Node* other : ran) finish_node(*other, false);
  return !ran.empty();
}

}  // namespace

void async_eval(const Arrays& outputs) {
  if (std::all_of(outputs.begin(), outputs.end(), [](const array& x) { return x.is_evaluated(); }))
    return;
  const Submission submission;
  std::vector<Node*> order =
      topological_order(outputs, [](const Node& node) { return !node.evaluated; });
  std::vector<std::pair<Queue*, size_t>> work;  // per queue
  for (Node* node : order) {
    if (!node->primitive || (node->tracer && Tracing::recording()))
      fail("eval",
           "Attempting to eval an array during function transformations like compile or vmap is "
           "not allowed.");
    Queue* const queue = &queue_of(submission, node->stream);
    if (work.empty() || work.back().first != queue) {
      const auto known =
          std::find_if(work.begin(), work.end(), [&](auto& w) { return w.first == queue; });
      if (known == work.end())
        work.emplace_back(queue, 0);
      else
        std::swap(*known, work.back());
    }
    const array self{Ref<Node>(node)};
    work.back().second += node->primitive->work(node->inputs, {self});
  }
  for (auto& [queue, amount] : work) queue->expect(amount);
  ahead::look_through(order);
  TogetherGroups together(order);
  Fuser fuser(
      submission, [&](Node& node) { run(node, queue_of(submission, node.stream)); },
      [](Node& node) { bring_inputs(node, Device::get(node.stream.device)); });
  std::vector<Ref<Node>> later;  // where nodes run before their turn, what is still to come
  if (!together.empty())
    for (Node* node : order) later.emplace_back(node);
  for (size_t i = 0; i < order.size(); ++i) {
    Node* const node = order[i];
    const bool ran = node->evaluated;  // with a sibling, or with others of its kind
    if (!later.empty()) later[i] = nullptr;
    if (ran) continue;
    if (fuser.defer(*node)) continue;
    if (fuser.feeds(*node)) {
      if (fuser.reduce(*node)) continue;
      fuser.flush();
    }
    Queue& queue = queue_of(submission, node->stream);
    if (!run_together(together, *node, queue)) run(*node, queue);
  }
  fuser.flush();
  for (auto& [queue, amount] : work) queue->flush();
}

void wait(const Arrays& outputs) {
  std::vector<Progress> queues;
  for (const array& output : outputs) {
    const Node& node = output.node();
    if (!node.buffer) continue;
    const Progress queue = node.buffer->last_queue();
    if (queue && std::find(queues.begin(), queues.end(), queue) == queues.end())
      queues.push_back(queue);
  }
  for (const Progress& queue : queues) queue.finish();
}

void eval(const Arrays& outputs) {
  async_eval(outputs);
  wait(outputs);
}

}  // namespace mlx
