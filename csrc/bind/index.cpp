// Reading a Python index.
#include "bind/index.h"

#include <limits>

#include "base/error.h"
#include "bind/convert.h"
#include "ops/indexing.h"

namespace mlx {
namespace {

[[noreturn]] void no_index(PyObject* object) {
  fail("index", "an object of type ", Py_TYPE(object)->tp_name, " cannot index an array.");
}

int bounded(PyObject* object, int low_default) {
  if (object == Py_None) return low_default;
  if (!PyIndex_Check(object) || is_array(object))
    fail("index", "slice indices must be integers or None.");
  const py::object number = owned(PyNumber_Index(object));
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow || value != int32_t(value)) fail("index", "slice indices must be 32-bit integers.");
  return int(value);
}

bool is_integer(PyObject* object) {
  if (PyBool_Check(object)) return false;
  if (PyLong_Check(object)) return true;
  // NumPy's integer scalars have __index__; its arrays too, and it works for those without axes.
  if (is_array(object) || !PyIndex_Check(object)) return false;
  const py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(object));
  if (!number) PyErr_Clear();
  return bool(number);
}

IndexEntry integer_entry(const array& a, int axis, PyObject* object) {
  const int n = a.shape(axis), given = bounded(object, 0), at = given < 0 ? given + n : given;
  return {IndexEntry::integer, axis, at, at + 1, 1, {}};
}

IndexEntry range_entry(const array& a, int axis, PyObject* object) {
  const auto* const slice = reinterpret_cast<PySliceObject*>(object);
  const int step = bounded(slice->step, 1);
  if (step == 0) fail("index", "the step of a slice must not be zero.");
  const int64_t n = a.shape(axis);
  const int none = std::numeric_limits<int>::min();
  const auto position = [&](PyObject* bound, int64_t otherwise, int64_t low, int64_t high) {
    if (bound == Py_None) return int(otherwise);
    const int64_t value = bounded(bound, none);
    return int(std::clamp<int64_t>(value < 0 ? value + n : value, low, high));
  };
  IndexEntry entry{IndexEntry::range, axis, 0, 0, step, {}};
  entry.start =
      step > 0 ? position(slice->start, 0, 0, n) : position(slice->start, n - 1, -1, n - 1);
  entry.stop = step > 0 ? position(slice->stop, n, 0, n) : position(slice->stop, -1, -1, n - 1);
  // A start of -1, which ends up before the first element, must not count from the end again.
  if (step > 0 ? entry.stop <= entry.start : entry.stop >= entry.start)
    entry.start = entry.stop = 0;
  return entry;
}

IndexEntry whole_entry(const array& a, int axis) {
  return {IndexEntry::range, axis, 0, a.shape(axis), 1, {}};
}

IndexEntry entry_of(const array& a, int axis, PyObject* object) {
  if (object == Py_None) return {IndexEntry::new_axis, -1, 0, 0, 1, {}};
  if (axis >= a.ndim())
    fail("index", "too many indices for an array of ", a.ndim(), " dimensions.");
  if (PySlice_Check(object)) return range_entry(a, axis, object);
  if (is_integer(object)) return integer_entry(a, axis, object);
  if (!is_array(object) && !PyList_Check(object)) no_index(object);
  array indices = is_array(object) ? array_of(object) : array_from(object);
  if (!indices.dtype().is_integer())
    fail("index", "indices must be integers, not ", indices.dtype().name(), ".");
  return {IndexEntry::array_of_integers, axis, 0, a.shape(axis), 1, std::move(indices)};
}

}  // namespace

