// The text of kits, and the numbers of what is in them.
#include "graph/kit.h"

#include <algorithm>

#include "cl/build.h"
#include "cl/kernel_text.h"
#include "cl/trace.h"
#include "graph/ahead.h"
#include "graph/expression.h"

namespace mlx {

std::vector<KitRow> (*kit_rows)() = nullptr;

namespace {

const std::string operands[] = {"a", "b", "c"};

std::string arguments_of(const std::string& value, Dtype from, Dtype to) {
  return tag(from) + ", " + tag(to) + ", " + value;
}

std::string constant(const char* name, int value) {
  return "#define " + std::string(name) + " " + std::to_string(value) + "\n";
}

}  // namespace

Kit::Kit(const KitRow& row) : name_(row.name), dtypes_(row.operands) {
  dtypes_.insert(dtypes_.end(), row.others.begin(), row.others.end());
  for (const auto& [fragment, result] : row.operations) {
    features_.add(fragment);
    add(computed(fragment, result, operands), working_dtype(fragment.operand),
        working_dtype(result));
  }
  const auto add_conversion = [&](Dtype from, Dtype to) { add(convert("a", from, to), from, to); };
  for (const Dtype operand : row.operands)
    for (const Dtype dtype : dtypes_) {
      add_conversion(working_dtype(operand), working_dtype(dtype));
      add_conversion(working_dtype(dtype), working_dtype(operand));
    }
  for (const Dtype dtype : dtypes_) {
    features_.add(dtype);
    add(rounded("a", dtype), float32, float32);
    add(computed({"a", dtype}, dtype, operands), working_dtype(dtype), working_dtype(dtype));
  }
}

void Kit::add(const std::string& value, Dtype from, Dtype to) {
  if (value == "a") return;
  std::string arguments = arguments_of(value, from, to);
  if (numbers_.emplace(arguments, int(steps_.size())).second)
    steps_.push_back(std::move(arguments));
}

int Kit::dtype(Dtype dtype) const {
  const auto at = std::find(dtypes_.begin(), dtypes_.end(), dtype);
  return at == dtypes_.end() ? -1 : int(at - dtypes_.begin());
}

int Kit::step(const std::string& value, Dtype from, Dtype to) const {
  const auto at = numbers_.find(arguments_of(value, from, to));
  return at == numbers_.end() ? -1 : at->second;
}

std::string Kit::text() const {
  std::string text = constant("SLOTS", max_slots) + constant("RANK", max_rank) +
                     constant("REGISTERS", registers) + constant("LIMIT", max_steps);
  text += "#define DTYPES(X)";
  for (size_t k = 0; k < dtypes_.size(); ++k)
    text += " X(" + std::to_string(k) + ", " + tag(dtypes_[k]) +
            (dtypes_[k].is_complex() ? ", pair)" : ", single)");
  text += "\n#define STEPS(X)";
  for (size_t k = 0; k < steps_.size(); ++k)
    text += " \\\n  X(" + std::to_string(k) + ", " + steps_[k] + ")";
  return features_.text() + kernel_text("vector") + text + "\n" + kernel_text("interpreter");
}

bool Kit::obtain(Queue& queue) {
  constexpr int as_dear_as = 6;  ///< kernels of single groups
  Device& device = queue.device();
  if (kernels_[int(device.type())]) return true;
  if (failed_) return false;
  if (!is_stored(device, generated_text(device.facts(), text()))) {
    if (!device.facts().is_pocl) return false;  // Intel's compiler takes ten times as long
    if (wanted_ < as_dear_as) {
      want();
      ahead::request(device, ahead::message_for(*this));
      return false;
    }
  }
  try {
    kernel(device).on(queue.is_small());
  } catch (const std::runtime_error& error) {
    trace::say(1, "there will be no kit ", name_, ": ", error.what());
    failed_ = true;
    kernels_[int(device.type())] = nullptr;
  }
  return !failed_;
}

Kernel& Kit::kernel(Device& device) {
  Kernel*& kernel = kernels_[int(device.type())];
  if (!kernel) kernel = &device.kernels().generated(text(), "interpret", true);
  return *kernel;
}

const std::vector<std::unique_ptr<Kit>>& Kit::all() {
  static const auto& kits = *new auto([] {
    std::vector<std::unique_ptr<Kit>> made;
    for (const KitRow& row : kit_rows ? kit_rows() : std::vector<KitRow>())
      made.push_back(std::make_unique<Kit>(row));
    return made;
  }());
  return kits;
}

Kit& Kit::named(const std::string& name) {
  for (const auto& kit : all())
    if (kit->name() == name) return *kit;
  throw std::out_of_range("no kit " + name);
}

}  // namespace mlx
