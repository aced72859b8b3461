// The file format of exported functions.
//
// Numbers have 8 bytes, little-endian; a text is its length and its bytes; a list is the number of
// its items and the items; a shape is a list of extents.
//
//   "MLXCLFN3"
//   text       metadata
//   number     1 when only the number of axes of the inputs counts, else 0
//   list       constants:  text dtype, shape, text bytes (row-major)
//   list       functions:
//     number     positional inputs
//     list       names of the inputs by keyword
//     list       inputs:  text dtype, shape
//     list       numbers of the constants that it uses
//     list       steps:
//       text       class of the primitive, and text its name
//       …          its parameters, in the order and the types of Primitive::fields: whole numbers,
//                  reals, texts, lists; what has names (an operation's kind, a dtype) as text
//       list       numbers of its inputs; see Plan for how values are numbered
//       list       outputs:  text dtype, shape
//     list       numbers of the outputs
//   32 bytes   digest of everything before
//
// Older versions are read, too. Up to the second, "MLXCLFN2", what has names is a number, as in
// their order. In the first, "MLXCLFN1", there is no list of constants either, and a function has
// its own in the place of their numbers.
//
// A file may come from anywhere. The digest tells of damage only; whoever made the file made the
// digest, too. So nothing is believed: no count beyond the bytes that are left, no number of a
// value that does not exist yet, and no step that import_check.h refuses.
#include "transforms/export.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"
#include "graph/deferred.h"
#include "graph/registry.h"
#include "ops/io.h"
#include "ops/shape.h"
#include "transforms/import_check.h"

namespace mlx {
namespace {

constexpr std::string_view mark = "MLXCLFN3";  // the last character is the version
constexpr size_t digest_size = 32;
constexpr int first_with_shared_constants = 2, first_with_names = 3, latest = 3;

class Writer final : public FieldReader {
 public:
  std::string text;
  void write(int64_t value) { bytes(&value, sizeof value); }
  void write(std::string_view value) {
    write(int64_t(value.size()));
    text += value;
  }
  void write(const char* value) { write(std::string_view(value)); }
  void write(const Shape& shape) {
    write(int64_t(shape.size()));
    for (const int32_t extent : shape) write(int64_t(extent));
  }

 private:
  void read(const char*, int64_t value) override { bytes(&value, sizeof value); }
  void read(const char*, double value) override { bytes(&value, sizeof value); }
  void read(const char*, const std::string& value) override { write(std::string_view(value)); }
  void read_choice(const char*, int64_t value, Names names) override {
    write(names[size_t(value)]);
  }
  void bytes(const void* data, size_t count) { text.append(static_cast<const char*>(data), count); }
};

/// Reads numbers and text; every read checks what is left.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  int64_t number() {
    int64_t value;
    bytes(&value, sizeof value);
    return value;
  }
  double real() {
    double value;
    bytes(&value, sizeof value);
    return value;
  }
  /// A number of things that take at least `least` bytes each.
  size_t count(size_t least = 8) {
    const int64_t value = number();
    if (!fits(value, least)) damaged();
    return size_t(value);
  }
  bool fits(int64_t value, size_t least) const {
    return value >= 0 && size_t(value) <= rest_.size() / least;
  }
  std::string text() { return std::string(part(count(1))); }
  Shape shape() {
    Shape shape(count());
    for (int32_t& extent : shape) {
      const int64_t value = number();
      if (value < 0 || value != int32_t(value)) damaged();
      extent = int32_t(value);
    }
    return shape;
  }
  Dtype dtype() { return dtype_named(text()); }
  std::string_view part(size_t size) {
    if (size > rest_.size()) damaged();
    const std::string_view result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }
  bool at_end() const { return rest_.empty(); }
  [[noreturn]] static void damaged() { throw std::runtime_error("its parts do not fit together."); }

 private:
  void bytes(void* to, size_t size) { std::memcpy(to, part(size).data(), size); }
  std::string_view rest_;
};

