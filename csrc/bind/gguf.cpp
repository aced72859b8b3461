// GGUF files in Python.
#include "ops/gguf.h"

#include "base/error.h"
#include "bind/call.h"
#include "bind/gil.h"
#include "bind/io.h"

namespace mlx {
namespace {

py::object to_object(const GgufValue& value) {
  return std::visit([](const auto& v) { return result_object(v); }, value);
}

GgufValue from_object(py::handle value) {
  if (is_array(value.ptr())) return array_of(value.ptr());
  if (PyUnicode_Check(value.ptr())) return value.cast<std::string>();
  if (!PyList_Check(value.ptr()))
    fail<std::runtime_error>("save_gguf", "metadata must be arrays, strings or lists of strings.");
  std::vector<std::string> texts;
  for (const py::handle item : value) {
    if (!PyUnicode_Check(item.ptr()))
      fail<std::runtime_error>("save_gguf",
                               "metadata must be arrays, strings or lists of strings.");
    texts.push_back(item.cast<std::string>());
  }
  return texts;
}

py::dict checked_dict(const py::object& object, const char* argument) {
  if (!py::isinstance<py::dict>(object))
    throw type_error(std::string("save_gguf(): argument '") + argument + "' must be a dict.");
  return py::cast<py::dict>(object);
}

void save(const py::object& file, const py::object& arrays, const py::object& metadata) {
  std::optional<std::string> path = path_of(file);
  if (!path) fail("save_gguf", "Input must be a string");
  if (!path->ends_with(".gguf")) *path += ".gguf";
  NamedArrays members;
  for (const auto& [name, value] : checked_dict(arrays, "arrays")) {
    if (!is_array(value.ptr()))
      fail<std::runtime_error>("save_gguf", name.cast<std::string>(), " is not an array.");
    members.emplace_back(name.cast<std::string>(), array_of(value.ptr()));
  }
  GgufMetadata facts;
  if (!metadata.is_none())
    for (const auto& [name, value] : checked_dict(metadata, "metadata"))
      facts.emplace_back(name.cast<std::string>(), from_object(value));
  const WithoutGil free;
  FileSink sink(*path, "save_gguf");
  save_gguf(sink, members, facts);
  sink.finish();
}

}  // namespace

py::object load_gguf_object(const std::optional<std::string>& path, bool return_metadata,
                            const StreamOrDevice& s) {
  if (!path) fail("load_gguf", "Input must be a string");
  const auto [arrays, metadata] = load_gguf(open_file(*path), s);
  py::dict values, facts;
  for (const auto& [name, value] : arrays) values[py::str(name)] = result_object(value);
  for (const auto& [name, value] : metadata) facts[py::str(name)] = to_object(value);
  return return_metadata ? py::object(py::make_tuple(values, facts)) : values;
}

void bind_gguf(py::module_& m) {
  add_function<&save>(m, "save_gguf", "file, arrays, metadata=None",
                      "Writes a dict of arrays (float32, float16, int8, int16, int32) as .gguf "
                      "(the extension is added). "
                      "Metadata: scalars and 1-d arrays, str, lists of str.");
}

}  // namespace mlx
