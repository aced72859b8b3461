// What each library offers to the dispatcher in blas.cpp.
#pragma once

#include "cl/blas.h"

namespace mlx {

/// oneDNN as native kernels of a CPU device. Each returns false when it does not serve the case.
namespace onednn {
bool multiply(Queue& queue, const Product& product);
bool convolve(Queue& queue, const Convolution& convolution, Pass pass, BufferArgument a,
              BufferArgument b, BufferArgument result);
bool can_convolve(const Convolution& convolution, Pass pass);
/// False where float32 products of widened operands are clearly faster than its bfloat16 ones
/// (measured once).
bool multiplies_bfloat16_well();
/// True when that takes several times as long as in float32: by a reference implementation.
bool multiplies_bfloat16_badly();
std::string version();  ///< empty when not built in
}  // namespace onednn

/// OpenBLAS as native kernels of a CPU device: float32, float64 and complex64.
namespace openblas {
bool multiply(Queue& queue, const Product& product);
std::string version();
}  // namespace openblas

/// CLBlast on any other device; a precision is used only after small products agreed with our own
/// kernel.
namespace clblast_library {
bool multiply(Queue& queue, const Product& product);
/// Gives back the programs it keeps, which it would otherwise do by a static destructor: too late
/// for some drivers.
void release_programs();
std::string version();  ///< empty when not built in
}  // namespace clblast_library

/// The memory a library sees, in bytes from the start of the buffer. Only inside or right before
/// native work.
inline char* address(const Matrix& matrix, Dtype dtype) {
  return static_cast<char*>(matrix.buffer->raw()) + matrix.offset * dtype.size();
}

}  // namespace mlx