/// Reads the parameters of a primitive.
class ParameterReader final : public Fields {
 public:
  ParameterReader(Reader& reader, int version) : reader_(reader), version_(version) {}
  void field(const char*, int64_t& value) override { value = reader_.number(); }
  void field(const char*, double& value) override { value = reader_.real(); }
  void field(const char*, std::string& value) override { value = reader_.text(); }
  void length(const char*, int64_t& count) override { count = int64_t(reader_.count()); }
  void choice(const char*, int64_t& value, Names names) override {
    if (version_ < first_with_names) {
      value = reader_.number();
    } else {
      const std::string name = reader_.text();
      value = std::find(names.begin(), names.end(), name) - names.begin();
    }
    if (value < 0 || value >= int64_t(names.size())) Reader::damaged();
  }

 private:
  Reader& reader_;
  int version_;
};

void write_values(Writer& w, const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes) {
  w.write(int64_t(shapes.size()));
  for (size_t i = 0; i < shapes.size(); ++i) w.write(dtypes[i].name()), w.write(shapes[i]);
}

void read_values(Reader& r, std::vector<Shape>& shapes, std::vector<Dtype>& dtypes) {
  for (size_t i = r.count(); i > 0; --i) dtypes.push_back(r.dtype()), shapes.push_back(r.shape());
}

/// Values of a plan numbered without the gaps that dropped steps leave, as the reader will count
/// them.
std::vector<int> numbered_anew(const Plan& plan) {
  std::vector<int> numbers(size_t(plan.value_count), -1);
  int next = 0;
  for (; next < plan.input_count + int(plan.constants.size()); ++next) numbers[next] = next;
  for (const Plan::Step& step : plan.steps)
    for (size_t i = 0; i < step.shapes.size(); ++i) numbers[step.first_output + i] = next++;
  return numbers;
}

void write_numbers(Writer& w, const std::vector<int>& values, const std::vector<int>& numbers) {
  w.write(int64_t(values.size()));
  for (const int value : values) w.write(int64_t(numbers[value]));
}

/// Numbers of values that exist so far.
std::vector<int> read_numbers(Reader& r, int limit) {
  std::vector<int> numbers;
  for (size_t i = r.count(); i > 0; --i) {
    const int64_t number = r.number();
    if (number < 0 || number >= limit) Reader::damaged();
    numbers.push_back(int(number));
  }
  return numbers;
}

void write_constant(Writer& w, const array& constant) {
  array dense = contiguous(constant);
  w.write(dense.dtype().name());
  w.write(dense.shape());
  w.write(std::string_view(dense.size() ? static_cast<const char*>(dense.host()) : "",
                           size_t(dense.nbytes())));
}

array read_constant(Reader& r) {
  const Dtype dtype = r.dtype();
  const Shape shape = r.shape();
  const std::string data = r.text();
  if (int64_t(data.size()) != size_of(shape) * dtype.size()) Reader::damaged();
  return array::from_host(data.data(), shape, dtype);
}

/// The constants of a file, each once however many functions use it.
struct Constants {
  Arrays values;
  std::unordered_map<const Node*, int> number;

  explicit Constants(const std::vector<Exported>& functions) {
    for (const Exported& f : functions)
      for (const array& constant : f.plan.constants)
        if (number.try_emplace(&constant.node(), int(values.size())).second)
          values.push_back(constant);
  }
};

void write_function(Writer& w, const Exported& f, const Constants& constants) {
  w.write(int64_t(f.positional));
  w.write(int64_t(f.keywords.size()));
  for (const std::string& name : f.keywords) w.write(name);
  write_values(w, f.shapes, f.dtypes);
  w.write(int64_t(f.plan.constants.size()));
  for (const array& constant : f.plan.constants)
    w.write(int64_t(constants.number.at(&constant.node())));
  const std::vector<int> numbers = numbered_anew(f.plan);
  w.write(int64_t(f.plan.steps.size()));
  for (const Plan::Step& step : f.plan.steps) {
    w.write(class_name_of(*step.primitive));
    w.write(step.primitive->name());
    w.visit(*step.primitive);
    write_numbers(w, step.inputs, numbers);
    write_values(w, step.shapes, step.dtypes);
  }
  write_numbers(w, f.plan.outputs, numbers);
}

