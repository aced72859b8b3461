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

using AxesOfLeaves = std::vector<std::optional<int>>;

/// Appends an axis for each array of `tree`, read off a prefix tree of ints and None; false where
/// the two trees differ.
bool match_axes(py::handle axes, py::handle tree, AxesOfLeaves& result) {
  const Level level;
  PyObject *const a = axes.ptr(), *const t = tree.ptr();
  if (a == Py_None || PyLong_Check(a)) {
    const std::optional<int> axis =
        a == Py_None ? std::nullopt : std::optional<int>(axes.cast<int>());
    for_each_leaf(tree, [&](py::handle) { result.push_back(axis); });
    return true;
  }
  if (PyDict_Check(a)) {
    if (!PyDict_Check(t) || PyDict_Size(a) != PyDict_Size(t)) return false;
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(tree)) {
      PyObject* const axis = PyDict_GetItem(a, key.ptr());
      if (!axis || !match_axes(axis, value, result)) return false;
    }
    return true;
  }
  if (!PyList_Check(a) && !PyTuple_Check(a))
    fail("vmap", "an axis must be an int or None, got ", Py_TYPE(a)->tp_name, ".");
  const bool alike = PyList_Check(a) ? PyList_Check(t) : PyTuple_Check(t);
  if (!alike || PySequence_Size(a) != PySequence_Size(t)) return false;
  const auto entries = py::reinterpret_borrow<py::sequence>(axes),
             parts = py::reinterpret_borrow<py::sequence>(tree);
  for (size_t i = 0; i < parts.size(); ++i)
    if (!match_axes(entries[i], parts[i], result)) return false;
  return true;
}

/// The axes for a tree that stands alone, bare or as the only entry of a tuple.
AxesOfLeaves axes_of_one(py::handle axes, py::handle tree, const char* which, bool any_in_tuple) {
  AxesOfLeaves result;
  if (match_axes(axes, tree, result)) return result;
  result.clear();
  const bool wrapped = PyTuple_Check(axes.ptr()) && PyTuple_GET_SIZE(axes.ptr()) == 1 &&
                       (any_in_tuple || is_array(tree.ptr()));
  if (!wrapped || !match_axes(PyTuple_GET_ITEM(axes.ptr(), 0), tree, result))
    fail("vmap", which,
         " must be a prefix of the tree of arrays, with the same lists, tuples and dicts.");
  return result;
}

void check_arrays(py::handle tree, const char* what) {
  for_each_leaf(tree, [&](py::handle leaf) {
    if (!is_array(leaf.ptr()))
      fail("vmap", what, " may hold arrays only, got ", Py_TYPE(leaf.ptr())->tp_name, ".");
  });
}

std::vector<int> input_axes(py::handle in_axes, const py::args& args, const Arrays& inputs) {
  AxesOfLeaves axes;
  if (args.size() == 1)
    axes = axes_of_one(in_axes, args[0], "in_axes", true);
  else if (!match_axes(in_axes, args, axes))
    fail("vmap", "in_axes must be a prefix of the tuple of ", args.size(),
         " arguments, with the same lists, tuples and dicts.");
  std::vector<int> result;
  bool mapped = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (axes[i] && inputs[i].ndim() == 0)
      fail<std::out_of_range>("vmap", "a 0-dimensional array cannot be mapped.");
    result.push_back(axes[i] ? normalize_axis(*axes[i], inputs[i].ndim(), "vmap") : -1);
    mapped |= axes[i].has_value();
  }
  if (!mapped) fail("vmap", "at least one argument must be mapped.");
  return result;
}

py::object make_vmap(const py::object& fun, const py::object& in_axes, const py::object& out_axes) {
  for (const py::object& axes : {in_axes, out_axes})
    if (axes.is_none())
      throw py::type_error(
          "[vmap] in_axes and out_axes must be an int or a tree of them, not None.");
  const auto call = [in_axes, out_axes](const py::object& fun, const py::object&,
                                        const py::args& args, const py::kwargs& kwargs) {
    if (!kwargs.empty())
      throw py::type_error("[vmap] a batched function takes positional arguments only.");
    check_arrays(args, "the arguments");
    const Arrays inputs = arrays_in(args);
    if (inputs.empty()) fun(*args);  // what it raises comes before there being nothing to map
    py::object tree;
    const auto f = [&](const Arrays& values) {
      size_t next = 0;
      tree = fun(*with_arrays(args, values, next).cast<py::tuple>());
      check_arrays(tree, "the function's result");
      return arrays_in(tree);
    };
    const auto place = [&](const Arrays& outputs) {
      const AxesOfLeaves axes = axes_of_one(out_axes, tree, "out_axes", false);
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
prefix of the arguments, where an entry stands for everything below it; `out_axes` says in the same way where the batch
axis of the results goes. Arguments are trees of arrays; keyword arguments are not taken.

Raises IndexError for axes that are out of range, ValueError for axes whose sizes differ, for trees that do not match,
and for an operation without a batching rule.)");
}

}  // namespace mlx
