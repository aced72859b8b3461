// Translates groups into steps and registers, and launches kits.
//
// Values are numbered as in the group; a conversion or a rounding adds another value. Every value
// has a register until its last use, except that numbers among the inputs, which are filled in
// once, and values that leave the group keep theirs.
#include "graph/interpreter.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/env.h"
#include "graph/expression.h"
#include "graph/group_kernel.h"
#include "graph/layout.h"

namespace mlx {
namespace {

struct Value {
  Dtype dtype;  ///< that it is computed in
  int last_use = -1;
  int place = -1;
};

/// The group's work in terms of one kit's steps, before registers are chosen.
class Translator {
 public:
  Translator(const Group& group, const Kit& kit) : group_(group), kit_(kit) {}

  bool translate() {
    for (const Dtype dtype : group_.inputs) {
      if (kit_.dtype(dtype) < 0) return false;
      numbers_.push_back(add_value(dtype));
    }
    for (size_t s = 0; s < group_.steps.size(); ++s)
      if (!step(group_.steps[s], group_.inputs.size() + s)) return false;
    for (const int output : group_.outputs)
      if (kit_.dtype(dtype_of_value(group_, output)) < 0) return false;
    return place_values();
  }

  void fill(Kit::Walk& walk) const {
    const size_t inputs = group_.inputs.size();
    for (size_t k = 0; k < inputs + group_.outputs.size(); ++k) {
      const size_t value = k < inputs ? k : group_.outputs[k - inputs];
      walk.slots[k].dtype = uint8_t(kit_.dtype(dtype_of_value(group_, value)));
      walk.slots[k].place = uint8_t(values_[numbers_[value]].place);
    }
    walk.inputs = int32_t(inputs), walk.outputs = int32_t(group_.outputs.size());
    walk.count = int32_t(steps_.size());
    for (size_t s = 0; s < steps_.size(); ++s) {
      const Step& step = steps_[s];
      const auto place = [&](size_t k) {
        return uint8_t(values_[step.operands[std::min(k, step.operands.size() - 1)]].place);
      };
      walk.steps[s] = {uint16_t(step.number), uint8_t(values_[step.result].place), place(0),
                       place(1), place(2)};
    }
  }

 private:
  struct Step {
    int number, result;
    std::vector<int> operands;
  };

  int add_value(Dtype dtype) {
    values_.push_back({working_dtype(dtype)});
    return int(values_.size()) - 1;
  }

  /// The value that `text` makes of the operands; the operand itself where nothing is to be done.
  std::optional<int> compute(const std::string& text, std::vector<int> operands, Dtype from,
                             Dtype to) {
    if (text == "a") return operands[0];
    const auto key = std::make_tuple(text, operands, to.id());
    if (const auto known = computed_.find(key); known != computed_.end()) return known->second;
    const int number = kit_.step(text, working_dtype(from), working_dtype(to));
    if (number < 0) return std::nullopt;
    const int result = add_value(to);
    steps_.push_back({number, result, std::move(operands)});
    return computed_[key] = result;
  }

  bool step(const Group::Step& step, size_t value) {
    static const std::string names[] = {"a", "b", "c"};
    const Dtype operand = step.fragment.operand;
    std::vector<int> operands;
    for (const int number : step.operands) {
      const Dtype from = dtype_of_value(group_, number);
      std::optional<int> x = compute(convert("a", working_dtype(from), working_dtype(operand)),
                                     {numbers_[number]}, from, operand);
      if (x && from != operand && !is_cast(step))
        x = compute(rounded("a", operand), {*x}, operand, operand);
      if (!x) return false;
      operands.push_back(*x);
    }
    std::optional<int> result =
        compute(computed(step.fragment, step.dtype, names), operands, operand, step.dtype);
    if (result && is_operand(group_, value))
      result = compute(rounded("a", step.dtype), {*result}, step.dtype, step.dtype);
    if (!result) return false;
    numbers_.push_back(*result);
    return true;
  }

