// Kernels that scripts write themselves: their text, and the primitive that runs it.
#include "ops/opencl_kernel.h"

#include <iostream>

#include "base/error.h"
#include "graph/codegen.h"
#include "graph/primitive.h"
#include "graph/registry.h"

namespace mlx::fast {
namespace {

std::string to_text(const TemplateValue& value) {
  if (const Dtype* dtype = std::get_if<Dtype>(&value)) return type_in_memory(*dtype);
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "1" : "0";
  return std::to_string(std::get<int64_t>(value));
}

enum class Detail { shape, strides };

bool mentions(const std::string& source, const std::string& name) { return source.find(name) != source.npos; }

/// Shape or strides of x as an array of longs.
array detail_of(const array& x, Detail detail) {
  std::vector<int64_t> values;
  for (int i = 0; i < x.ndim(); ++i) values.push_back(detail == Detail::shape ? x.shape(i) : x.strides()[size_t(i)]);
  if (values.empty()) values.push_back(0);
  return array::from_host(values.data(), {int32_t(values.size())}, int64);
}

class CustomKernel final : public Primitive {
 public:
  CustomKernel(OpenCLKernel kernel, KernelRun run) : kernel_(std::move(kernel)), run_(std::move(run)) {}
  const char* name() const override { return "CustomKernel"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    Arrays arguments;
    for (const array& x : inputs) arguments.push_back(kernel_.ensure_row_contiguous ? contiguous_copy(x, queue) : x);
    for (array& out : outputs) {
      out.allocate(queue);
      if (run_.initial && out.size() > 0) copy_into(array(*run_.initial, out.dtype()), out, queue);
    }
    const std::string text = kernel_.text(arguments, run_.dtypes, run_.values);
    Launch launch(queue, queue.device().kernels().generated(text, kernel_.name.c_str()));
    launch.over(size_t(run_.grid[0]), size_t(run_.grid[1]), size_t(run_.grid[2]));
    if (!run_.group.empty()) launch.in_groups_of(size_t(run_.group[0]), size_t(run_.group[1]), size_t(run_.group[2]));
    Arrays details;  // alive until the launch
    for (size_t i = 0; i < arguments.size(); ++i) {
      launch.set(reads(arguments[i]));
      for (const Detail detail : {Detail::shape, Detail::strides}) {
        if (!mentions(kernel_.source, kernel_.input_names[i] + (detail == Detail::shape ? "_shape" : "_strides"))) continue;
        details.push_back(detail_of(arguments[i], detail));
        launch.set(reads(details.back()));
      }
    }
    for (const array& out : outputs) launch.set(writes(out));
    launch.enqueue();
  }
  size_t work(const Arrays&, const Arrays&) const override {
    return size_t(run_.grid[0]) * size_t(run_.grid[1]) * size_t(run_.grid[2]) * 16;
  }

 private:
  OpenCLKernel kernel_;
  KernelRun run_;
};

}  // namespace

std::string OpenCLKernel::text(const Arrays& inputs, const std::vector<Dtype>& outputs, const Template& values) const {
  std::string arguments, pointers, text = header + '\n';
  const auto pointer = [&](const std::string& kind, const std::string& name) {
    arguments += (arguments.empty() ? "" : ", ") + kind + "* " + name + "_buffer, long " + name + "_offset";
    pointers += "  " + kind + "* const " + name + " = " + name + "_buffer + " + name + "_offset;\n";
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string& input = input_names[i];
    pointer(std::string("global const ") + type_in_memory(inputs[i].dtype()), input);
    if (mentions(source, input + "_shape")) pointer("global const long", input + "_shape");
    if (mentions(source, input + "_strides")) pointer("global const long", input + "_strides");
    if (mentions(source, input + "_ndim")) pointers += "  const int " + input + "_ndim = " + std::to_string(inputs[i].ndim()) + ";\n";
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    pointer(std::string("global ") + type_in_memory(outputs[i]), output_names[i]);
  for (const auto& [key, value] : values) text += "#define " + key + ' ' + to_text(value) + '\n';
  return text + "kernel void " + name + '(' + arguments + ") {\n" + pointers + source + "\n}\n";
}

Arrays run_kernel(const OpenCLKernel& kernel, const Arrays& inputs, const KernelRun& run, StreamOrDevice s) {
  const char* op = "opencl_kernel";
  if (inputs.size() != kernel.input_names.size())
    fail(op, "Expected ", kernel.input_names.size(), " inputs but got ", inputs.size(), ".");
  if (run.shapes.size() != kernel.output_names.size() || run.dtypes.size() != kernel.output_names.size())
    fail(op, "Expected shapes and dtypes of ", kernel.output_names.size(), " outputs but got ", run.shapes.size(), " and ",
         run.dtypes.size(), ".");
  for (const int64_t extent : run.grid)
    if (extent <= 0) fail(op, "The grid must be positive.");
  for (const int64_t extent : run.group)
    if (extent <= 0) fail(op, "The group must be positive.");
  if (run.verbose) std::cout << kernel.text(inputs, run.dtypes, run.values) << std::flush;
  return array::several(run.shapes, run.dtypes, make_ref<CustomKernel>(kernel, run), inputs, to_stream(s));
}

}  // namespace mlx::fast
