// LAPACK's routines as one primitive.
#pragma once

#include "graph/primitive.h"

namespace mlx::linalg {

/// What a routine is told besides its matrices.
struct MatrixOptions {
  bool upper = false;    ///< which triangle
  bool vectors = false;  ///< vectors wanted beside values
};

/// One matrix (m × n, row-major at inputs[0]) of a batch; inputs and outputs are the addresses of
/// this matrix' parts.
using MatrixRoutine = void (*)(int m, int n, const std::vector<const void*>& inputs,
                               const std::vector<void*>& outputs, const std::vector<Shape>& shapes,
                               const MatrixOptions& options);

/// One application of a routine, and the cotangents of its outputs.
struct Applied {
  const Arrays &inputs, &outputs, &cotangents;
  const MatrixOptions& options;
};
/// The cotangents of all inputs, in array operations that have derivatives themselves.
using Pullback = Arrays(const Applied& of);

/// A routine by dtype of its first input; null where it has none.
struct Routine {
  const char* name;
  MatrixRoutine single, twice, complex;  ///< float32, float64, complex64
  Pullback* pullback;
};

extern const Routine inverse, triangular_inverse, cholesky_factor, cholesky_inverse, qr_factors,
    singular_values, eigenvalues, hermitian_eigenvalues, lu_factors, solution, determinant,
    sign_and_logarithm, cofactors, pseudo_inverse;

/// Applies a routine to every matrix of the first input. Output i has the batch axes, then
/// `shapes[i]`. All inputs have the same batch axes.
Arrays factorize(const Routine& routine, const MatrixOptions& options, const Arrays& inputs,
                 const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes,
                 const StreamOrDevice& s);
/// The same for a routine that makes one array of the input's shape and dtype.
array factorize_alike(const Routine& routine, const MatrixOptions& options, const array& a,
                      const StreamOrDevice& s);

/// Throws where a factorisation that a file holds does not fit its matrices; for others it does
/// nothing.
void check_factorization(const Primitive& primitive, const Arrays& inputs,
                         const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes);

/// max(m, n) * epsilon: how uncertain singular values and eigenvalues are, relative to the largest.
double uncertainty(const array& a);
/// How far below the largest a singular value counts as zero, and how close two values count as
/// equal.
inline double cutoff(const array& a) {
  return 10 * uncertainty(a);
}

// The rules of the routines above; the formulas' sources stand beside them.
Pullback pull_inverse, pull_triangular_inverse, pull_cholesky, pull_cholesky_inverse, pull_qr,
    pull_singular, pull_eigen, pull_hermitian, pull_lu, pull_solution, pull_determinant,
    pull_logarithm, pull_cofactors, pull_pseudo_inverse;

}  // namespace mlx::linalg
