// Indexing in Python: a[index], a[index] = value, a.at[index].
#pragma once

#include "bind/array_type.h"

namespace mlx {

/// a[index] as a new Python array.
PyObject* array_getitem(const array& a, PyObject* index);
/// The value of `a` after a[index] = value.
array array_setitem(const array& a, PyObject* index, PyObject* value);
/// a.at as a new Python object.
PyObject* array_at(const array& a);

/// The type ArrayAt.
void bind_indexing(py::module_& m);

}  // namespace mlx
