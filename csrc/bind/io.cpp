// Saving and loading in Python: paths and file objects.
#include "bind/io.h"

#include "base/error.h"
#include "bind/call.h"
#include "bind/gil.h"
#include "ops/io.h"

namespace mlx {

std::optional<std::string> path_of(const py::object& file) {
  if (PyBytes_Check(file.ptr()) ||
      (!PyUnicode_Check(file.ptr()) && !py::hasattr(file, "__fspath__")))
    return {};
  return py::reinterpret_steal<py::object>(PyOS_FSPath(file.ptr())).cast<std::string>();
}

namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void require(const py::object& file, std::initializer_list<const char*> names, const char* op,
             const char* message) {
  for (const char* name : names)
    if (!py::hasattr(file, name)) fail(op, message);
}

/// Gives all bytes to a file object, whose write() may take only some at a time, as that of raw
/// files does beyond 2 GiB. Objects that return None have taken what they were given, but for raw
/// files, which would have had to wait.
void write_all(const py::object& file, const std::string& bytes, const char* op) {
  static const auto* const raw =
      new py::object(py::module_::import("io").attr("RawIOBase"));  // leaked: outlives Python
  for (size_t done = 0; done < bytes.size();) {
    const size_t left = bytes.size() - done;
    const py::object took =
        file.attr("write")(py::memoryview::from_memory(bytes.data() + done, Py_ssize_t(left)));
    if (took.is_none() && !py::isinstance(file, *raw)) return;
    const int64_t count = PyLong_Check(took.ptr()) ? took.cast<int64_t>() : 0;
    if (count <= 0 || uint64_t(count) > left)
      fail<std::runtime_error>(op, "the file object took ", done, " of ", bytes.size(),
                               " bytes, then no more.");
    done += size_t(count);
  }
}

/// Lets `write` fill the file. Evaluating must not hold the GIL, which Python's own writing needs.
template <typename F>
void save_to(const py::object& file, const char* extension, const char* op, F&& write) {
  if (std::optional<std::string> path = path_of(file)) {
    if (!ends_with(*path, extension)) *path += extension;
    const WithoutGil free;
    FileSink sink(*path, op);
    write(sink);
    sink.finish();
    return;
  }
  require(file, {"write", "seek", "tell", "closed"}, op,
          "Input must be a file-like object, or string");
  Collector collected;
  {
    const WithoutGil free;
    write(collected);
  }
  write_all(file, collected.bytes, op);
}

void save(const py::object& file, const array& arr) {
  save_to(file, ".npy", "save", [value = array(arr)](ByteSink& sink) { save_npy(sink, value); });
}

const array& member(py::handle value, const char* op) {
  if (!is_array(value.ptr()))
    fail<std::runtime_error>(op, "an object of type ", Py_TYPE(value.ptr())->tp_name,
                             " is not an array.");
  return array_of(value.ptr());
}

void save_members(const py::object& file, const py::args& args, const py::kwargs& kwargs,
                  const char* op, bool compressed) {
  NamedArrays arrays;
  for (const auto& [name, value] : kwargs)
    arrays.emplace_back(name.cast<std::string>(), member(value, op));
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string name = "arr_" + std::to_string(i);
    if (kwargs.contains(name.c_str())) fail(op, "Cannot use un-named variables and keyword ", name);
    arrays.emplace_back(name, member(args[i], op));
  }
  if (const std::optional<std::string> path = path_of(file)) {
    // A folder that is not there is Python's own error here.
    const std::string name = ends_with(*path, ".npz") ? *path : *path + ".npz";
    const py::object os = py::module_::import("os.path");
    const py::object folder = os.attr("dirname")(name);
    if (py::len(folder) && !os.attr("isdir")(folder).cast<bool>()) {
      PyErr_SetObject(PyExc_FileNotFoundError,
                      py::make_tuple(ENOENT, "No such file or directory", name).ptr());
      throw py::error_already_set();
    }
  }
  save_to(file, ".npz", op, [&](ByteSink& sink) { save_npz(sink, arrays, compressed); });
}

void save_tensors(const py::object& file, const py::object& arrays, const py::object& metadata) {
  if (!py::isinstance<py::dict>(arrays))
    throw type_error("save_safetensors(): argument 'arrays' must be a dict.");
  NamedArrays members;
  for (const auto& [name, value] : py::cast<py::dict>(arrays)) {
    if (!py::isinstance<py::str>(name))
      fail<std::runtime_error>("save_safetensors", "the names of arrays must be strings.");
    members.emplace_back(name.cast<std::string>(), member(value, "save_safetensors"));
  }
  Metadata facts;
  if (!metadata.is_none()) {
    if (!py::isinstance<py::dict>(metadata))
      throw type_error("save_safetensors(): argument 'metadata' must be None or a dict.");
    for (const auto& [key, value] : py::cast<py::dict>(metadata)) {
      if (!py::isinstance<py::str>(key) || !py::isinstance<py::str>(value))
        fail("save_safetensors", "Metadata must be a dictionary with string keys and values");
      facts.emplace_back(key.cast<std::string>(), value.cast<std::string>());
    }
  }
  save_to(file, ".safetensors", "save_safetensors",
          [&](ByteSink& sink) { save_safetensors(sink, members, facts); });
}

