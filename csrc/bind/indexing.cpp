// Indexing in Python: a[index], a[index] = value, a.at[index].
#include "bind/indexing.h"

namespace mlx {

PyObject* array_getitem(const array&, PyObject*) { throw std::runtime_error("[getitem] not built."); }
array array_setitem(const array&, PyObject*, PyObject*) { throw std::runtime_error("[setitem] not built."); }
PyObject* array_at(const array&) { throw std::runtime_error("[at] not built."); }
void bind_indexing(py::module_&) {}

}  // namespace mlx