/// Every step is shown arrays like those that it will get.
void check_steps(const Plan& plan) {
  Arrays values;
  for (int i = 0; i < plan.input_count; ++i)
    values.push_back(array::placeholder(plan.input_shapes[i], plan.input_dtypes[i]));
  for (const array& constant : plan.constants)
    values.push_back(array::placeholder(constant.shape(), constant.dtype()));
  for (const Plan::Step& step : plan.steps) {
    Arrays inputs;
    for (const int input : step.inputs) inputs.push_back(values[size_t(input)]);
    check_step(*step.primitive, inputs, step.shapes, step.dtypes);
    for (size_t i = 0; i < step.shapes.size(); ++i)
      values.push_back(array::placeholder(step.shapes[i], step.dtypes[i]));
  }
}

/// `shared`: null where functions have constants of their own.
Exported read_function(Reader& r, const Arrays* shared, int version) {
  Exported f;
  f.positional = int(r.count(1));
  for (size_t i = r.count(); i > 0; --i) f.keywords.push_back(r.text());
  read_values(r, f.shapes, f.dtypes);
  if (size_t(f.positional) + f.keywords.size() != f.shapes.size()) Reader::damaged();
  Plan& plan = f.plan;
  plan.input_count = int(f.shapes.size());
  plan.input_shapes = f.shapes;
  plan.input_dtypes = f.dtypes;
  for (size_t i = r.count(); i > 0; --i) {
    if (!shared) {
      plan.constants.push_back(read_constant(r));
      continue;
    }
    const int64_t number = r.number();
    if (number < 0 || number >= int64_t(shared->size())) Reader::damaged();
    plan.constants.push_back((*shared)[size_t(number)]);
  }
  plan.value_count = plan.input_count + int(plan.constants.size());
  for (size_t i = r.count(); i > 0; --i) {
    const std::string class_name = r.text(), name = r.text();
    ParameterReader parameters(r, version);
    Plan::Step step{make_primitive(class_name, name, parameters), {}, {}, {}, {}, plan.value_count};
    step.inputs = read_numbers(r, plan.value_count);
    read_values(r, step.shapes, step.dtypes);
    if (step.shapes.empty()) Reader::damaged();
    plan.value_count += int(step.shapes.size());
    plan.steps.push_back(std::move(step));
  }
  plan.outputs = read_numbers(r, plan.value_count);
  check_steps(plan);
  return f;
}

ExportedFile read_file(Reader r, int version) {
  ExportedFile file;
  file.metadata = r.text();
  file.shapeless = r.number() != 0;
  Arrays constants;
  const bool shared = version >= first_with_shared_constants;
  if (shared)
    for (size_t i = r.count(); i > 0; --i) constants.push_back(read_constant(r));
  for (size_t i = r.count(); i > 0; --i)
    file.functions.push_back(read_function(r, shared ? &constants : nullptr, version));
  if (!r.at_end()) Reader::damaged();
  return file;
}

}  // namespace

bool Exported::accepts(const Arrays& inputs, size_t positional_count,
                       const std::vector<std::string>& names, bool shapeless) const {
  if (positional_count != size_t(positional) || names != keywords || inputs.size() != shapes.size())
    return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].dtype() != dtypes[i] || inputs[i].ndim() != int(shapes[i].size())) return false;
    if (!shapeless && inputs[i].shape() != shapes[i]) return false;
  }
  return true;
}

std::string Exported::description() const {
  std::ostringstream text;
  text << "Function with " << positional << " positional inputs and " << keywords.size()
       << " keyword inputs:\n";
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (i < size_t(positional))
      text << "  " << i + 1;
    else
      text << "  \"" << keywords[i - size_t(positional)] << '"';
    text << ": " << to_string(shapes[i]) << ' ' << dtypes[i].name() << '\n';
  }
  return text.str();
}

