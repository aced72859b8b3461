// Factorisations of batches of dense row-major matrices by LAPACK, as native work: float32 and float64.
#pragma once

#include "base/dtype.h"
#include "cl/launch.h"

namespace mlx::lapack {

/// False when the library was built without LAPACK; then the functions below throw and name the package.
bool is_built_in();

/// The matrices of a call: `batch` of rows × columns, dense, from the argument's offset on.
struct Matrices {
  Dtype dtype;
  int64_t batch;
  int rows, columns;
  BufferArgument memory;
};

// A matrix that has no such factorisation surfaces as std::runtime_error at the queue's next finish(). "Smaller" is
// min(rows, columns).

/// The lower (or upper) triangular factor of n × n matrices; the other triangle becomes zero.
void cholesky(Queue& queue, const Matrices& a, const BufferArgument& factor, bool upper);
/// q: rows × smaller, r: smaller × columns.
void qr(Queue& queue, const Matrices& a, const BufferArgument& q, const BufferArgument& r);
/// Singular values (smaller), and with `vectors` u: rows × rows, vt: columns × columns.
void svd(Queue& queue, const Matrices& a, const BufferArgument& values, bool vectors, const BufferArgument& u,
         const BufferArgument& vt);
/// Of n × n matrices.
void inverse(Queue& queue, const Matrices& a, const BufferArgument& result);
void triangular_inverse(Queue& queue, const Matrices& a, const BufferArgument& result, bool upper);
/// Both factors in one matrix; pivots (smaller) and the row order they amount to (rows), as uint32 counted from zero.
void lu(Queue& queue, const Matrices& a, const BufferArgument& factors, const BufferArgument& pivots,
        const BufferArgument& order);
/// Eigenvalues, ascending, and with `vectors` the eigenvectors as columns, of symmetric n × n matrices of which one
/// triangle is read.
void eigh(Queue& queue, const Matrices& a, const BufferArgument& values, bool vectors,
          const BufferArgument& eigenvectors, bool upper);
/// Eigenvalues and eigenvectors (columns) of general n × n float32 matrices, as complex64.
void eig(Queue& queue, const Matrices& a, const BufferArgument& values, bool vectors,
         const BufferArgument& eigenvectors);

}  // namespace mlx::lapack
