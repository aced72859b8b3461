// The operations in Python: every row of ops/*.def.
#pragma once

#include "bind/errors.h"

namespace mlx {

/// Functions that make, rearrange and index arrays.
void bind_shape_ops(py::module_& m);
/// Functions that compute.
void bind_math_ops(py::module_& m);
/// The submodules random and fast.
void bind_op_modules(py::module_& m);
/// Functions of packed weights and of chosen matrices, and the submodule fft.
void bind_packed_ops(py::module_& m);
/// Kernels that scripts write, in mx.fast.
void bind_kernels(py::module_& fast);
/// Second names of functions, and methods that are functions, too. After everything else.
void bind_aliases(py::module_& m);

}  // namespace mlx