  bool place_values() {
    if (steps_.size() > Kit::max_steps) return false;
    const int end = int(steps_.size());
    for (int s = 0; s < end; ++s)
      for (const int operand : steps_[s].operands) values_[operand].last_use = s;
    for (size_t i = 0; i < group_.inputs.size(); ++i)
      if (group_.constant[i]) values_[i].last_use = end;
    for (const int output : group_.outputs) values_[numbers_[output]].last_use = end;
    std::vector<int> free;
    for (int k = Kit::registers - 1; k >= 0; --k) free.push_back(k);
    const auto take = [&](Value& value) {
      if (free.empty()) return false;
      value.place = free.back();
      free.pop_back();
      return true;
    };
    for (size_t i = 0; i < group_.inputs.size(); ++i)
      if (!take(values_[i])) return false;
    for (int s = 0; s < end; ++s) {
      if (!take(values_[steps_[s].result])) return false;
      std::vector<int> operands = steps_[s].operands;
      std::sort(operands.begin(), operands.end());
      operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
      for (const int operand : operands)
        if (values_[operand].last_use == s) free.push_back(values_[operand].place);
    }
    return true;
  }

  const Group& group_;
  const Kit& kit_;
  std::vector<Value> values_;
  std::vector<int> numbers_;  ///< of the value that stands for each of the group's
  std::vector<Step> steps_;
  std::map<std::tuple<std::string, std::vector<int>, Dtype::Id>, int> computed_;
};

}  // namespace

std::optional<Interpreted> Interpreted::translate(const Group& group) {
  static const bool never = env::interpret() == "0";
  if (never || group.inputs.size() + group.outputs.size() > Kit::max_slots) return std::nullopt;
  for (const auto& kit : Kit::all()) {
    Translator translator(group, *kit);
    if (!translator.translate()) continue;
    Interpreted result;
    result.kit_ = kit.get();
    translator.fill(result.walk_);
    return result;
  }
  return std::nullopt;
}

bool Interpreted::fits(const Layout& layout) const {
  return layout.rank <= Kit::max_rank;
}

void Interpreted::run(const Layout& layout, std::span<const array> inputs, const Arrays& outputs,
                      int64_t total, Queue& queue) const {
  Kit::Walk walk = walk_;
  Launch launch(queue, kit_->kernel(queue.device()));
  const auto operand = [&](size_t k) -> const array& {
    return k < inputs.size() ? inputs[k] : outputs[k - inputs.size()];
  };
  size_t bytes = 0, inner = 0;
  int row = 0;  // of the outer strides
  walk.rank = layout.rank;
  std::copy_n(layout.geometry.begin(), layout.rank, walk.shape);
  for (size_t k = 0; k < layout.classes.size(); ++k) {
    const char letter = layout.classes[k];
    const array& x = operand(k);
    Kit::Slot& slot = walk.slots[k];
    slot.mode = uint8_t(in_loop_order(letter) ? char(Layout::in_order) : letter);
    if (letter == Layout::by_value) {
      with_scalar(x, [&](const void* value, size_t size) { std::memcpy(&slot.line, value, size); });
      continue;
    }
    if (letter == Layout::wrapped) slot.line = layout.inner[inner++];
    if (inner_strides(letter)) slot.stride = layout.inner[inner++];
    if (!in_loop_order(letter))
      std::copy_n(layout.geometry.begin() + layout.rank * ++row, layout.rank, slot.outer);
    bytes += x.nbytes();
  }
  // Slots without an array of their own name an output's; nothing is read through them.
  for (size_t k = 0; k < Kit::max_slots; ++k) {
    const bool array = k < layout.classes.size() && layout.classes[k] != Layout::by_value;
    launch.set(!array              ? reads(outputs[0])
               : k < inputs.size() ? reads(inputs[k])
                                   : writes(outputs[k - inputs.size()]));
  }
  launch.set_bytes(&walk, sizeof walk);
  launch.set(total);
  launch.set(layout.columns);
  launch.set(layout.width);
  launch.over(elementwise_items(queue, total)).moving(bytes).enqueue();
}

}  // namespace mlx
