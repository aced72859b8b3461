// Kernels that scripts write themselves: their text, and the primitive that runs it.
#include "ops/custom_kernel.h"

#include <iostream>

#include "base/error.h"
#include "cl/group_sizes.h"
#include "graph/codegen.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/metal_text.h"

namespace mlx::fast {
namespace {

std::string to_text(const TemplateValue& value) {
  return value.kind == TemplateValue::dtype ? dtype_numbered(value.value).stored()
                                            : std::to_string(value.value);
}

enum class Detail { shape, strides };

bool mentions(const std::string& source, const std::string& name) {
  return source.find(name) != source.npos;
}

/// Shape or strides of x as an array: of longs, but for the shapes that Metal kernels see.
array detail_of(const array& x, Detail detail, CustomSource::Language language) {
  std::vector<int64_t> values;
  for (int i = 0; i < x.ndim(); ++i)
    values.push_back(detail == Detail::shape ? x.shape(i) : x.strides()[size_t(i)]);
  if (values.empty()) values.push_back(0);
  const Shape shape{int32_t(values.size())};
  if (language == CustomSource::opencl || detail == Detail::strides)
    return array::from_host(values.data(), shape, int64);
  const std::vector<int32_t> narrow(values.begin(), values.end());
  return array::from_host(narrow.data(), shape, int32);
}

class CustomKernel final : public Primitive {
 public:
  CustomKernel(CustomSource kernel, KernelRun run)
      : kernel_(std::move(kernel)), run_(std::move(run)) {}
  const char* name() const override { return "CustomKernel"; }
  void fields(Fields& f) override {
    f.field("name", kernel_.name), f.field("source", kernel_.source),
        f.field("header", kernel_.header);
    f.field("language", kernel_.language),
        f.field("ensure_row_contiguous", kernel_.ensure_row_contiguous);
    f.field("input_names", kernel_.input_names), f.field("output_names", kernel_.output_names);
    f.field("grid", run_.grid), f.field("group", run_.group);
    f.field("shapes", run_.shapes);
    run_.dtypes.resize(run_.shapes.size(), float32);
    for (Dtype& dtype : run_.dtypes) f.field("dtype", dtype);
    int64_t count = int64_t(run_.values.size());
    f.length("values", count);
    run_.values.resize(size_t(count));
    for (TemplateValue& value : run_.values)
      f.field("name", value.name), f.field("kind", value.kind), f.field("value", value.value);
    bool filled = run_.initial.has_value();
    double initial = run_.initial.value_or(0);
    f.field("filled", filled), f.field("initial", initial);
    if (filled) run_.initial = initial;
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    Arrays arguments;
    for (const array& x : inputs)
      arguments.push_back(kernel_.ensure_row_contiguous ? contiguous_copy(x, queue) : x);
    for (array& out : outputs) {
      out.allocate(queue);
      if (run_.initial && out.size() > 0) copy_into(array(*run_.initial, out.dtype()), out, queue);
    }
    const bool is_metal = kernel_.language == CustomSource::metal;
    Device& device = queue.device();
    Kernel& program =
        is_metal ? metal_program(kernel_, arguments, run_, device)
                 : device.kernels().generated(
                       in_groups(kernel_.text(arguments, run_.dtypes, run_.values), device.facts()),
                       kernel_.name.c_str(), false);
    Launch launch(queue, program);
    launch.over(size_t(run_.grid[0]), size_t(run_.grid[1]), size_t(run_.grid[2]));
    const std::vector<int64_t> group = is_metal ? metal_group(run_) : run_.group;
    const auto bound = [&](size_t most, const char* by) {
      const int64_t items = group[0] * group[1] * group[2];
      if (size_t(items) > most)
        fail<std::runtime_error>(kernel_.op(), "The group of ", kernel_.name, " has ", items,
                                 " items, ", by, " takes ", most, " at most.");
    };
    if (!group.empty()) bound(device.facts().max_group, "the device");
    if (!group.empty()) launch.in_groups_of(size_t(group[0]), size_t(group[1]), size_t(group[2]));
    Arrays details;  // alive until the launch
    for (size_t i = 0; i < arguments.size(); ++i) {
      launch.set(reads(arguments[i]));
      for (const Detail detail : {Detail::shape, Detail::strides}) {
        if (!mentions(kernel_.source,
                      kernel_.input_names[i] + (detail == Detail::shape ? "_shape" : "_strides")))
          continue;
        details.push_back(detail_of(arguments[i], detail, kernel_.language));
        launch.set(reads(details.back()));
      }
    }
    for (const array& out : outputs) launch.set(writes(out));
    const auto start = [&] {
      if (!group.empty()) bound(most_in_group(program, queue), "the kernel, once it is built,");
      launch.enqueue();
    };
    if (!is_metal) return start();
    for (const int64_t extent : run_.grid) launch.set(uint32_t(extent));
    try {
      start();
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(std::string(error.what()) + "\n" + numbered_metal(kernel_));
    }
  }
  size_t work(const Arrays&, const Arrays&) const override {
    return size_t(run_.grid[0]) * size_t(run_.grid[1]) * size_t(run_.grid[2]) * 16;
  }