std::vector<IndexEntry> index_entries(const array& a, PyObject* index) {
  std::vector<PyObject*> objects;
  if (PyTuple_Check(index)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(index); ++i)
      objects.push_back(PyTuple_GET_ITEM(index, i));
  } else {
    objects.push_back(index);
  }
  int used = 0, ellipses = 0;
  std::vector<std::optional<array>> masks;
  for (PyObject* const object : objects) {
    masks.push_back(mask_from(object));
    ellipses += object == Py_Ellipsis;
    used += masks.back() ? masks.back()->ndim() : object != Py_Ellipsis && object != Py_None;
  }
  if (ellipses > 1) fail("index", "an index can only have a single ellipsis (...).");
  if (used > a.ndim()) {
    for (PyObject* const object : objects)
      if (object != Py_Ellipsis && object != Py_None && !PySlice_Check(object) &&
          !is_integer(object) && !is_array(object) && !PyList_Check(object) && !mask_from(object))
        no_index(object);
    for (const std::optional<array>& mask : masks)
      if (mask)
        fail<std::out_of_range>("index", "too many indices for an array of ", a.ndim(),
                                " dimensions.");
    fail("index", "too many indices for an array of ", a.ndim(), " dimensions.");
  }
  std::vector<IndexEntry> entries;
  int axis = 0;
  for (size_t k = 0; k < objects.size(); ++k) {
    PyObject* const object = objects[k];
    if (object == Py_Ellipsis) {
      for (int i = used; i < a.ndim(); ++i) entries.push_back(whole_entry(a, axis++));
    } else if (masks[k]) {
      if (masks[k]->ndim() == 0) fail("index", "a single bool must be the whole index.");
      check_mask(a, *masks[k], axis);
      for (array& places : true_coordinates(*masks[k], "index", {})) {
        entries.push_back(
            {IndexEntry::array_of_integers, axis, 0, a.shape(axis), 1, std::move(places)});
        ++axis;
      }
    } else {
      entries.push_back(entry_of(a, axis, object));
      axis += object != Py_None;
    }
  }
  while (axis < a.ndim()) entries.push_back(whole_entry(a, axis++));
  return entries;
}

std::optional<array> mask_from(PyObject* index) {
  if (is_array(index))
    return array_of(index).dtype() == bool_ ? std::optional<array>(array_of(index)) : std::nullopt;
  if (PyBool_Check(index)) return array(int(index == Py_True), bool_);
  if (PyList_Check(index)) {
    PyObject* first = index;
    while (PyList_Check(first) && PyList_GET_SIZE(first)) first = PyList_GET_ITEM(first, 0);
    if (PyList_Check(first) || is_integer(first)) return {};
    const array mask = array_from(index);
    return mask.dtype() == bool_ ? std::optional<array>(mask) : std::nullopt;
  }
  if (PyTuple_Check(index) || PySlice_Check(index) || index == Py_None || index == Py_Ellipsis ||
      is_integer(index) || !PyObject_CheckBuffer(index) || PyBytes_Check(index))
    return {};
  const std::optional<array> foreign = foreign_array(index);
  return foreign && foreign->dtype() == bool_ ? foreign : std::nullopt;
}

void check_mask(const array& a, const array& mask, int axis) {
  if (axis + mask.ndim() > a.ndim())
    fail<std::out_of_range>("index", "too many indices for an array of ", a.ndim(), " dimensions.");
  for (int i = 0; i < mask.ndim(); ++i)
    if (mask.shape(i) != a.shape(axis + i))
      fail<std::out_of_range>("index", "a mask of shape ", to_string(mask.shape()),
                              " does not match axis ", axis + i, " of an array of shape ",
                              to_string(a.shape()), ".");
}

IndexBounds bounds_of(const array& a, const std::vector<IndexEntry>& entries) {
  IndexBounds bounds;
  for (const IndexEntry& entry : entries) {
    if (entry.kind == IndexEntry::new_axis) continue;
    bounds.start.push_back(entry.start);
    bounds.stop.push_back(entry.stop);
    bounds.strides.push_back(entry.step);
    bounds.whole &= entry.kind != IndexEntry::integer && entry.start == 0 &&
                    entry.stop == a.shape(entry.axis) && entry.step == 1;
  }
  return bounds;
}

}  // namespace mlx
