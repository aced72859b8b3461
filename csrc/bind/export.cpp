// Functions in files from Python: export_function, exporter, import_function, export_to_dot.
#include "transforms/export.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "bind/dtypes.h"
#include "bind/results.h"
#include "bind/transforms.h"
#include "bind/trees.h"
#include "transforms/dot.h"
#include "transforms/shown.h"

namespace mlx {
namespace {

using namespace py::literals;

constexpr const char* wrong_inputs =
    "Inputs can either be a variable number of positional and keyword arrays or a single tuple "
    "and/or dictionary of arrays.";

/// The arrays of a call: positional ones, then those by keyword, ordered by name.
struct CallInputs {
  Arrays arrays;
  size_t positional = 0;
  std::vector<std::string> keywords;

  CallInputs(const char* op, const py::args& args, const py::kwargs& kwargs) {
    std::map<std::string, array> named;
    const auto add = [&](py::handle item) {
      if (!is_array(item.ptr())) fail(op, wrong_inputs);
      arrays.push_back(array_of(item.ptr()));
    };
    const auto add_named = [&](const py::dict& items) {
      for (const auto& [key, item] : items) {
        if (!is_array(item.ptr()) || !PyUnicode_Check(key.ptr())) fail(op, wrong_inputs);
        named.insert_or_assign(key.cast<std::string>(), array_of(item.ptr()));
      }
    };
    // A lone tuple, list or dict stands for the arguments themselves.
    const bool wrapped = args.size() >= 1 && args.size() <= 2 && !is_array(args[0].ptr());
    for (const py::handle argument : args) {
      if (!wrapped)
        add(argument);
      else if (PyDict_Check(argument.ptr()))
        add_named(py::reinterpret_borrow<py::dict>(argument));
      else if (PyTuple_Check(argument.ptr()) || PyList_Check(argument.ptr()))
        for (const py::handle item : argument) add(item);
      else
        fail(op, wrong_inputs);
    }
    add_named(kwargs);
    positional = arrays.size();
    for (const auto& [name, value] : named) keywords.push_back(name), arrays.push_back(value);
  }
};

/// `fun` as a function of the arrays of a call.
Function function_of(const py::object& fun, const CallInputs& call) {
  return [fun, positional = call.positional, keywords = call.keywords](const Arrays& inputs) {
    py::tuple args(positional);
    py::dict kwargs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (i < positional)
        args[i] = array_object(inputs[i]);
      else
        kwargs[py::str(keywords[i - positional])] = array_object(inputs[i]);
    }
    const py::object result = fun(*args, **kwargs);
    constexpr const char* wrong =
        "Outputs can be either a single array, a tuple, or a list of arrays.";
    if (is_array(result.ptr())) return Arrays{array_of(result.ptr())};
    if (!PyTuple_Check(result.ptr()) && !PyList_Check(result.ptr())) fail("export_function", wrong);
    Arrays outputs;
    for (const py::handle item : result) {
      if (!is_array(item.ptr())) fail("export_function", wrong);
      outputs.push_back(array_of(item.ptr()));
    }
    return outputs;
  };
}

Exported record_call(const py::object& fun, const CallInputs& call, bool shapeless) {
  return record_exported(function_of(fun, call), call.arrays, call.positional, call.keywords,
                         shapeless);
}

py::object state_object(const StateItem& item) {
  return std::visit(
      [](const auto& value) -> py::object {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Dtype> || std::is_same_v<T, Shape>)
          return result_object(value);
        else
          return py::cast(value);
      },
      item);
}

py::object event_object(const ShownValue& value) {
  return py::make_tuple(value.name, result_object(value.shape), result_object(value.dtype));
}
py::object event_object(const std::pair<std::string, array>& named) {
  return py::make_tuple(named.first, array_object(named.second));
}
py::object event_object(const std::pair<std::string, std::string>& names) {
  return py::make_tuple(names.first, names.second);
}
py::object event_object(const StateItem& item) {
  return state_object(item);
}
py::object event_object(const std::string& text) {
  return py::str(text);
}
template <typename T>
py::object event_object(const std::vector<T>& values) {
  py::list list;
  for (const T& value : values) list.append(event_object(value));
  return list;
}

/// Shows a recording to a callback, which gets a dict for each event.
void show(const Exported& exported, bool shapeless, const py::object& callback) {
  for (const ShownEvent& event : shown_events(exported, shapeless)) {
    py::dict items;
    for (const auto& [name, field] : event)
      items[name] = std::visit([](const auto& value) { return event_object(value); }, field);
    callback(items);
  }
}

/// Records calls of one function and writes them all, at each call anew.
class FunctionExporter {
 public:
  FunctionExporter(std::string path, py::object fun, bool shapeless, std::string metadata)
      : path_(std::move(path)), fun_(std::move(fun)), file_{std::move(metadata), shapeless, {}} {}
  /// Writes what there is so far.
  void save() const { save_exported(path_, file_); }
  void call(const py::args& args, const py::kwargs& kwargs) {
    if (closed_)
      fail<std::runtime_error>("export_function", "Attempting to write after exporting is closed.");
    const CallInputs inputs("export_function", args, kwargs);
    add_exported(path_, file_, function_of(fun_, inputs), inputs.arrays, inputs.positional,
                 inputs.keywords);
  }
  void close() { closed_ = true; }