 private:
  /// The text with the size of groups stated, which spares PoCL what it does for groups of any
  /// size.
  std::string in_groups(const std::string& text, const Capabilities& device) const {
    if (run_.group.empty() && !device.is_cpu) return text;
    std::string size;
    for (size_t i = 0; i < 3; ++i)
      size += (i ? ", " : "") + std::to_string(run_.group.empty() ? 1 : run_.group[i]);
    return "#define kernel __attribute__((reqd_work_group_size(" + size + "))) __kernel\n" + text;
  }

  CustomSource kernel_;
  KernelRun run_;
};
const Registered<CustomKernel> registered("CustomKernel", CustomSource{}, KernelRun{});

}  // namespace

std::string CustomSource::text(const Arrays& inputs, const std::vector<Dtype>& outputs,
                               const std::vector<TemplateValue>& values) const {
  std::string arguments, pointers, text = header + '\n';
  const auto pointer = [&](const std::string& kind, const std::string& name) {
    arguments +=
        (arguments.empty() ? "" : ", ") + kind + "* " + name + "_buffer, long " + name + "_offset";
    pointers += "  " + kind + "* const " + name + " = " + name + "_buffer + " + name + "_offset;\n";
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::string& input = input_names[i];
    pointer(std::string("global const ") + inputs[i].dtype().stored(), input);
    if (mentions(source, input + "_shape")) pointer("global const long", input + "_shape");
    if (mentions(source, input + "_strides")) pointer("global const long", input + "_strides");
    if (mentions(source, input + "_ndim"))
      pointers += "  const int " + input + "_ndim = " + std::to_string(inputs[i].ndim()) + ";\n";
  }
  for (size_t i = 0; i < outputs.size(); ++i)
    pointer(std::string("global ") + outputs[i].stored(), output_names[i]);
  for (const TemplateValue& value : values)
    text += "#define " + value.name + ' ' + to_text(value) + '\n';
  return text + "kernel void " + name + '(' + arguments + ") {\n" + pointers + source + "\n}\n";
}

Arrays run_kernel(const CustomSource& kernel, const Arrays& inputs, const KernelRun& run,
                  StreamOrDevice s) {
  const char* op = kernel.op();
  const auto expect = [&](const char* what, size_t wanted, size_t got) {
    if (wanted != got)
      fail(op, "Expected `", what, "` to have size ", wanted, " but got size ", got, ".");
  };
  expect("inputs", kernel.input_names.size(), inputs.size());
  expect("output_shapes", kernel.output_names.size(), run.shapes.size());
  expect("output_dtypes", kernel.output_names.size(), run.dtypes.size());
  for (const int64_t extent : run.grid)
    if (extent <= 0) fail(op, "The grid must be positive.");
  for (const int64_t extent : run.group)
    if (extent <= 0) fail(op, "The group must be positive.");
  if (kernel.language == CustomSource::metal) {
    const auto* const device = std::get_if<DeviceType>(&s);
    const auto* const stream = std::get_if<Stream>(&s);
    if ((device && *device == DeviceType::cpu) || (stream && stream->device == DeviceType::cpu))
      fail(op, "Only supports the GPU.");
    // Programs name the GPU for them; where there is none, the default device runs them.
    if (!Device::exists(DeviceType::gpu)) s = {};
    if (run.verbose)
      std::cout << numbered_metal(kernel) << "OpenCL C:\n"
                << metal_text(kernel, inputs, run) << std::flush;
  } else if (run.verbose) {
    std::cout << kernel.text(inputs, run.dtypes, run.values) << std::flush;
  }
  return array::several(run.shapes, run.dtypes, make_ref<CustomKernel>(kernel, run), inputs,
                        to_stream(s));
}

}  // namespace mlx::fast
