// Fusion of eager graphs: neighbouring elementwise nodes wait for each other and may share a
// kernel, also with a reduction behind them.
#include "graph/fuse_eager.h"

#include <algorithm>
#include <chrono>

#include "base/env.h"
#include "base/hash.h"
#include "graph/ends.h"
#include "graph/order.h"

namespace mlx {
namespace {

constexpr size_t max_members = 48, max_inputs = 16;
// Building a kernel costs as much as thousands of launches. A group gets one when, by these
// estimates, it would have saved by now what building costs: whatever comes next, that is at most
// twice the time of the best choice (Karlin et al., "Competitive snoopy caching", 1988: renting
// skis or buying them).
constexpr int least_sightings = 8;
constexpr double microseconds_per_launch = 3, bytes_per_microsecond = 10e3;

/// What a build took of late, in microseconds; far less where the binaries are on disk.
double build_time = 50e3;

struct Sighting {
  int count = 0;
  double saved = 0;       ///< microseconds that a kernel would have saved, if with a reduction:
                          ///< since one was thought of last
  double next_try = 500;  ///< how many make one worth a thought again
  std::unique_ptr<GroupKernel> kernel;
  std::unique_ptr<Prologue> prologue;  ///< where a reduction follows
};

std::unordered_map<GroupKey, Sighting, HashNumbers>& sightings() {
  static auto* const table = new std::unordered_map<GroupKey, Sighting, HashNumbers>;
  return *table;
}

bool enabled() {
  static const bool value = env::fuse() != "0";
  return value;
}

}  // namespace

bool Fuser::feeds(const Node& node) const {
  return !members_.empty() && std::any_of(node.inputs.begin(), node.inputs.end(),
                                          [&](const array& x) { return is_member(x.node()); });
}

bool Fuser::defer(Node& node) {
  if (!enabled() || node.siblings || (node.tracer && Tracing::active())) return false;
  const Fragment* const fragment = node.primitive->fragment(node.inputs);
  if (!fragment || !fragment->expression) return false;
  if (!members_.empty()) {
    const Node& first = *members_.front().node;
    if (!(first.stream == node.stream) || first.shape != node.shape ||
        members_.size() == max_members || inputs_.size() + node.inputs.size() > max_inputs)
      flush();
  }
  join(node, *fragment);
  return true;
}

void Fuser::join(Node& node, const Fragment& fragment) {
  if (members_.empty()) mark_ = next_mark(), key_.clear();
  Member member{&node, fragment, {}};
  append_step(key_, fragment, node.dtype, node.inputs.size());
  for (const array& input : node.inputs) {
    Node& source = input.node();
    int number;
    if (is_member(source)) {
      number = int(source.number);
    } else {
      const auto at = std::find(inputs_.begin(), inputs_.end(), &source);
      number = ~int(at - inputs_.begin());
      if (at == inputs_.end()) {
        inputs_.push_back(&source);
        append_input(key_, source);
      }
    }
    member.operands.push_back(number);
    key_.push_back(uint64_t(int64_t(number)));
  }
  node.mark = mark_;
  node.number = uint32_t(members_.size());
  members_.push_back(std::move(member));
}

std::vector<int> Fuser::outputs() const {
  std::vector<uint32_t> uses(members_.size(), 0);
  for (const Member& member : members_)
    for (const int operand : member.operands)
      if (operand >= 0) ++uses[operand];
  std::vector<int> result;
  for (size_t m = 0; m < members_.size(); ++m)
    if (members_[m].node->use_count() > uses[m]) result.push_back(int(m));
  return result;
}

double Fuser::saving(const std::vector<int>& leaving) const {
  int64_t bytes = 0;  // written, and read again
  for (const Member& member : members_) bytes += 2 * member.node->size * member.node->dtype.size();
  for (const int output : leaving)
    bytes -= 2 * members_[output].node->size * members_[output].node->dtype.size();
  return double(members_.size() - 1) * microseconds_per_launch +
         double(bytes) / bytes_per_microsecond;
}

Group Fuser::describe(const std::vector<int>& outputs) const {
  Group group;
  for (const Node* input : inputs_) group.add_input(input->dtype, input->immediate);
  const int count = int(inputs_.size());
  for (const Member& member : members_) {
    Group::Step step{member.fragment, member.node->dtype, {}};
    for (const int operand : member.operands)
      step.operands.push_back(operand < 0 ? ~operand : count + operand);
    group.add_step(std::move(step));
  }
  for (const int output : outputs) group.outputs.push_back(count + output);
  return group;
}

void Fuser::flush() {
  if (members_.empty()) return;
  GroupKernel* kernel = nullptr;
  bool builds = false;
  std::vector<int> leaving;
  if (members_.size() > 1) {
    leaving = outputs();
    for (const int output : leaving) key_.push_back(uint64_t(output));
    key_.push_back(leaving.size());
    Sighting& sighting = sightings()[key_];
    if (!sighting.kernel) {
      sighting.saved += saving(leaving);
      builds = ++sighting.count > least_sightings && sighting.saved > build_time;
      if (builds) sighting.kernel = std::make_unique<GroupKernel>(describe(leaving));
    }
    kernel = sighting.kernel.get();
  }
  const auto members = std::move(members_);
  members_.clear();
  if (kernel) {
    members_ = members;
    const auto start = std::chrono::steady_clock::now();
    run_fused(*kernel, leaving);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (builds) build_time = (build_time + took.count()) / 2;
  } else {
    for (const Member& member : members) run_(*member.node);
  }
  inputs_.clear();
}

Arrays Fuser::take_inputs() {
  for (const Member& member : members_) prepare_(*member.node);
  Arrays inputs(inputs_.size(), array(0));
  for (const Member& member : members_)
    for (size_t k = 0; k < member.operands.size(); ++k)
      if (member.operands[k] < 0) inputs[~member.operands[k]] = std::move(member.node->inputs[k]);
  return inputs;
}

void Fuser::put_back(const Arrays& inputs) {
  for (const Member& member : members_)
    for (size_t k = 0; k < member.operands.size(); ++k)
      if (member.operands[k] < 0) member.node->inputs[k] = inputs[~member.operands[k]];
}

void Fuser::release(const Arrays& results) {
  for (const array& result : results) result.node().evaluated = true;
  std::vector<Ref<Node>> held;  // members only the group knows die together, after the loop
  for (const Member& member : members_) held.emplace_back(member.node);
  for (const Ref<Node>& node : held) node->inputs.clear();
  for (const array& result : results) result.node().detach();
  members_.clear();
  inputs_.clear();
}

void Fuser::run_fused(GroupKernel& kernel, const std::vector<int>& leaving) {
  const Arrays inputs = take_inputs();
  Arrays results;
  for (const int output : leaving) results.emplace_back(Ref<Node>(members_[output].node));
  const Shape shape = results[0].shape();
  try {
    kernel.run(inputs, results, shape, queue_of(submission_, members_[0].node->stream));
  } catch (...) {
    put_back(inputs);
    throw;
  }
  release(results);
}

bool Fuser::reduce(Node& node) {
  if (!enabled() || node.siblings || (node.tracer && Tracing::active())) return false;
  if (node.inputs.size() != 1) return false;
  auto* const reader = dynamic_cast<HasEnds*>(node.primitive.get());
  const Node& read = node.inputs[0].node();
  if (!reader || !(node.stream == read.stream) || !is_member(read) || read.use_count() > 1)
    return false;
  const std::vector<int> leaving = outputs();
  if (leaving.size() > 1) return false;
  GroupKey key = key_;
  append_primitive(key, *node.primitive);
  Sighting& sighting = sightings()[key];
  sighting.saved += microseconds_as_array(read.size * read.dtype.size());
  if (sighting.saved < sighting.next_try) return false;
  if (!sighting.prologue) sighting.prologue = std::make_unique<Prologue>(describe(leaving), true);
  const Shape shape = read.shape;
  const Arrays inputs = take_inputs();
  Arrays results{array(Ref<Node>(&node))};
  bool done = false;
  try {
    const std::optional<Source> source = sighting.prologue->source(inputs, shape, sighting.saved);
    done =
        source && reader->eval_between(*source, {}, results[0], queue_of(submission_, node.stream));
  } catch (...) {
    put_back(inputs);
    throw;
  }
  if (done)
    release(results);
  else
    put_back(inputs), sighting.saved = 0, sighting.next_try *= 2;
  return done;
}

}  // namespace mlx
