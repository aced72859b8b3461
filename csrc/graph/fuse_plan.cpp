// Fusion: which elementwise steps of a plan share a kernel.
//
// Groups grow from consumers to producers. A producer joins when it works on the same shape and
// stream and no path leads from it out of the group and back in; values that are also used outside
// become further outputs. A primitive whose kernels have ends for them (graph/ends.h) takes what
// only it reads along, and what alone reads its output, in a group of its own.
#include <algorithm>
#include <span>

#include "base/env.h"
#include "graph/deferred.h"
#include "graph/group_kernel.h"
#include "graph/map_reduce.h"
#include "graph/mlx_names.h"
#include "graph/plan.h"

namespace mlx {
namespace {

constexpr size_t max_members = 48, max_operands = 20;

bool count(std::span<const int> list, int item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// A group of elementwise primitives as one.
class Fused final : public Primitive {
 public:
  Fused(Group group, std::string name) : kernel_(std::move(group)), name_(std::move(name)) {}
  const char* name() const override { return name_.c_str(); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    kernel_.run(inputs, outputs, outputs[0].shape(), queue);
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape;
    for (const array& input : inputs) shape = broadcast(shape, input.shape(), "compile");
    return std::vector<Shape>(kernel_.group().outputs.size(), shape);
  }

 private:
  GroupKernel kernel_;
  std::string name_;  ///< "Compiled" and the members' names
};

class Grouping {
 public:
  Grouping(Plan& plan, bool shapeless)
      : plan_(plan),
        shapeless_(shapeless),
        group_of_(plan.steps.size(), -1),
        maker_(plan.value_count, -1) {
    for (size_t s = 0; s < plan.steps.size(); ++s) {
      for (size_t o = 0; o < plan.steps[s].shapes.size(); ++o)
        maker_[plan.steps[s].first_output + o] = int(s);
    }
    users_.resize(plan.steps.size());
    for (size_t s = 0; s < plan.steps.size(); ++s)
      for (const int input : plan.steps[s].inputs)
        if (maker_[input] >= 0) users_[maker_[input]].push_back(int(s));
  }

  void run() {
    for (int s = int(plan_.steps.size()) - 1; s >= 0; --s)
      if (has_ends(s)) grow_prologue(s);
    for (int s = int(plan_.steps.size()) - 1; s >= 0; --s)
      if (has_ends(s) && !shapeless_) grow_epilogue(s);
    for (int s = int(plan_.steps.size()) - 1; s >= 0; --s)
      if (group_of_[s] < 0 && fusible(s)) grow(s);
    rewrite();
  }

 private:
  bool fusible(int s) const {
    const Plan::Step& step = plan_.steps[s];
    if (step.shapes.size() != 1) return false;
    const Fragment* const fragment = step.primitive->fragment({});
    return fragment && fragment->expression;
  }

  bool has_ends(int s) const {
    return plan_.steps[s].shapes.size() == 1 &&
           dynamic_cast<HasEnds*>(plan_.steps[s].primitive.get());
  }

  void grow(int root) {
    const int id = int(members_.size());
    std::vector<int> members{root};
    group_of_[root] = id;
    for (bool changed = true; changed && members.size() < max_members;) {
      changed = false;
      for (size_t m = 0; m < members.size() && members.size() < max_members; ++m)
        for (const int input : plan_.steps[members[m]].inputs) {
          const int producer = maker_[input];
          if (producer < 0 || group_of_[producer] >= 0 || !joins(producer, root, id, members))
            continue;
          group_of_[producer] = id;
          members.push_back(producer);
          changed = true;
        }
    }
    if (members.size() == 1) {
      group_of_[root] = -1;
      return;
    }
    std::sort(members.begin(), members.end());
    members_.push_back(std::move(members));
  }

  /// The group before a primitive: all that is computed for its first input and read by nothing
  /// else.
  void grow_prologue(int reader) {
    const int id = int(members_.size()), root = maker_[plan_.steps[reader].inputs[0]];
    const std::span<const int> others = std::span(plan_.steps[reader].inputs).subspan(1);
    std::vector<int> members;
    const auto add = [&](int producer) {
      if (producer < 0 || group_of_[producer] >= 0 || !fusible(producer) ||
          count(others, plan_.steps[producer].first_output))
        return;
      const Plan::Step &p = plan_.steps[producer], &r = plan_.steps[root];
      if (!(p.stream == plan_.steps[reader].stream) || p.shapes[0] != r.shapes[0] ||
          members.size() == max_members || operands(producer, members) > max_operands ||
          leaves(producer, id))
        return;
      group_of_[producer] = id;
      members.push_back(producer);
    };
    group_of_[reader] = id;
    add(root);
    for (size_t m = 0; m < members.size(); ++m)
      for (const int input : plan_.steps[members[m]].inputs) add(maker_[input]);
    if (members.empty()) {
      group_of_[reader] = -1;
      return;
    }
    std::sort(members.begin(), members.end());
    members.push_back(reader);
    members_.push_back(std::move(members));
  }

  /// The group behind a primitive: all that reads its output, and what reads that, as far as one
  /// value leaves. Waves of readers come whole, so that no path leads out of the group and back in.
  void grow_epilogue(int writer) {
    const Plan::Step& from = plan_.steps[writer];
    const bool joined = group_of_[writer] >= 0;
    const int id = joined ? group_of_[writer] : int(members_.size());
    std::vector<int> members = joined ? members_[id] : std::vector<int>{writer}, wave{writer};
    size_t best = members.size();
    group_of_[writer] = id;
    for (bool grows = true; grows;) {
      std::vector<int> next;
      for (const int step : wave)
        for (const int user : users_[step])
          if (group_of_[user] != id && !count(next, user)) next.push_back(user);
      const size_t before = members.size();
      grows = !next.empty();
      for (const int user : next) {
        const Plan::Step& u = plan_.steps[user];
        grows = grows && group_of_[user] < 0 && fusible(user) && u.stream == from.stream &&
                u.shapes[0] == from.shapes[0] && members.size() < max_members &&
                operands(user, members) <= max_operands;
        if (!grows) break;
        group_of_[user] = id;
        members.push_back(user);
      }
      if (!grows) {
        drop(members, before);
        break;
      }
      if (std::count_if(members.begin(), members.end(),
                        [&](int member) { return leaves(member, id); }) == 1)
        best = members.size();
      wave = std::move(next);
    }
    drop(members, best);
    if (members.size() == 1) group_of_[writer] = -1;
    if (members.size() == 1) return;
    std::sort(members.begin(), members.end());
    if (joined)
      members_[id] = std::move(members);
    else
      members_.push_back(std::move(members));
  }

  /// Takes the members from number `first` on out again.
  void drop(std::vector<int>& members, size_t first) {
    for (size_t m = first; m < members.size(); ++m) group_of_[members[m]] = -1;
    members.resize(first);
  }

  bool joins(int producer, int root, int id, const std::vector<int>& members) const {
    const Plan::Step &p = plan_.steps[producer], &r = plan_.steps[root];
    if (!fusible(producer) || !(p.stream == r.stream) || p.shapes[0] != r.shapes[0]) return false;
    if (operands(producer, members) > max_operands) return false;
    // Of a group for any shapes only the root may leave: another value could turn out smaller.
    if (shapeless_ && leaves(producer, id)) return false;
    return std::none_of(users_[producer].begin(), users_[producer].end(),
                        [&](int user) { return group_of_[user] != id && leads_to(user, id); });
  }

  bool leaves(int step, int id) const {
    return std::count(plan_.outputs.begin(), plan_.outputs.end(), plan_.steps[step].first_output) ||
           std::any_of(users_[step].begin(), users_[step].end(),
                       [&](int user) { return group_of_[user] != id; });
  }

  /// True when `from` reaches a member of group `id`. Whole groups are stepped through together.
  bool leads_to(int from, int id) const {
    std::vector<bool> seen(plan_.steps.size(), false);
    std::vector<int> stack{from};
    while (!stack.empty()) {
      const int s = stack.back();
      stack.pop_back();
      if (group_of_[s] == id) return true;
      if (seen[s]) continue;
      seen[s] = true;
      stack.insert(stack.end(), users_[s].begin(), users_[s].end());
      if (group_of_[s] >= 0 && group_of_[s] < int(members_.size()))
        for (const int member : members_[group_of_[s]])
          if (!seen[member]) stack.push_back(member);
    }
    return false;
  }

  /// How many values the group would read and write with `extra` in it, from above.
  size_t operands(int extra, const std::vector<int>& members) const {
    size_t count = plan_.steps[extra].inputs.size() + 1;
    for (const int m : members)
      for (const int input : plan_.steps[m].inputs)
        count += maker_[input] < 0 || group_of_[maker_[input]] != group_of_[m];
    return count;
  }

  /// A group under construction: which values of the plan it reads, and their numbers in it.
  struct Made {
    Group group;
    std::string name;
    std::vector<int> inputs;
    std::vector<std::pair<int, int>> numbers;  // plan value → group value
    int number_of(int value) const {
      for (const auto& [known, number] : numbers)
        if (known == value) return number;
      return -1;
    }
  };

  /// The elementwise `members` as a group. `given`: a value that is its input 0, or -1.
  Made make(std::span<const int> members, int given) const {
    Made result;
    if (given >= 0)
      result.numbers.emplace_back(given, result.group.add_input(dtype_of_value(given), false));
    for (const int m : members)
      for (const int input : plan_.steps[m].inputs) {
        if ((maker_[input] >= 0 && count(members, maker_[input])) || result.number_of(input) >= 0)
          continue;
        const int source = before_broadcast(input);
        if (result.number_of(source) < 0) {
          const int number = result.group.add_input(dtype_of_value(source), is_immediate(source));
          result.numbers.emplace_back(source, number);
          result.inputs.push_back(source);
        }
        if (source != input) result.numbers.emplace_back(input, result.number_of(source));
      }
    std::vector<int> spread;  // values already named as broadcast
    for (const int m : members) {
      const Plan::Step& step = plan_.steps[m];
      Group::Step fragment{*step.primitive->fragment({}), step.dtypes[0], {}};
      for (const int input : step.inputs) {
        fragment.operands.push_back(result.number_of(input));
        const int source = before_broadcast(input);
        if (shape_of_value(source) == step.shapes[0] || count(spread, source)) continue;
        spread.push_back(source);
        result.name += "Broadcast";
      }
      result.name += mlx_name(*step.primitive);
      result.numbers.emplace_back(step.first_output, result.group.add_step(std::move(fragment)));
    }
    return result;
  }

  Plan::Step fused_step(const std::vector<int>& members) {
    const auto reader =
        std::find_if(members.begin(), members.end(), [&](int m) { return !fusible(m); });
    if (reader != members.end())
      return fused_ends({members.begin(), reader}, *reader, {reader + 1, members.end()});
    Made made = make(members, -1);
    Plan::Step result;
    result.stream = plan_.steps[members[0]].stream;
    result.inputs = std::move(made.inputs);
    result.first_output = plan_.value_count;
    for (const int m : members) {
      const Plan::Step& step = plan_.steps[m];
      if (!leaves(m, group_of_[m])) continue;
      renamed_.emplace_back(step.first_output, plan_.value_count++);
      made.group.outputs.push_back(made.number_of(step.first_output));
      result.shapes.push_back(step.shapes[0]);
      result.dtypes.push_back(step.dtypes[0]);
    }
    result.primitive = make_ref<Fused>(std::move(made.group), "Compiled" + made.name);
    return result;
  }

  /// The step of a primitive with what is computed before and behind it.
  Plan::Step fused_ends(std::span<const int> before, int reader, std::span<const int> behind) {
    const Plan::Step& middle = plan_.steps[reader];
    MapReduce::Parts parts;
    parts.primitive = middle.primitive;
    parts.others = middle.inputs.size() - 1;
    parts.computed = middle.shapes[0];
    parts.dtype = middle.dtypes[0];
    if (!shapeless_) parts.shape = shape_of_value(middle.inputs[0]);
    Plan::Step result;
    std::string name = "Compiled";
    const auto take = [&](std::span<const int> members, int given) {
      Made made = make(members, given);
      made.group.outputs.push_back(int(made.group.inputs.size() + made.group.steps.size()) - 1);
      result.inputs.insert(result.inputs.end(), made.inputs.begin(), made.inputs.end());
      name += made.name;
      return made.group;
    };
    if (before.empty())
      result.inputs.push_back(middle.inputs[0]);
    else
      parts.before = take(before, -1);
    result.inputs.insert(result.inputs.end(), middle.inputs.begin() + 1, middle.inputs.end());
    name += mlx_name(*middle.primitive);
    if (!behind.empty()) parts.after = take(behind, middle.first_output);
    const Plan::Step& last = behind.empty() ? middle : plan_.steps[behind.back()];
    result.stream = middle.stream;
    result.first_output = plan_.value_count;
    renamed_.emplace_back(last.first_output, plan_.value_count++);
    result.shapes = last.shapes;
    result.dtypes = last.dtypes;
    result.primitive = make_ref<MapReduce>(std::move(parts), std::move(name));
    return result;
  }

  /// What a broadcast reads, since kernels broadcast by themselves; for any shape, its result is
  /// needed.
  int before_broadcast(int value) const {
    if (shapeless_ || maker_[value] < 0) return value;
    const Plan::Step& step = plan_.steps[maker_[value]];
    return is_registered(*step.primitive) && class_name_of(*step.primitive) == "Broadcast"
               ? step.inputs[0]
               : value;
  }

  const Shape& shape_of_value(int value) const {
    if (maker_[value] >= 0)
      return plan_.steps[maker_[value]].shapes[value - plan_.steps[maker_[value]].first_output];
    if (value >= plan_.input_count) return plan_.constants[value - plan_.input_count].shape();
    return plan_.input_shapes[value];
  }

  Dtype dtype_of_value(int value) const {
    if (maker_[value] >= 0)
      return plan_.steps[maker_[value]].dtypes[value - plan_.steps[maker_[value]].first_output];
    if (value >= plan_.input_count) return plan_.constants[value - plan_.input_count].dtype();
    return plan_.input_dtypes[value];
  }

  bool is_immediate(int value) const {
    return maker_[value] < 0 && value >= plan_.input_count &&
           plan_.constants[value - plan_.input_count].node().immediate;
  }

  /// Replaces the members by their groups and sorts the steps again.
  void rewrite() {
    if (members_.empty()) return;
    std::vector<Plan::Step> steps;
    for (size_t s = 0; s < plan_.steps.size(); ++s)
      if (group_of_[s] < 0) steps.push_back(plan_.steps[s]);
    for (const auto& members : members_) steps.push_back(fused_step(members));
    std::vector<int> name(plan_.value_count);
    for (int i = 0; i < plan_.value_count; ++i) name[i] = i;
    for (const auto& [old, renamed] : renamed_) name[old] = renamed;
    for (Plan::Step& step : steps)
      for (int& input : step.inputs) input = name[input];
    for (int& output : plan_.outputs) output = name[output];
    plan_.steps = sorted(std::move(steps));
  }

  std::vector<Plan::Step> sorted(std::vector<Plan::Step> steps) const {
    std::vector<int> maker(plan_.value_count, -1), waiting(steps.size(), 0), ready;
    std::vector<std::vector<int>> users(steps.size());
    for (size_t s = 0; s < steps.size(); ++s)
      for (size_t o = 0; o < steps[s].shapes.size(); ++o) maker[steps[s].first_output + o] = int(s);
    for (size_t s = 0; s < steps.size(); ++s)
      for (const int input : steps[s].inputs)
        if (maker[input] >= 0) users[maker[input]].push_back(int(s)), ++waiting[s];
    for (size_t s = steps.size(); s-- > 0;)
      if (!waiting[s]) ready.push_back(int(s));
    std::vector<Plan::Step> result;
    while (!ready.empty()) {
      const int s = ready.back();
      ready.pop_back();
      for (const int user : users[s])
        if (--waiting[user] == 0) ready.push_back(user);
      result.push_back(std::move(steps[s]));
    }
    return result;
  }

  Plan& plan_;
  bool shapeless_;
  std::vector<int> group_of_;  ///< per step, -1: none
  std::vector<int> maker_;     ///< per value, the step that makes it or -1
  std::vector<std::vector<int>> users_;
  std::vector<std::vector<int>> members_;
  std::vector<std::pair<int, int>> renamed_;
};

}  // namespace

void fuse(Plan& plan, bool shapeless) {
  if (env::fuse() == "0") return;
  Grouping(plan, shapeless).run();
  drop_unused_steps(plan);  // broadcasts that only kernels read
}

}  // namespace mlx
