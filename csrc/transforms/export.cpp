// The file format of exported functions: a mark, the recordings as numbers and text, and a digest
// of it all.
#include "transforms/export.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"
#include "graph/deferred.h"
#include "graph/registry.h"
#include "ops/shape.h"

namespace mlx {
namespace {

// In files of the first version every function has its constants; now the file has them, each once.
constexpr std::string_view first_mark = "MLXCLFN1", mark = "MLXCLFN2";
constexpr size_t digest_size = 32;

class Writer final : public Fields {
 public:
  using Fields::field;
  std::string text;
  void field(const char*, int64_t& value) override { bytes(&value, sizeof value); }
  void field(const char*, double& value) override { bytes(&value, sizeof value); }
  void field(const char*, std::string& value) override { write(value); }
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
  void bytes(const void* data, size_t count) { text.append(static_cast<const char*>(data), count); }
};

class Reader final : public Fields {
 public:
  using Fields::field;
  explicit Reader(std::string_view text) : rest_(text) {}
  void field(const char*, int64_t& value) override { bytes(&value, sizeof value); }
  void field(const char*, double& value) override { bytes(&value, sizeof value); }
  void field(const char*, std::string& value) override { value = text(); }
  int64_t number() {
    int64_t value;
    bytes(&value, sizeof value);
    return value;
  }
  /// A number of things that take at least a byte each.
  size_t count() {
    const int64_t value = number();
    if (value < 0 || size_t(value) > rest_.size()) damaged();
    return size_t(value);
  }
  std::string text() { return std::string(part(count())); }
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
  [[noreturn]] static void damaged() {
    fail<std::runtime_error>("import_function", "the file is damaged.");
  }

 private:
  void bytes(void* to, size_t size) { std::memcpy(to, part(size).data(), size); }
  std::string_view rest_;
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
    step.primitive->fields(w);
    write_numbers(w, step.inputs, numbers);
    write_values(w, step.shapes, step.dtypes);
  }
  write_numbers(w, f.plan.outputs, numbers);
}

/// `shared`: null in a file of the first version.
Exported read_function(Reader& r, const Arrays* shared) {
  Exported f;
  f.positional = int(r.count());
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
    Plan::Step step{make_primitive(class_name, name, r),
                    read_numbers(r, plan.value_count),
                    {},
                    {},
                    {},
                    plan.value_count};
    read_values(r, step.shapes, step.dtypes);
    plan.value_count += int(step.shapes.size());
    plan.steps.push_back(std::move(step));
  }
  plan.outputs = read_numbers(r, plan.value_count);
  return f;
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
  std::ofstream out(path, std::ios::binary);
  out << w.text << digest(w.text);
  if (!out.flush()) fail<std::runtime_error>("export_function", "Failed to open ", path);
}

ExportedFile load_exported(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path))
    fail<std::runtime_error>("import_function", "Failed to open ", path);
  const std::string content(std::istreambuf_iterator<char>(in), {});
  const bool first = content.compare(0, first_mark.size(), first_mark) == 0;
  if (content.size() < mark.size() + digest_size ||
      (!first && content.compare(0, mark.size(), mark) != 0))
    fail<std::runtime_error>("import_function", path, " is not an exported function, or damaged.");
  const std::string_view body = std::string_view(content).substr(0, content.size() - digest_size);
  if (digest(body) != std::string_view(content).substr(body.size())) Reader::damaged();
  Reader r(body.substr(mark.size()));
  ExportedFile file;
  file.metadata = r.text();
  file.shapeless = r.number() != 0;
  Arrays constants;
  if (!first)
    for (size_t i = r.count(); i > 0; --i) constants.push_back(read_constant(r));
  for (size_t i = r.count(); i > 0; --i)
    file.functions.push_back(read_function(r, first ? nullptr : &constants));
  return file;
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
