// The operations in Python: every row of ops/*.def becomes a function (OP) or a method of array (METHOD).
#pragma once

#include "bind/call.h"
#include "bind/errors.h"

namespace mlx {

#define OP(name, function, signature, doc) add_function<&function>(m, #name, signature, doc);
#define METHOD(name, function, signature, doc) add_method<&function>(#name, signature, doc);

void bind_ops(py::module_& m);
// Its parts, one file each.
void bind_arrangement(py::module_& m);  ///< creation, shapes, indexing
void bind_reductions(py::module_& m);   ///< reductions, scans, sorting
void bind_products(py::module_& m);     ///< matrix products, convolutions, quantisation
void bind_submodules(py::module_& m);   ///< fast, linalg, fft
void bind_random(py::module_& m);
/// Second names of functions; after everything else.
void bind_aliases(py::module_& m);

}  // namespace mlx
