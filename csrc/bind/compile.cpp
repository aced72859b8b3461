// The Python face of compile: keys of calls, captured state, and the cache of recorded functions.
#include "transforms/compile.h"

#include <memory>
#include <thread>
#include <unordered_map>

#include "base/error.h"
#include "bind/array_type.h"
#include "bind/random_state.h"
#include "bind/transforms.h"
#include "bind/trees.h"
#include "graph/primitive.h"

namespace mlx {
namespace {

using namespace py::literals;

/// Walks trees of a call, collecting the arrays and the text that tells recordings apart.
struct CallKey {
  Arrays arrays;
  std::string text;
  bool shapeless;

  void add(py::handle tree) {
    const Level level;
    PyObject* const object = tree.ptr();
    if (is_array(object)) {
      add_array(array_of(object));
    } else if (is_random_state(tree)) {
      add_array(random_state());
    } else if (PyDict_Check(object)) {
      text += '{';
      PyObject *key, *value;
      for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value);) add(key), add(value);
      text += '}';
    } else if (PyList_Check(object) || PyTuple_Check(object)) {
      text += '[';
      const py::object items = py::reinterpret_steal<py::object>(PySequence_Fast(object, ""));
      for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i)
        add(PySequence_Fast_GET_ITEM(items.ptr(), i));
      text += ']';
    } else {
      add_constant(tree);
    }
  }

 private:
  void add_array(const array& x) {
    arrays.push_back(x);
    text += 'A';
    text += char(x.dtype().id());
    if (shapeless)
      text += char(x.ndim());
    else
      text += to_string(x.shape());
  }
  void add_constant(py::handle value) {
    PyObject* const object = value.ptr();
    if (object == Py_None || PyBool_Check(object) || PyLong_Check(object)) {
      text += py::repr(value).cast<std::string>() + ';';
    } else if (PyFloat_Check(object)) {
      const double number = PyFloat_AS_DOUBLE(object);
      text += 'f';
      text.append(reinterpret_cast<const char*>(&number), sizeof number);
    } else if (PyUnicode_Check(object)) {
      const std::string content = value.cast<std::string>();
      text += 's' + std::to_string(content.size()) + ':' + content;
    } else {
      fail("compile",
           "arguments must be trees of arrays and constants (int, float, str, bool or None), got ",
           Py_TYPE(object)->tp_name, ".");
    }
  }
};

/// An array that stands for any in the structure of a result.
py::object dummy() {
  return array_object(array(0));
}

py::object structure_of(py::handle tree) {
  return map_leaves(tree, [](py::handle leaf) {
    return is_array(leaf.ptr()) || is_random_state(leaf) ? dummy()
                                                         : py::reinterpret_borrow<py::object>(leaf);
  });
}

Arrays state_in(py::handle tree) {
  Arrays result;
  for_each_leaf(tree, [&](py::handle leaf) {
    if (is_array(leaf.ptr()))
      result.push_back(array_of(leaf.ptr()));
    else if (is_random_state(leaf))
      result.push_back(random_state());
  });
  return result;
}

/// Stores new values in captured containers, creating the entries that appeared while recording.
void store(const py::object& container, const py::object& structure, const Arrays& values,
           size_t& next) {
  const Level level;
  const auto store_item = [&](const py::object& current, const py::object& item,
                              const auto& assign) {
    if (is_array(item.ptr())) {
      if (current && is_random_state(current))
        set_random_state(values.at(next++));
      else
        assign(array_object(values.at(next++)));
    } else if (PyDict_Check(item.ptr()) || PyList_Check(item.ptr()) || PyTuple_Check(item.ptr())) {
      const bool same = current && Py_TYPE(current.ptr()) == Py_TYPE(item.ptr()) &&
                        PyTuple_Check(current.ptr()) == 0;
      if (same || (current && PyDict_Check(current.ptr()) && PyDict_Check(item.ptr())))
        store(current, item, values, next);
      else
        assign(with_arrays(item, values, next));
    }
  };
  if (is_random_state(container)) return set_random_state(values.at(next++));
  if (PyDict_Check(structure.ptr())) {
    for (const auto& [key, item] : py::reinterpret_borrow<py::dict>(structure)) {
      PyObject* const current = PyDict_GetItem(container.ptr(), key.ptr());
      store_item(py::reinterpret_borrow<py::object>(current),
                 py::reinterpret_borrow<py::object>(item), [&, key = key](const py::object& value) {
                   PyDict_SetItem(container.ptr(), key.ptr(), value.ptr());
                 });
    }
    return;
  }
  const py::sequence items = py::reinterpret_borrow<py::sequence>(structure);
  const bool list = PyList_Check(container.ptr());
  for (size_t i = 0; i < items.size(); ++i) {
    const bool exists = Py_ssize_t(i) < PySequence_Size(container.ptr());
    const py::object current = exists ? py::object(container[py::int_(i)]) : py::object();
    store_item(current, items[i], [&](const py::object& value) {
      if (!list) return;
      if (exists)
        container[py::int_(i)] = value;
      else
        PyList_Append(container.ptr(), value.ptr());
    });
  }
}

