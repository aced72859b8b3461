// Text and arguments for kernels that compute an elementwise group as they read it.
//
// The group's values are numbered row-major. An input is a number, or has all of the elements in
// that order, or belongs to a layout of rows: one value a row, or the same row again and again.
#include "graph/source.h"

#include <sstream>

#include "base/env.h"
#include "cl/build.h"
#include "cl/kernel_text.h"
#include "cl/trace.h"
#include "graph/ahead.h"
#include "graph/expression.h"
#include "graph/group_kernel.h"

namespace mlx {
namespace {

bool readable(const Group& group, const Layout& layout) {
  for (const Dtype dtype : group.inputs)
    if (dtype.is_complex()) return false;
  for (const Group::Step& step : group.steps)
    if (step.dtype.is_complex() || step.fragment.operand.is_complex()) return false;
  // The last class is the output's. Shorter rows would be read element by element.
  return layout.rank <= 1 && layout.columns <= INT32_MAX &&
         (layout.rank == 0 || layout.columns >= 64) &&
         layout.classes.find_first_of({char(Layout::strided), char(Layout::wrapped)}) ==
             layout.classes.npos;
}

/// Declares the inputs' values, and gives them what `read` says for a class and an input.
template <typename Read>
void read_inputs(std::ostream& out, const Group& group, const Layout& layout, const char* indent,
                 Read&& read) {
  for (size_t i = 0; i < group.inputs.size(); ++i) {
    const std::string dtype = tag(group.inputs[i]), in = "in" + std::to_string(i);
    out << indent << name_of_value(group, i) << " = ";
    if (layout.classes[i] == Layout::by_value)
      out << "SPLAT(" << dtype << ", " << in << ")";
    else
      read(layout.classes[i], dtype, in);
    out << ";\n";
  }
}

/// A function for V values, or for n of them if `part`.
void vector_function(std::ostream& out, const Group& group, const Layout& layout, bool part) {
  const std::string count = part ? ", n" : "", part_of = part ? "_PART" : "";
  const Dtype result = dtype_of_value(group, size_t(group.outputs[0]));
  out << "static inline VALUE(" << tag(result) << ") source" << (part ? "_part" : "_vector")
      << "(SOURCE_ARGUMENTS, long at" << (part ? ", int n" : "") << ") {\n";
  for (size_t i = 0; i < group.inputs.size(); ++i)
    out << "  VALUE(" << tag(group.inputs[i]) << ") " << name_of_value(group, i) << ";\n";
  const auto whole = [&](char letter, const std::string& dtype, const std::string& in) {
    const std::string row = layout.rank ? " + row * " + in + "_row" : "";
    const std::string from = "(" + dtype + ", " + in + " + " + in + "_offset" + row;
    const char* const at = layout.rank ? " + column" : " + at";
    if (letter == Layout::one_a_row)
      out << "SPREAD" << from << ")";
    else
      out << "FETCH" << part_of << from << at << count << ")";
  };
  const auto across = [&](char letter, const std::string& dtype, const std::string& in) {
    out << "WRAPPED" << part_of << "(" << dtype << ", " << in << " + " << in
        << "_offset, row, (int)column, (int)row_length, " << in << "_row, "
        << (letter == Layout::one_a_row ? 0 : 1) << count << ")";
  };
  if (layout.rank) {
    out << "  const long row = at / row_length, column = at - row * row_length;\n"
        << "  if (column + " << (part ? "n" : "V") << " <= row_length) {\n";
    read_inputs(out, group, layout, "    ", whole);
    out << "  } else {\n";
    read_inputs(out, group, layout, "    ", across);
    out << "  }\n";
  } else {
    read_inputs(out, group, layout, "  ", whole);
  }
  out << steps_of(group, "  ", true) << "  return "
      << name_of_value(group, size_t(group.outputs[0])) << ";\n}\n";
}

std::string text_of(const Group& group, const Layout& layout) {
  std::ostringstream parameters, names, out;
  for (size_t i = 0; i < group.inputs.size(); ++i) {
    const std::string dtype = tag(group.inputs[i]), in = "in" + std::to_string(i);
    const char* const comma = i ? ", " : "";
    names << comma << in;
    if (layout.classes[i] == Layout::by_value) {
      parameters << comma << "const COMPUTED(" << dtype << ") " << in;
      continue;
    }
    parameters << comma << "global const STORED(" << dtype << ")* " << in << ", long " << in
               << "_offset";
    names << ", " << in << "_offset";
    if (!layout.rank) continue;
    parameters << ", long " << in << "_row";
    names << ", " << in << "_row";
  }
  if (layout.rank) parameters << ", long row_length", names << ", row_length";
  const Dtype result = dtype_of_value(group, size_t(group.outputs[0]));
  out << features_of(group) << kernel_text("vector") << "#define MAPPED\n#define SOURCE_ARGUMENTS "
      << parameters.str() << "\n#define SOURCE " << names.str() << "\n";
  vector_function(out, group, layout, false);
  vector_function(out, group, layout, true);
  out << "static inline COMPUTED(" << tag(result) << ") source_one(SOURCE_ARGUMENTS, long at) {\n"
      << "  return source_part(SOURCE, at, 1).s0;\n}\n"
      << "#define ELEMENT(at) source_one(SOURCE, at)\n"
      << "#define ELEMENTS(at) source_vector(SOURCE, at)\n"
      << "#define ELEMENTS_PART(at, n) source_part(SOURCE, at, n)\n";
  return out.str();
}

}  // namespace

struct Source::Operands {
  const Group& group;
  Prologue::Way& way;
  bool eager;
  double saved;
  const Arrays& inputs;
  Layout layout;
};

Source::Source(array values, std::shared_ptr<Operands> operands)
    : values_(std::move(values)), operands_(std::move(operands)) {}

Source Source::seen_as(const Shape& shape) const {
  array seen(make_ref<Node>(shape, values_.dtype()));
  const Strides strides = row_major(shape);
  if (!is_computed())
    seen.share(values_, strides, values_.offset());
  else
    seen.node().strides = strides;
  return {std::move(seen), operands_};
}

Kernel* Source::kernel(Queue& queue, const char* stem, const char* name,
                       const Defines& defines) const {
  Device& device = queue.device();
  if (!is_computed()) return &device.kernels().kernel(stem, name, defines);
  Kernel& kernel = device.kernels().kernel(stem, name, defines, operands_->way.text);
  static const std::string interpret = env::interpret();
  if (kernel.is_built()) return &kernel;
  const bool waits = interpret != "0" && (device.facts().is_cpu || operands_->eager);
  const auto stored = [&] { return is_stored(device, kernel.text()); };
  const auto request = [&] { ahead::request(device, ahead::message_for(kernel.text())); };
  const bool pays = !waits || (interpret != "2" &&
                               operands_->way.patience.ends(operands_->saved, stored, request));
  if (!pays) return nullptr;
  trace::say(3, "fused ", operands_->group.steps.size(), " operations into ", name, ": ",
             summary_of(operands_->group));
  return &kernel;
}

void Source::set(Launch& launch) const {
  if (!is_computed()) return launch.set(reads(values_));
  const Layout& layout = operands_->layout;
  size_t row = size_t(layout.rank);  // behind the shape, the operands' strides
  for (size_t i = 0; i < operands_->inputs.size(); ++i) {
    const array& x = operands_->inputs[i];
    if (layout.classes[i] == Layout::by_value) {
      with_scalar(x, [&](const void* value, size_t size) { launch.set_bytes(value, size); });
      continue;
    }
    launch.set(reads(x));
    if (layout.rank) launch.set(layout.geometry[row++]);
  }
  if (layout.rank) launch.set(layout.columns);
}

size_t Source::nbytes() const {
  if (!is_computed()) return values_.nbytes();
  size_t bytes = 0;
  for (const array& x : operands_->inputs) bytes += x.nbytes();
  return bytes;
}

std::optional<Source> Prologue::source(const Arrays& inputs, const Shape& shape, double saved) {
  const Strides strides = row_major(shape);
  Layout layout = lay_out(shape, inputs, group_.constant, {&strides}, 0);
  if (!readable(group_, layout)) return std::nullopt;
  Way& way = ways_[layout.classes + char('0' + layout.rank)];
  if (way.text.empty()) way.text = text_of(group_, layout);
  array values(make_ref<Node>(shape, dtype_of_value(group_, size_t(group_.outputs[0]))));
  values.node().strides = strides;
  return Source(std::move(values), std::make_shared<Source::Operands>(Source::Operands{
                                       group_, way, eager_, saved, inputs, std::move(layout)}));
}

}  // namespace mlx
