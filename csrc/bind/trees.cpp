// Python trees of arrays: nested lists, tuples and dicts.
#include "bind/trees.h"

#include "base/error.h"
#include "bind/array_type.h"

namespace mlx {
namespace {

constexpr int deepest = 1000;

/// A tuple of the type of `like` (a namedtuple takes its items one by one).
py::object tuple_like(py::handle like, const py::tuple& items) {
  if (PyTuple_CheckExact(like.ptr())) return items;
  const py::object type =
      py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(like.ptr())));
  return py::hasattr(like, "_fields") ? type(*items) : type(items);
}

}  // namespace

thread_local int Level::depth = 0;

Level::Level() {
  if (depth == deepest)
    fail("tree", "lists, tuples and dicts are nested more than ", deepest,
         " deep, or one contains itself.");
  ++depth;
}

void for_each_leaf(py::handle tree, const std::function<void(py::handle)>& visit) {
  const Level level;
  PyObject* const object = tree.ptr();
  if (PyList_Check(object)) {
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(object); ++i)
      for_each_leaf(PyList_GET_ITEM(object, i), visit);
  } else if (PyTuple_Check(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i)
      for_each_leaf(PyTuple_GET_ITEM(object, i), visit);
  } else if (PyDict_Check(object)) {
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value);) for_each_leaf(value, visit);
  } else {
    visit(tree);
  }
}

py::object map_leaves(py::handle tree, const std::function<py::object(py::handle)>& map) {
  const Level level;
  PyObject* const object = tree.ptr();
  if (PyDict_Check(object)) {
    py::dict result;
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(tree))
      result[key] = map_leaves(value, map);
    return result;
  }
  if (PyList_Check(object)) {
    py::list result;
    for (const py::handle item : py::reinterpret_borrow<py::list>(tree))
      result.append(map_leaves(item, map));
    return result;
  }
  if (!PyTuple_Check(object)) return map(tree);
  const Py_ssize_t size = PyTuple_GET_SIZE(object);
  py::tuple items(size);
  for (Py_ssize_t i = 0; i < size; ++i) items[i] = map_leaves(PyTuple_GET_ITEM(object, i), map);
  return tuple_like(tree, items);
}

Arrays arrays_in(py::handle tree) {
  Arrays result;
  for_each_leaf(tree, [&](py::handle leaf) {
    if (is_array(leaf.ptr())) result.push_back(array_of(leaf.ptr()));
  });
  return result;
}

py::object with_arrays(py::handle tree, const Arrays& values, size_t& next) {
  return map_leaves(tree, [&](py::handle leaf) {
    if (!is_array(leaf.ptr())) return py::reinterpret_borrow<py::object>(leaf);
    return py::reinterpret_steal<py::object>(wrap(values.at(next++)));
  });
}

py::object Substitution::apply_to_dict(py::dict dict,
                                       const std::function<py::object(py::handle)>& replace,
                                       const std::function<void(py::handle)>& other) {
  std::vector<std::pair<py::object, py::object>> items;
  for (const auto& [key, value] : dict)
    items.emplace_back(py::reinterpret_borrow<py::object>(key),
                       py::reinterpret_borrow<py::object>(value));
  for (const auto& [key, value] : items) {
    py::object stand_in = apply(value, replace, other);
    if (stand_in.is(value)) continue;
    PyDict_SetItem(dict.ptr(), key.ptr(), stand_in.ptr());
    changes_.push_back({dict, key, value, std::move(stand_in)});
  }
  return dict;
}

py::object Substitution::apply_to_list(py::list list,
                                       const std::function<py::object(py::handle)>& replace,
                                       const std::function<void(py::handle)>& other) {
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.ptr()); ++i) {
    const py::object value = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(list.ptr(), i));
    py::object stand_in = apply(value, replace, other);
    if (stand_in.is(value)) continue;
    list[i] = stand_in;
    changes_.push_back({list, py::int_(i), value, std::move(stand_in)});
  }
  return list;
}

py::object Substitution::apply(py::handle tree,
                               const std::function<py::object(py::handle)>& replace,
                               const std::function<void(py::handle)>& other) {
  const Level level;
  PyObject* const object = tree.ptr();
  if (PyDict_Check(object))
    return apply_to_dict(py::reinterpret_borrow<py::dict>(tree), replace, other);
  if (PyList_Check(object))
    return apply_to_list(py::reinterpret_borrow<py::list>(tree), replace, other);
  if (PyTuple_Check(object)) {
    const Py_ssize_t size = PyTuple_GET_SIZE(object);
    py::tuple items(size);
    bool changed = false;
    for (Py_ssize_t i = 0; i < size; ++i) {
      py::object item = apply(PyTuple_GET_ITEM(object, i), replace, other);
      changed |= item.ptr() != PyTuple_GET_ITEM(object, i);
      items[i] = std::move(item);
    }
    return changed ? tuple_like(tree, items) : py::reinterpret_borrow<py::object>(tree);
  }
  if (is_array(object)) return replace(tree);
  other(tree);
  return py::reinterpret_borrow<py::object>(tree);
}

Substitution::~Substitution() {
  const py::error_scope pending;  // the function's exception survives the clean-up
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    PyObject* const container = change->container.ptr();
    if (PyDict_Check(container)) {
      if (PyDict_GetItem(container, change->key.ptr()) == change->stand_in.ptr())
        PyDict_SetItem(container, change->key.ptr(), change->original.ptr());
      continue;
    }
    const Py_ssize_t i = PyLong_AsSsize_t(change->key.ptr());
    if (i < PyList_GET_SIZE(container) && PyList_GET_ITEM(container, i) == change->stand_in.ptr())
      PyList_SetItem(container, i, change->original.inc_ref().ptr());
  }
  PyErr_Clear();
}

}  // namespace mlx
