// Hands Metal kernels to the translator, and keeps what it made of them.
#include "ops/metal_text.h"

#include <mutex>
#include <unordered_map>

#include "base/error.h"
#include "cl/kernel_text.h"
#include "metal/token.h"
#include "metal/translate.h"

namespace mlx::fast {
namespace {

/// The element type as Metal calls it.
std::string metal_type(Dtype dtype) {
  if (dtype == bool_) return "bool";
  if (dtype == float16) return "half";
  if (dtype == bfloat16) return "bfloat16_t";
  if (dtype == float32) return "float";
  if (dtype == complex64) return "complex64_t";
  if (dtype == float64)
    fail("metal_kernel", "float64 arrays: Metal has no double; cast to float32.");
  return std::string(dtype.name()) + "_t";
}

metal::Kernel described(const CustomSource& kernel, const Arrays& inputs, const KernelRun& run) {
  metal::Kernel result;
  result.name = kernel.name, result.header = kernel.header, result.source = kernel.source;
  for (size_t i = 0; i < inputs.size(); ++i)
    result.inputs.push_back({kernel.input_names[i], metal_type(inputs[i].dtype()),
                             inputs[i].ndim() == 0, inputs[i].ndim()});
  for (size_t i = 0; i < run.dtypes.size(); ++i)
    result.outputs.push_back({kernel.output_names[i], metal_type(run.dtypes[i]), false, 1});
  for (const TemplateValue& value : run.values) {
    const bool is_type = value.kind == TemplateValue::dtype;
    result.constants.push_back({value.name,
                                is_type ? metal_type(dtype_numbered(value.value))
                                : value.kind == TemplateValue::flag ? "bool"
                                                                    : "int",
                                is_type, value.value});
  }
  const std::vector<int64_t> group = metal_group(run);
  for (size_t d = 0; d < 3; ++d) {
    result.group[d] = group[d];
    result.ragged[d] = run.grid[d] % group[d] != 0;
  }
  return result;
}

/// All that the text depends on.
std::string key_of(const metal::Kernel& kernel) {
  std::string key = kernel.name + '\n' + kernel.header + '\n' + kernel.source + '\n';
  const auto add = [&](const auto&... parts) { ((key += parts, key += ' '), ...); };
  for (const auto& input : kernel.inputs)
    add(input.name, input.type, std::to_string(input.dimensions));
  for (const auto& output : kernel.outputs) add(output.name, output.type);
  for (const auto& constant : kernel.constants)
    add(constant.name, constant.type, std::to_string(constant.value), constant.is_type ? "t" : "v");
  for (size_t d = 0; d < 3; ++d)
    add(std::to_string(kernel.group[d]), kernel.ragged[d] ? "ragged" : "whole");
  return key;
}

std::string numbered(const std::string& text) {
  std::string result;
  int number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    result += std::to_string(++number) + ": " + text.substr(at, end - at) + '\n';
    at = end + 1;
  }
  return result;
}

}  // namespace

std::vector<int64_t> metal_group(const KernelRun& run) {
  std::vector<int64_t> group = run.group.empty() ? std::vector<int64_t>{1, 1, 1} : run.group;
  for (size_t d = 0; d < 3; ++d) group[d] = std::min(group[d], run.grid[d]);
  return group;
}

namespace {

struct Translated {
  std::string text;
  std::unordered_map<const Device*, Kernel*> built;
};

/// Kept for good, as kernels are. The lock is held while a kernel is looked up in a device's
/// library, which takes its own.
std::mutex mutex;

Translated& translated(const CustomSource& kernel, const Arrays& inputs, const KernelRun& run) {
  static std::unordered_map<std::string, Translated> all;
  metal::Kernel wanted = described(kernel, inputs, run);
  std::string key = key_of(wanted);
  if (const auto found = all.find(key); found != all.end()) return found->second;
  wanted.support = kernel_text("metal");
  try {
    return all[std::move(key)] = {metal::translate(wanted), {}};
  } catch (const metal::Untranslatable& error) {
    fail<std::runtime_error>("metal_kernel", kernel.name, ", ", error.what());
  }
}

}  // namespace

const std::string& metal_text(const CustomSource& kernel, const Arrays& inputs,
                              const KernelRun& run) {
  const std::lock_guard lock(mutex);
  return translated(kernel, inputs, run).text;
}

Kernel& metal_program(const CustomSource& kernel, const Arrays& inputs, const KernelRun& run,
                      Device& device) {
  const std::lock_guard lock(mutex);
  Translated& known = translated(kernel, inputs, run);
  Kernel*& built = known.built[&device];
  if (!built)
    built = &device.kernels().generated(known.text, ("metal_" + kernel.name).c_str(), false);
  return *built;
}

std::string numbered_metal(const CustomSource& kernel) {
  return (kernel.header.empty() ? "" : "Metal header:\n" + numbered(kernel.header)) +
         "Metal source:\n" + numbered(kernel.source);
}

}  // namespace mlx::fast
