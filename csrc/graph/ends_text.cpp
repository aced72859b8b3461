// Text for kernels that compute elementwise groups as they read and as they write.
//
// The group's values are numbered row-major. An input is a number, or has all of the elements in
// that order, or belongs to a layout of rows: one value a row, or the same row again and again.
#include "graph/ends_text.h"

#include <sstream>

#include "graph/expression.h"
#include "graph/layout.h"

namespace mlx {
namespace {

/// The inputs that one end of a kernel reads, from number `first` on, and what they are called.
class Inputs {
 public:
  Inputs(const Group& group, const Layout& layout, size_t first, std::string name)
      : group_(group), layout_(layout), first_(first), name_(std::move(name)) {
    for (size_t i = first; i < group.inputs.size(); ++i) declare(i);
    if (layout.rank) parameters_ += ", long " + length(), names_ += ", " + length();
  }

  /// For the lists of parameters and of arguments; both begin with a comma.
  const std::string& parameters() const { return parameters_; }
  const std::string& names() const { return names_; }

  /// The statements that read V values of each input at `at`, or n of them if `part`.
  std::string read(bool part) const {
    std::ostringstream out;
    const std::string count = part ? ", n" : "", part_of = part ? "_PART" : "";
    for (size_t i = first_; i < group_.inputs.size(); ++i)
      out << "  VALUE(" << tag(group_.inputs[i]) << ") " << name_of_value(group_, i) << ";\n";
    const auto whole = [&](size_t i) {
      const std::string dtype = tag(group_.inputs[i]), in = name(i);
      const std::string row = layout_.rank ? " + row * " + in + "_row" : "";
      const std::string from = "(" + dtype + ", " + in + " + " + in + "_offset" + row;
      if (layout_.classes[i] == Layout::one_a_row) return "SPREAD" + from + ")";
      return "FETCH" + part_of + from + (layout_.rank ? " + column" : " + at") + count + ")";
    };
    const auto across = [&](size_t i) {
      const std::string dtype = tag(group_.inputs[i]), in = name(i);
      const char* const step = layout_.classes[i] == Layout::one_a_row ? "0" : "1";
      return "WRAPPED" + part_of + "(" + dtype + ", " + in + " + " + in +
             "_offset, row, (int)column, (int)" + length() + ", " + in + "_row, " + step + count +
             ")";
    };
    if (layout_.rank) {
      out << "  const long row = at / " << length() << ", column = at - row * " << length()
          << ";\n  if (column + " << (part ? "n" : "V") << " <= " << length() << ") {\n";
      assign(out, "    ", whole);
      out << "  } else {\n";
      assign(out, "    ", across);
      out << "  }\n";
    } else {
      assign(out, "  ", whole);
    }
    return out.str();
  }

 private:
  std::string name(size_t i) const { return name_ + std::to_string(i); }
  std::string length() const { return name_ + "_length"; }

  void declare(size_t i) {
    const std::string dtype = tag(group_.inputs[i]), in = name(i);
    names_ += ", " + in;
    if (layout_.classes[i] == Layout::by_value) {
      parameters_ += ", const COMPUTED(" + dtype + ") " + in;
      return;
    }
    parameters_ += ", global const STORED(" + dtype + ")* " + in + ", long " + in + "_offset";
    names_ += ", " + in + "_offset";
    if (!layout_.rank) return;
    parameters_ += ", long " + in + "_row";
    names_ += ", " + in + "_row";
  }

  template <typename Read>
  void assign(std::ostream& out, const char* indent, Read&& read) const {
    for (size_t i = first_; i < group_.inputs.size(); ++i)
      out << indent << name_of_value(group_, i) << " = "
          << (layout_.classes[i] == Layout::by_value
                  ? "SPLAT(" + tag(group_.inputs[i]) + ", " + name(i) + ")"
                  : read(i))
          << ";\n";
  }

  const Group& group_;
  const Layout& layout_;
  size_t first_;
  std::string name_, parameters_, names_;
};

std::string output_of(const Group& group) {
  return name_of_value(group, size_t(group.outputs[0]));
}

}  // namespace

std::string end_features(const Group& group) {
  return "#define HAS_VECTORS\n" + features_of(group);
}

std::string source_text(const Group& group, const Layout& layout) {
  const Inputs inputs(group, layout, 0, "in");
  const std::string value = tag(dtype_of_value(group, size_t(group.outputs[0])));
  std::ostringstream out;
  out << "#define MAPPED\n#define SOURCE_ARGUMENTS " << inputs.parameters().substr(2)
      << "\n#define SOURCE " << inputs.names().substr(2) << "\n";
  for (const bool part : {false, true})
    out << "static inline VALUE(" << value << ") source" << (part ? "_part" : "_vector")
        << "(SOURCE_ARGUMENTS, long at" << (part ? ", int n" : "") << ") {\n"
        << inputs.read(part) << steps_of(group, "  ", true) << "  return " << output_of(group)
        << ";\n}\n";
  out << "static inline COMPUTED(" << value << ") source_one(SOURCE_ARGUMENTS, long at) {\n"
      << "  return source_part(SOURCE, at, 1).s0;\n}\n"
      << "#define ELEMENT(at) source_one(SOURCE, at)\n"
      << "#define ELEMENTS(at) source_vector(SOURCE, at)\n"
      << "#define ELEMENTS_PART(at, n) source_part(SOURCE, at, n)\n";
  return out.str();
}

std::string sink_text(const Group& group, const Layout& layout) {
  const Inputs inputs(group, layout, 1, "by");
  const Dtype result = dtype_of_value(group, size_t(group.outputs[0]));
  const std::string value = tag(group.inputs[0]), to = "out + out_offset + at, ";
  std::ostringstream out;
  out << "#define SUNK\n#define SINK_ARGUMENTS global STORED(" << tag(result)
      << ")* out, long out_offset" << inputs.parameters() << "\n#define SINK out, out_offset"
      << inputs.names() << "\n";
  for (const bool part : {false, true})
    out << "static inline void sink" << (part ? "_part" : "_vector")
        << "(SINK_ARGUMENTS, long at, VALUE(" << value << ") v" << (part ? ", int n" : "")
        << ") {\n  const VALUE(" << value << ") " << name_of_value(group, 0) << " = "
        << rounded("v", group.inputs[0]) << ";\n"
        << inputs.read(part) << steps_of(group, "  ", false) << (part ? "  PUT_PART(" : "  PUT(")
        << tag(result) << ", " << to << output_of(group) << (part ? ", n" : "") << ");\n}\n";
  out << "#define WRITE(at, v) sink_part(SINK, at, SPLAT(" << value << ", v), 1)\n"
      << "#define WRITE_VECTOR(at, v) sink_vector(SINK, at, v)\n"
      << "#define WRITE_PART(at, v, n) sink_part(SINK, at, v, n)\n";
  return out.str();
}

}  // namespace mlx
