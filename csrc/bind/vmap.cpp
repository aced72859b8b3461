// The Python face of vmap: axes as trees.
#include "transforms/vmap.h"

#include <optional>

#include "base/error.h"
#include "bind/array_type.h"
#include "bind/transforms.h"
#include "bind/trees.h"

namespace mlx {
namespace {

using namespace py::literals;

/// One axis per array of `tree`, read off a prefix tree of ints and None. `depth` counts the
/// containers around: None may be a whole entry of the outermost tuple only.
void match_axes(py::handle axes, py::handle tree, std::vector<std::optional<int>>& result, int depth) {
  PyObject* const a = axes.ptr();
  if (a == Py_None || (PyLong_Check(a) && !PyBool_Check(a))) {
    if (a == Py_None && depth != 1) fail("vmap", "None is allowed only as a whole entry of the axes.");
    const std::optional<int> axis = a == Py_None ? std::nullopt : std::optional<int>(axes.cast<int>());
    for_each_leaf(tree, [&](py::handle leaf) {
      if (is_array(leaf.ptr())) result.push_back(axis);
    });
    return;
  }
  PyObject* const t = tree.ptr();
  if (PyDict_Check(a) && PyDict_Check(t) && PyDict_Size(a) == PyDict_Size(t)) {
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(tree)) {
      PyObject* const axis = PyDict_GetItem(a, key.ptr());
      if (!axis) fail("vmap", "the axes have no entry for a key of the tree.");
      match_axes(axis, value, result, depth + 2);
    }
    return;
  }
  const bool sequences = (PyList_Check(a) || PyTuple_Check(a)) && (PyList_Check(t) || PyTuple_Check(t));
  if (!sequences) {
    if (PyList_Check(a) || PyTuple_Check(a) || PyDict_Check(a)) fail("vmap", "the tree of axes does not match the tree of arrays.");
    fail("vmap", "an axis must be an int or None, got ", Py_TYPE(a)->tp_name, ".");
  }
  if (PySequence_Size(a) != PySequence_Size(t)) fail("vmap", PySequence_Size(a), " axes for ", PySequence_Size(t), " arguments.");
  for (Py_ssize_t i = 0; i < PySequence_Size(t); ++i)
    match_axes(py::reinterpret_borrow<py::sequence>(axes)[i], py::reinterpret_borrow<py::sequence>(tree)[i], result, depth + (PyTuple_Check(a) ? 1 : 2));
}

std::vector<int> input_axes(py::handle in_axes, const py::args& args, const Arrays& inputs) {
  std::vector<std::optional<int>> axes;
  match_axes(in_axes, args, axes, 0);
  std::vector<int> result;
  bool mapped = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (axes[i] && inputs[i].ndim() == 0) fail("vmap", "a 0-dimensional array cannot be mapped.");
    result.push_back(axes[i] ? normalize_axis(*axes[i], inputs[i].ndim(), "vmap") : -1);
    mapped |= axes[i].has_value();
  }
  if (!mapped) fail("vmap", "at least one argument must be mapped.");
  return result;
}

py::object make_vmap(const py::object& fun, const py::object& in_axes, const py::object& out_axes) {
  for (const py::object& axes : {in_axes, out_axes})
    if (axes.is_none()) throw py::type_error("[vmap] in_axes and out_axes must be an int or a tree of them, not None.");
  const auto call = [in_axes, out_axes](const py::object& fun, const py::object&, const py::args& args, const py::kwargs& kwargs) {
    if (!kwargs.empty()) throw py::type_error("[vmap] a batched function takes positional arguments only.");
    const Arrays inputs = arrays_in(args);
    py::object tree;
    const auto f = [&](const Arrays& values) {
      size_t next = 0;
      tree = fun(*with_arrays(args, values, next).cast<py::tuple>());
      for_each_leaf(tree, [](py::handle leaf) {
        if (!is_array(leaf.ptr())) fail("vmap", "the function may return arrays only, got ", Py_TYPE(leaf.ptr())->tp_name, ".");
      });
      return arrays_in(tree);
    };
    const auto place = [&](const Arrays& outputs) {
      std::vector<std::optional<int>> axes;
      match_axes(out_axes, tree, axes, 0);
      std::vector<int> result;
      for (size_t i = 0; i < outputs.size(); ++i)
        result.push_back(axes[i] ? normalize_axis(*axes[i], outputs[i].ndim() + 1, "vmap") : -1);
      return result;
    };
    const Arrays outputs = vmap(f, inputs, input_axes(in_axes, args, inputs), place);
    size_t next = 0;
    return with_arrays(tree, outputs, next);
  };
  return transformed(fun, call);
}

}  // namespace

void bind_vmap(py::module_& m) {
  m.def("vmap", &make_vmap, "fun"_a, "in_axes"_a = 0, "out_axes"_a = 0,
        R"(A function that applies `fun`, written for single examples, to whole batches at once.

`in_axes` gives the batch axis of each positional argument: an int, None (not batched), or a tree of them that is a
prefix of the arguments; `out_axes` says where the batch axis of the results goes. Keyword arguments are not taken.

Raises ValueError for axes that are out of range or whose sizes differ, and for an operation without a batching rule.)");
}

}  // namespace mlx
