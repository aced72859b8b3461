// The OpenCL text of a fused group.
#include "graph/codegen.h"

#include <sstream>

#include "graph/expression.h"
#include "graph/layout.h"

namespace mlx {
namespace {

bool wraps(const std::string& classes) {
  return classes.find(Layout::wrapped) != classes.npos;
}

// Names in the text: operands are in0, in1, …, out0, …; a0, a1, … what is read from the inputs, x0,
// x1, … what the steps compute from it.
std::string name_of_operand(const Group& group, size_t operand) {
  const size_t inputs = group.inputs.size();
  return operand < inputs ? "in" + std::to_string(operand)
                          : "out" + std::to_string(operand - inputs);
}

/// The statements that load, compute and store `n` elements (all V of them unless `part`).
std::string body(const Group& group, const std::string& classes, bool part) {
  std::ostringstream out;
  const std::string indent = "        ", count = part ? ", n" : "";
  const std::string part_of = part ? "_PART" : "";
  const size_t inputs = group.inputs.size();
  if (wraps(classes))
    out << indent
        << "const int line = (int)(column + j) / (int)width, spot = (int)(column + j) - line * "
           "(int)width;\n";
  for (size_t i = 0; i < inputs; ++i) {
    const std::string dtype = tag(group.inputs[i]), in = name_of_operand(group, i);
    const std::string from = "(" + dtype + ", " + in + " + " + in + "_row", stride = in + "_stride";
    out << indent << "const VALUE(" << dtype << ") " << name_of_value(group, i) << " = ";
    switch (classes[i]) {
      case Layout::by_value:
        out << in;
        break;
      case Layout::one_a_row:
        out << "SPREAD" << from << ")";
        break;
      case Layout::contiguous:
        out << "FETCH" << part_of << from << " + j" << count << ")";
        break;
      case Layout::wrapped:
        out << "WRAPPED" << part_of << from << ", line, spot, (int)width, " << in << "_line, "
            << stride << count << ")";
        break;
      default:
        out << "GATHER" << part_of << from << " + j * " << stride << ", " << stride << count << ")";
    }
    out << ";\n";
  }
  out << steps_of(group, indent, false);
  for (size_t o = 0; o < group.outputs.size(); ++o) {
    const size_t value = group.outputs[o];
    const char letter = classes[inputs + o];
    const std::string to = name_of_operand(group, inputs + o), stride = to + "_stride";
    out << indent
        << (letter == Layout::strided             ? "SCATTER" + part_of
            : letter == Layout::streamed && !part ? "STREAM"
                                                  : "PUT" + part_of)
        << "(" << tag(dtype_of_value(group, value)) << ", " << to << " + " << to << "_row + j";
    if (letter == Layout::strided) out << " * " << stride << ", " << stride;
    out << ", " << name_of_value(group, value) << count << ");\n";
  }
  return out.str();
}

/// The parameter list and the declarations before the loops.
void head(std::ostream& out, const Group& group, const std::string& classes, int rank) {
  const size_t inputs = group.inputs.size();
  int strided = 0;
  for (const char c : classes) strided += c != Layout::by_value && !in_loop_order(c);
  if (rank)
    out << "typedef struct { long shape[" << rank << "]; long stride[" << strided * rank + 1
        << "]; } Geometry;\n";
  out << "kernel void group(";
  for (size_t k = 0; k < classes.size(); ++k) {
    const bool input = k < inputs;
    const std::string name = name_of_operand(group, k),
                      dtype = tag(dtype_of_value(group, input ? k : group.outputs[k - inputs]));
    if (classes[k] == Layout::by_value) {
      out << "const COMPUTED(" << dtype << ") number" << k << ", ";
      continue;
    }
    out << (input ? "global const STORED(" : "global STORED(") << dtype << ")* " << name
        << ", long " << name << "_offset, ";
    if (classes[k] == Layout::wrapped) out << "long " << name << "_line, ";
    if (inner_strides(classes[k])) out << "long " << name << "_stride, ";
  }
  out << "long total, long columns" << (wraps(classes) ? ", long width" : "")
      << (rank ? ", Geometry geometry" : "") << ") {\n";
  for (size_t i = 0; i < inputs; ++i) {
    const std::string dtype = tag(group.inputs[i]);
    if (classes[i] == Layout::by_value)
      out << "  const VALUE(" << dtype << ") " << name_of_operand(group, i) << " = SPLAT(" << dtype
          << ", number" << i << ");\n";
  }
}

/// Where each operand's row begins, given the flat index i.
void row_starts(std::ostream& out, const Group& group, const std::string& classes, int rank) {
  const std::string indent = "      ";
  out << indent << "const long row = " << (rank ? "i / columns" : "0")
      << ", column = i - row * columns;\n";
  out << indent << "const long stop = min(end - i, columns - column);\n";
  std::vector<std::string> rows;
  for (size_t k = 0; k < classes.size(); ++k) {
    const char letter = classes[k];
    if (letter == Layout::by_value) continue;
    const std::string name = name_of_operand(group, k);
    const std::string column = letter == Layout::one_a_row || letter == Layout::wrapped ? ""
                               : letter == Layout::strided ? " + column * " + name + "_stride"
                                                           : " + column";
    out << indent << "long " << name << "_row = " << name << "_offset"
        << (in_loop_order(letter) ? " + i" : column) << ";\n";
    if (!in_loop_order(letter)) rows.push_back(name + "_row");
  }
  if (!rank) return;
  out << indent << "long rest = row;\n";
  for (int d = rank - 1; d >= 0; --d) {
    out << indent << "{ const long index = "
        << (d ? "rest % geometry.shape[" + std::to_string(d) + "]" : "rest") << ";\n";
    for (size_t r = 0; r < rows.size(); ++r)
      out << indent << "  " << rows[r] << " += index * geometry.stride[" << r * rank + d << "];\n";
    if (d) out << indent << "  rest /= geometry.shape[" << d << "];\n";
    out << indent << "}\n";
  }
}

}  // namespace

std::string name_of_value(const Group& group, size_t value) {
  const size_t inputs = group.inputs.size();
  return value < inputs ? "a" + std::to_string(value) : "x" + std::to_string(value - inputs);
}

std::string steps_of(const Group& group, const std::string& indent, bool rounded_outputs) {
  const size_t inputs = group.inputs.size();
  std::ostringstream out;
  for (size_t s = 0; s < group.steps.size(); ++s) {
    const Group::Step& step = group.steps[s];
    std::string operands[3];
    for (size_t i = 0; i < step.operands.size(); ++i) {
      const size_t v = step.operands[i];
      const Dtype from = dtype_of_value(group, v);
      operands[i] = convert(name_of_value(group, v), from, step.fragment.operand);
      if (from != step.fragment.operand && !is_cast(step))
        operands[i] = rounded(operands[i], step.fragment.operand);
    }
    std::string value = computed(step.fragment, step.dtype, operands);
    if (rounded_outputs || is_operand(group, inputs + s)) value = rounded(value, step.dtype);
    out << indent << "const VALUE(" << tag(step.dtype) << ") " << name_of_value(group, inputs + s)
        << " = " << value << ";\n";
  }
  return out.str();
}

std::string features_of(const Group& group) {
  Features features;
  for (const Dtype dtype : group.inputs) features.add(dtype);
  for (const Group::Step& step : group.steps) features.add(step.dtype), features.add(step.fragment);
  return features.text();
}

std::string summary_of(const Group& group) {
  std::string text;
  for (const Group::Step& step : group.steps)
    text += std::string(text.empty() ? "" : "; ") + step.fragment.expression;
  return text;
}

bool is_cast(const Group::Step& step) {
  return std::string_view(step.fragment.expression) == "a" && step.fragment.operand == step.dtype;
}

bool is_operand(const Group& group, size_t value) {
  for (const Group::Step& step : group.steps)
    for (const int operand : step.operands)
      if (size_t(operand) == value) return true;
  return false;
}

Dtype dtype_of_value(const Group& group, size_t value) {
  return value < group.inputs.size() ? group.inputs[value]
                                     : group.steps[value - group.inputs.size()].dtype;
}

std::string source_of(const Group& group, const std::string& classes, int rank) {
  std::ostringstream out;
  head(out, group, classes, rank);
  out << "  FOR_SHARE(i, end, total) {\n    while (i < end) {\n";
  row_starts(out, group, classes, rank);
  out << "      long j = 0;\n      for (; j + V <= stop; j += V) {\n"
      << body(group, classes, false) << "      }\n"
      << "      if (j < stop) {\n        const int n = (int)(stop - j);\n"
      << body(group, classes, true) << "      }\n"
      << "      i += stop;\n    }\n  }\n}\n";
  return out.str();
}

}  // namespace mlx
