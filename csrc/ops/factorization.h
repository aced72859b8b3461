// LAPACK's routines as one primitive.
#pragma once

#include "graph/primitive.h"

namespace mlx::linalg {

/// What a routine is told besides its matrices.
struct MatrixOptions {
  bool upper = false;    ///< which triangle
  bool vectors = false;  ///< vectors wanted beside values
};

/// One matrix (m × n, row-major at inputs[0]) of a batch; inputs and outputs are the addresses of this matrix' parts.
using MatrixRoutine = void (*)(int m, int n, const std::vector<const void*>& inputs, const std::vector<void*>& outputs,
                               const std::vector<Shape>& shapes, const MatrixOptions& options);

/// A routine by dtype of its first input; null where it has none.
struct Routine {
  const char* name;
  MatrixRoutine single, twice, complex;  ///< float32, float64, complex64
  bool maps = true;                      ///< has a vmap
};

extern const Routine inverse, triangular_inverse, cholesky_factor, cholesky_inverse, qr_factors, singular_values,
    eigenvalues, hermitian_eigenvalues, lu_factors, solution, determinant;

/// Applies a routine to every matrix of the first input. Output i has the batch axes, then `shapes[i]`. All inputs
/// have the same batch axes.
Arrays factorize(const Routine& routine, const MatrixOptions& options, const Arrays& inputs,
                 const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes, const StreamOrDevice& s);

}  // namespace mlx::linalg
