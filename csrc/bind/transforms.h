// What the Python faces of the transformations share.
#pragma once

#include <functional>

#include "bind/errors.h"
#include "graph/array.h"

namespace mlx {

/// The function itself; throws TypeError for what cannot be called.
py::object callable(py::object fun);
py::object array_object(const array& x);
py::list list_of(const Arrays& values);
/// The arrays in a list or tuple argument; throws TypeError for anything else.
Arrays arrays_of_sequence(py::handle values, const char* op, const char* what);
/// The result of a function that must return an array or a sequence of them.
Arrays outputs_of(py::handle result, const char* op);
/// A callable with the name, docstring and signature of `fun`. Calls go to `call(fun, self, args,
/// kwargs)`; `fun` and everything else that may refer back to the callable live in its __dict__,
/// where the garbage collector sees them.
using TransformedCall = std::function<py::object(const py::object& fun, const py::object& self,
                                                 const py::args&, const py::kwargs&)>;
py::object transformed(const py::object& fun, TransformedCall call);

void bind_differentiation(py::module_& m);
void bind_vmap(py::module_& m);
void bind_compile(py::module_& m);
void bind_custom(py::module_& m);
void bind_export(py::module_& m);
void bind_transforms(py::module_& m);

}  // namespace mlx