/// The contents of captured containers, to be put back when recording fails.
class Snapshot {
 public:
  explicit Snapshot(py::handle tree) { take(tree); }
  void restore() const {
    for (const auto& [container, copy] : saved_) {
      if (PyDict_Check(container.ptr())) {
        PyDict_Clear(container.ptr());
        PyDict_Update(container.ptr(), copy.ptr());
      } else {
        PyList_SetSlice(container.ptr(), 0, PyList_GET_SIZE(container.ptr()), copy.ptr());
      }
    }
  }

 private:
  void take(py::handle tree) {
    const Level level;
    PyObject* const object = tree.ptr();
    if (PyDict_Check(object)) {
      saved_.emplace_back(py::reinterpret_borrow<py::object>(tree), owned(PyDict_Copy(object)));
      PyObject *key, *value;
      for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value);) take(value);
    } else if (PyList_Check(object) || PyTuple_Check(object)) {
      if (PyList_Check(object))
        saved_.emplace_back(py::reinterpret_borrow<py::object>(tree),
                            owned(PySequence_List(object)));
      for (Py_ssize_t i = 0; i < PySequence_Size(object); ++i)
        take(owned(PySequence_GetItem(object, i)));
    }
  }
  std::vector<std::pair<py::object, py::object>> saved_;
};

/// One recording of a Python function.
struct Recording {
  Compiled compiled;
  py::object result;   ///< structure of what the function returns
  py::object state;    ///< structure of the captured outputs
  size_t results = 0;  ///< how many arrays belong to `result`
};

class CompiledFunction {
 public:
  CompiledFunction(bool shapeless) : shapeless_(shapeless) {}

  py::object operator()(const py::object& fun, const py::object& self, const py::args& args,
                        const py::kwargs& kwargs) {
    if (!compile_enabled() || Tracing::active()) return fun(*args, **kwargs);
    const py::object captured = self.attr("_inputs"), state = self.attr("_outputs");
    CallKey key{{}, {}, shapeless_};
    key.text = std::to_string(to_stream({}).index) + '|';
    key.add(args);
    key.add(kwargs);
    key.add(captured);
    auto& recordings = per_thread_[std::this_thread::get_id()];
    auto found = recordings.find(key.text);
    if (found == recordings.end()) {
      const Snapshot before(py::make_tuple(captured, state));
      const array random = random_state();
      try {
        found = recordings.emplace(key.text, record(fun, args, kwargs, captured, state, key.arrays))
                    .first;
      } catch (...) {
        before.restore();
        set_random_state(random);
        throw;
      }
      before.restore();
      set_random_state(random);
    }
    const Recording& recording = found->second;
    const Arrays values = recording.compiled(key.arrays);
    size_t next = recording.results;
    if (!state.is_none()) store(state, recording.state, values, next);
    next = 0;
    return with_arrays(recording.result, values, next);
  }

 private:
  Recording record(const py::object& fun, const py::args& args, const py::kwargs& kwargs,
                   const py::object& captured, const py::object& state,
                   const Arrays& inputs) const {
    Recording recording;
    const auto f = [&](const Arrays& placeholders) {
      size_t next = 0;
      const auto positional = with_arrays(args, placeholders, next).cast<py::tuple>();
      const auto named = with_arrays(kwargs, placeholders, next).cast<py::dict>();
      Substitution substitution;
      substitution.apply(
          captured, [&](py::handle) { return array_object(placeholders.at(next++)); },
          [&](py::handle leaf) {
            if (is_random_state(leaf)) set_random_state(placeholders.at(next++));
          });
      const py::object result = fun(*positional, **named);
      Arrays outputs = arrays_in(result);
      recording.results = outputs.size();
      recording.result = structure_of(result);
      recording.state = structure_of(state);
      for (const array& value : state_in(state)) outputs.push_back(value);
      return outputs;
    };
    recording.compiled = compile(f, inputs, shapeless_);
    return recording;
  }

  bool shapeless_;
  std::unordered_map<std::thread::id, std::unordered_map<std::string, Recording>> per_thread_;
};

}  // namespace

void bind_compile(py::module_& m) {
  m.def(
      "compile",
      [](const py::object& fun, const py::object& inputs, const py::object& outputs,
         bool shapeless) {
        const auto compiled = std::make_shared<CompiledFunction>(shapeless);
        const py::object self = transformed(
            fun, [compiled](const py::object& f, const py::object& me, const py::args& args,
                            const py::kwargs& kwargs) { return (*compiled)(f, me, args, kwargs); });
        self.attr("_inputs") = inputs;
        self.attr("_outputs") = outputs;
        return self;
      },
      "fun"_a, "inputs"_a = py::none(), "outputs"_a = py::none(), "shapeless"_a = false,
      R"(A function like `fun` that is recorded at its first call and replayed, simplified and fused, afterwards.

It is recorded anew for other shapes, dtypes, constants or structures of its arguments; with `shapeless` shapes do not
count. `inputs` and `outputs` are lists or dicts of arrays that the function reads or changes besides its arguments,
such as a model's and an optimizer's state and mx.random.state.

Raises ValueError for arguments that are no trees of arrays and constants.)");
  m.def(
      "disable_compile", [] { set_compile_enabled(false); },
      "Makes compiled functions run as they are.");
  m.def(
      "enable_compile", [] { set_compile_enabled(true); },
      "Undoes disable_compile and the environment's MLX_DISABLE_COMPILE.");
}

}  // namespace mlx
