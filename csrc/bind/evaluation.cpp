// eval and async_eval in Python: trees of arrays, whatever else lies in them is ignored.
#include "bind/evaluation.h"

#include <algorithm>

#include "base/error.h"
#include "bind/call.h"
#include "bind/trees.h"
#include "graph/evaluate.h"
#include "graph/primitive.h"

namespace mlx {
namespace {

void collect(PyObject* tree, Arrays& arrays) {
  if (is_array(tree)) {
    arrays.push_back(array_of(tree));
    return;
  }
  const Level level;
  if (PyList_Check(tree) || PyTuple_Check(tree)) {
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(tree); ++i)
      collect(PySequence_Fast_GET_ITEM(tree, i), arrays);
  } else if (PyDict_Check(tree)) {
    Py_ssize_t position = 0;
    PyObject* value = nullptr;
    while (PyDict_Next(tree, &position, nullptr, &value)) collect(value, arrays);
  }
}

/// The arrays in all arguments of a call.
Arrays arrays_in(const char* function, PyObject* const* args, size_t count, PyObject* names) {
  if (names && PyTuple_GET_SIZE(names))
    throw type_error(std::string(function) + "(): takes no keyword arguments.");
  Arrays arrays;
  for (Py_ssize_t i = 0; i < PyVectorcall_NARGS(count); ++i) collect(args[i], arrays);
  return arrays;
}

PyObject* call_eval(PyObject*, PyObject* const* args, size_t count, PyObject* names) {
  return guarded([&] {
    eval(arrays_in("eval", args, count, names));
    return Py_NewRef(Py_None);
  });
}

PyObject* call_async_eval(PyObject*, PyObject* const* args, size_t count, PyObject* names) {
  return guarded([&] {
    const Arrays arrays = arrays_in("async_eval", args, count, names);
    const bool traced =
        std::any_of(arrays.begin(), arrays.end(), [](const array& x) { return x.node().tracer; });
    if (traced && Tracing::active())
      fail("async_eval", "Not allowed inside a graph transformation.");
    async_eval(arrays);
    return Py_NewRef(Py_None);
  });
}

}  // namespace

void bind_evaluation(py::module_& m) {
  add_function(m, "eval", call_eval, 1, "*args",
               "Evaluates all arrays in the arguments, which may be nested lists, tuples and "
               "dicts, and waits. "
               "ValueError inside a function that is being traced by compile or vmap.");
  add_function(m, "async_eval", call_async_eval, 1, "*args",
               "Starts the evaluation of all arrays in the arguments. "
               "ValueError for arrays that depend on what a transformation traces.");
}

}  // namespace mlx