/// What is left of a file object, read at once, and where it began.
std::pair<Source, int64_t> read_all(const py::object& file) {
  require(file, {"readinto", "seek", "tell", "closed"}, "load",
          "Input must be a file-like object opened in binary mode, or string");
  const int64_t start = file.attr("tell")().cast<int64_t>();
  file.attr("seek")(0, 2);
  const int64_t end = file.attr("tell")().cast<int64_t>();
  file.attr("seek")(start);
  std::string bytes(size_t(std::max<int64_t>(0, end - start)), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const py::object rest =
        py::memoryview::from_memory(bytes.data() + done, Py_ssize_t(bytes.size() - done));
    const py::object got = file.attr("readinto")(rest);
    if (got.is_none() || got.cast<int64_t>() <= 0) break;
    done += got.cast<size_t>();
  }
  bytes.resize(done);
  return {in_memory(std::move(bytes), "the file object"), start};
}

py::dict as_dict(const NamedArrays& arrays) {
  py::dict result;
  for (const auto& [name, value] : arrays) result[py::str(name)] = result_object(value);
  return result;
}

std::string format_of(const std::string& path) {
  const size_t dot = path.rfind('.'), slash = path.rfind('/');
  if (dot == path.npos || (slash != path.npos && dot < slash))
    fail("load", "Could not infer file format from extension");
  return path.substr(dot + 1);
}

py::object load(const py::object& file, const std::optional<std::string>& given,
                bool return_metadata, StreamOrDevice s) {
  const std::optional<std::string> path = path_of(file);
  if (!path)
    require(file, {"readinto", "seek", "tell", "closed"}, "load",
            "Input must be a file-like object opened in binary mode, or string");
  const auto named = [&] {
    if (path) return format_of(*path);
    const py::object name = py::getattr(file, "name", py::none());
    if (!py::isinstance<py::str>(name))
      fail("load", "format= is needed for a file object without a name.");
    return format_of(name.cast<std::string>());
  };
  const std::string format = given ? *given : named();
  if (format == "gguf") return load_gguf_object(path, return_metadata, s);
  if (format != "npy" && format != "npz" && format != "safetensors")
    fail("load", "Unknown file format ", format);
  if (return_metadata && format != "safetensors")
    fail("load", "metadata not supported for format ", format);
  int64_t start = 0;
  Source source;
  if (path) {
    try {
      source = open_file(*path);
    } catch (const std::runtime_error& error) {
      if (format == "npz") throw std::invalid_argument(error.what());
      throw;
    }
  } else {
    std::tie(source, start) = read_all(file);
  }
  if (format == "npz") return as_dict(load_npz(source, s));
  if (format == "safetensors") {
    const auto [arrays, metadata] = load_safetensors(source, s);
    if (!return_metadata) return as_dict(arrays);
    py::dict facts;
    for (const auto& [key, value] : metadata) facts[py::str(key)] = value;
    return py::make_tuple(as_dict(arrays), facts);
  }
  uint64_t end = 0;
  const array value = load_npy({source, 0, source->size(), source->size(), false, {}}, s, &end);
  if (!path) file.attr("seek")(start + int64_t(end));
  return result_object(value);
}

}  // namespace

void bind_io(py::module_& m) {
  add_function<&save>(
      m, "save", "file, arr",
      "Writes an array as .npy (the extension is added) to a path or a binary file object.");
  m.def(
      "savez",
      [](const py::object& file, const py::args& args, const py::kwargs& kwargs) {
        save_members(file, args, kwargs, "savez", false);
      },
      "Writes arrays as .npz; positional ones are named arr_0, arr_1, …");
  m.def(
      "savez_compressed",
      [](const py::object& file, const py::args& args, const py::kwargs& kwargs) {
        save_members(file, args, kwargs, "savez_compressed", true);
      },
      "Writes arrays as a compressed .npz; positional ones are named arr_0, arr_1, …");
  add_function<&save_tensors>(m, "save_safetensors", "file, arrays, metadata=None",
                              "Writes a dict of arrays as .safetensors (the extension is added); "
                              "metadata maps str to str.");
  bind_gguf(m);
  add_function<&load>(m, "load", "file, /, format=None, return_metadata=False, *, stream=None",
                      "Reads .npy (an array), .npz, .safetensors or .gguf (a dict). Data of a path "
                      "are read when needed. "
                      "RuntimeError for files that are cut short.");
}

}  // namespace mlx