 private:
  std::string path_;
  py::object fun_;
  ExportedFile file_;
  bool closed_ = false;
};

class ImportedFunction {
 public:
  explicit ImportedFunction(ExportedFile file) : file_(std::move(file)) {}
  py::tuple operator()(const py::args& args, const py::kwargs& kwargs) const {
    const CallInputs call("import_function::call", args, kwargs);
    const Arrays outputs = call_exported(file_, call.arrays, call.positional, call.keywords);
    py::tuple result(outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) result[i] = array_object(outputs[i]);
    return result;
  }

 private:
  ExportedFile file_;
};

void export_to_dot(const py::object& file, const py::args& args, const py::kwargs& kwargs) {
  Arrays outputs;
  for_each_leaf(args, [&](py::handle leaf) {
    if (!is_array(leaf.ptr())) fail("export_to_dot", "The argument should contain only arrays");
    outputs.push_back(array_of(leaf.ptr()));
  });
  std::map<const Node*, std::string> names;
  for (const auto& [key, value] : kwargs) {
    if (!is_array(value.ptr())) fail("export_to_dot", "The argument should contain only arrays");
    outputs.push_back(array_of(value.ptr()));
    names[&outputs.back().node()] = key.cast<std::string>();
  }
  const std::string text = dot_of(outputs, std::move(names));
  if (PyUnicode_Check(file.ptr())) {
    const py::object opened = py::module_::import("builtins").attr("open")(file, "w");
    opened.attr("write")(text);
    opened.attr("close")();
  } else {
    file.attr("write")(text);
  }
}

}  // namespace

void bind_export(py::module_& m) {
  py::class_<FunctionExporter>(m, "FunctionExporter",
                               "Records calls of a function into a file. See mx.exporter.")
      .def("__call__", &FunctionExporter::call, "Records a call with arrays like these.")
      .def("close", &FunctionExporter::close,
           "Ends the recording; further calls raise RuntimeError.")
      .def("__enter__", [](const py::object& self) { return self; })
      .def(
          "__exit__",
          [](FunctionExporter& self, const py::object&, const py::object&, const py::object&) {
            self.close();
          },
          "exc_type"_a = py::none(), "exc_value"_a = py::none(), "traceback"_a = py::none());
  py::class_<ImportedFunction>(m, "_ImportedFunction")
      .def("__call__", &ImportedFunction::operator());
  m.def(
      "export_function",
      [](const py::object& target, const py::function& fun, const py::args& args, bool shapeless,
         const std::optional<std::string>& metadata, const py::kwargs& kwargs) {
        if (PyUnicode_Check(target.ptr())) {
          FunctionExporter(target.cast<std::string>(), fun, shapeless, metadata.value_or(""))
              .call(args, kwargs);
        } else if (PyCallable_Check(target.ptr())) {
          if (metadata)
            fail("export_function", "metadata is written to files; a callback takes none.");
          show(record_call(fun, CallInputs("export_function", args, kwargs), shapeless), shapeless,
               target);
        } else {
          throw py::type_error(
              "export_function(): the first argument must be a path or a callable.");
        }
      },
      "file_or_callback"_a, py::pos_only(), "fun"_a, "shapeless"_a = false,
      "metadata"_a = py::none(),
      R"(Saves `fun`, recorded for arrays like the given ones, in a file for mx.import_function.

With shapeless=True only the number of dimensions and the dtypes must agree later. A callable in place of the path
receives the recording as dicts instead. ValueError for inputs or outputs that are not arrays.)");
  m.def(
      "exporter",
      [](const std::string& file, const py::function& fun, bool shapeless,
         const std::optional<std::string>& metadata) {
        auto exporter =
            std::make_unique<FunctionExporter>(file, fun, shapeless, metadata.value_or(""));
        exporter->save();
        return exporter;
      },
      "file"_a, "fun"_a, py::kw_only(), "shapeless"_a = false, "metadata"_a = py::none(),
      "A context manager; calling it records one more call of `fun` into the file.");
  m.def(
      "import_function",
      [](const std::string& file, bool return_metadata) -> py::object {
        ExportedFile loaded = load_exported(file);
        const std::string metadata = loaded.metadata;
        py::object function = py::cast(ImportedFunction(std::move(loaded)));
        return return_metadata ? py::object(py::make_tuple(function, metadata)) : function;
      },
      "file"_a, "return_metadata"_a = false,
      "The function saved in a file; calls return a tuple of arrays. RuntimeError for a missing or "
      "damaged file.");
  m.def("export_to_dot", &export_to_dot, "file"_a,
        "Writes the graph of arrays as Graphviz text to a path or text file; keyword names label "
        "arrays.");
}

}  // namespace mlx
