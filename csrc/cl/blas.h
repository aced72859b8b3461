// Matrix products and convolutions by libraries: oneDNN and OpenBLAS on CPU devices, CLBlast
// elsewhere.
#pragma once

#include "base/dtype.h"
#include "base/shape.h"
#include "cl/buffer.h"
#include "cl/launch.h"

namespace mlx {

/// One operand: `batch` matrices of rows × columns elements, `leading` elements apart between rows
/// (between columns when `transposed`), offsets of the batches given one by one or by a constant
/// stride.
struct Matrix {
  Buffer* buffer;
  int64_t offset;   ///< elements
  bool transposed;  ///< stored column-major
  int64_t leading;
  int64_t batch_stride;  ///< elements from one matrix to the next; 0 repeats
};

/// c = alpha · a @ b + beta · c for every batch; all of one dtype (b may be of float32 already), c
/// row-major.
struct Product {
  Dtype dtype;
  int64_t batch, m, n, k;
  Matrix a, b, c;
  float alpha = 1, beta = 0;
  bool wide_b = false;  ///< b is float32 while dtype is of 16 bits
  bool wide_c = false;  ///< c is float32 while dtype is bfloat16
};

/// False only for dtypes that the device cannot compute with.
/// On GPUs CLBlast is trusted with a precision only after a small product agreed with our own
/// kernel.
bool can_multiply(Queue& queue, const Product& product);
/// Every floating and complex dtype on every device (float64 where the device has it).
void multiply(Queue& queue, const Product& product);
/// Several products of the same few rows with large matrices in one launch, where that serves them
/// (the buffers of c may be null when asking). All are given as for multiply().
constexpr size_t most_together = 3;
constexpr int64_t most_few_rows = 8;
bool can_multiply_together(Queue& queue, const std::vector<Product>& products);
void multiply_together(Queue& queue, const std::vector<Product>& products);
/// True when 16-bit operands will be copied to float32 first, so that a float32 b saves a copy.
bool widens(Queue& queue, const Product& product);
/// True when a product of bfloat16 is served by the processor's own instructions, and may have a
/// float32 c.
bool multiplies_bfloat16(Queue& queue, const Product& product);
/// The same by our own kernel, which serves what the libraries lack.
void multiply_with_kernel(Queue& queue, const Product& product);

/// A cross-correlation of channels-last data, 1 to 3 spatial dimensions.
struct Convolution {
  Dtype dtype;
  Shape input;                                           ///< (N, spatial…, C)
  Shape weight;                                          ///< (O, spatial…, C / groups)
  Shape output;                                          ///< (N, spatial…, O)
  std::vector<int> stride, pad_low, pad_high, dilation;  ///< dilation 1 is dense
  int groups = 1;
};
/// The forward pass and its two gradients, as oneDNN native kernels. All buffers are row-major from
/// their offset.
enum class Pass { forward, input_gradient, weight_gradient };
bool can_convolve(Queue& queue, const Convolution& convolution, Pass pass);
/// forward: (input, weight) → output; input_gradient: (cotangent, weight) → input; weight_gradient:
/// (input, cotangent) → weight.
void convolve(Queue& queue, const Convolution& convolution, Pass pass, BufferArgument a,
              BufferArgument b, BufferArgument result);

/// Names and versions of the libraries built in, for `python -m mlx`.
std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace mlx