void save_exported(const std::string& path, const ExportedFile& file) {
  Writer w;
  w.text = mark;
  w.write(file.metadata);
  w.write(int64_t(file.shapeless));
  const Constants constants(file.functions);
  w.write(int64_t(constants.values.size()));
  for (const array& constant : constants.values) write_constant(w, constant);
  w.write(int64_t(file.functions.size()));
  for (const Exported& f : file.functions) write_function(w, f, constants);
  w.text += digest(w.text);
  FileSink out(path, "export_function");
  out.write(w.text.data(), w.text.size());
  out.finish();
}

ExportedFile load_exported(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path))
    fail<std::runtime_error>("import_function", "Failed to open ", path);
  const std::string content(std::istreambuf_iterator<char>(in), {});
  const size_t name = mark.size() - 1;
  const int version = content.size() > name ? content[name] - '0' : 0;
  if (content.size() < mark.size() + digest_size || content.compare(0, name, mark, 0, name) != 0 ||
      version < 1 || version > latest)
    fail<std::runtime_error>("import_function", path, " is not an exported function, or damaged.");
  const std::string_view body = std::string_view(content).substr(0, content.size() - digest_size);
  if (digest(body) != std::string_view(content).substr(body.size()))
    fail<std::runtime_error>("import_function", path, " is damaged: its digest differs.");
  try {
    return read_file(Reader(body.substr(mark.size())), version);
  } catch (const std::exception& error) {  // also what a function that makes such a node throws
    const std::string mine = "[import_function] ";
    std::string reason = error.what();
    for (char& c : reason)  // it may quote the file, whose text need not be text
      if (c < ' ' || c > '~') c = '?';
    fail<std::runtime_error>("import_function", path, " is damaged: ",
                             reason.starts_with(mine) ? reason.substr(mine.size()) : reason);
  }
}

Exported record_exported(const Function& f, const Arrays& inputs, size_t positional,
                         std::vector<std::string> keywords, bool shapeless) {
  Exported exported;
  exported.positional = int(positional);
  exported.keywords = std::move(keywords);
  Arrays placeholders, outputs;
  for (const array& input : inputs) {
    exported.shapes.push_back(input.shape());
    exported.dtypes.push_back(input.dtype());
    placeholders.push_back(array::placeholder(input.shape(), input.dtype()));
  }
  {
    const Tracing tracing(Tracing::record);
    const AnyShape any_shape(shapeless);
    outputs = f(placeholders);
  }
  exported.plan = record(placeholders, outputs, false);
  merge_equal_steps(exported.plan);
  return exported;
}

void add_exported(const std::string& path, ExportedFile& file, const Function& f,
                  const Arrays& inputs, size_t positional, std::vector<std::string> keywords) {
  for (const Exported& known : file.functions)
    if (known.accepts(inputs, positional, keywords, file.shapeless))
      fail<std::runtime_error>(
          "export_function",
          "Attempting to export a function twice with the same signature is not allowed.");
  file.functions.push_back(
      record_exported(f, inputs, positional, std::move(keywords), file.shapeless));
  save_exported(path, file);
}

Arrays call_exported(const ExportedFile& file, const Arrays& inputs, size_t positional,
                     const std::vector<std::string>& keywords) {
  std::string known;
  for (size_t i = 0; i < file.functions.size(); ++i) {
    const Exported& f = file.functions[i];
    if (f.accepts(inputs, positional, keywords, file.shapeless)) {
      Plan plan = f.plan;
      const Stream stream = to_stream({});
      for (Plan::Step& step : plan.steps) step.stream = stream;
      return plan.replay(inputs, file.shapeless);
    }
    known += "\n " + std::to_string(i + 1) + ". " + f.description();
  }
  fail("import_function::call",
       "No imported function found which matches the given positional and keyword arguments. "
       "Possible functions include:",
       known);
}

}  // namespace mlx
