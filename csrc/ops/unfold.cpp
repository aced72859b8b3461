// Convolution by matrix products over unfolded windows, a part of the batch at a time.
#include <algorithm>

#include "graph/primitive.h"
#include "ops/convolution.h"

namespace mlx {
namespace {

/// Memory for unfolded windows: on CPU devices as much as the last cache holds.
int64_t patch_bytes(const Queue& queue) {
  return int64_t(1) << (queue.device().facts().is_cpu ? 23 : 27);
}

/// The same struct as in kernels/conv.cl, with leading axes of size 1 where there are fewer than
/// three.
struct Window {
  int input[3] = {1, 1, 1}, kernel[3] = {1, 1, 1}, output[3] = {1, 1, 1}, stride[3] = {1, 1, 1},
      low[3] = {}, dilation[3] = {1, 1, 1};
  int channels, groups;
};

Window make_window(const Convolution& c) {
  Window w;
  const int axes = int(c.stride.size());
  for (int i = 0; i < axes; ++i) {
    const int to = 3 - axes + i;
    w.input[to] = c.input[1 + i];
    w.kernel[to] = c.weight[1 + i];
    w.output[to] = c.output[1 + i];
    w.stride[to] = c.stride[i];
    w.low[to] = c.pad_low[i];
    w.dilation[to] = c.dilation[i];
  }
  w.channels = c.input.back();
  w.groups = c.groups;
  return w;
}

void rearrange(Queue& queue, const char* kernel, Dtype dtype, int64_t elements,
               const BufferArgument& from, const BufferArgument& to, int64_t batch,
               const Window& window) {
  Launch step = launch(queue, "conv", kernel, {{"T", dtype}});
  step.set(from);
  step.set(to);
  step.set(batch);
  step.set_bytes(&window, sizeof window);
  step.over(work_items(queue, Work::unfold, elements))
      .moving(size_t(2 * elements * dtype.size()))
      .enqueue();
}

int64_t volume(const Shape& shape) {  ///< without first and last axis
  return size_of(shape) / (int64_t(shape.front()) * shape.back());
}

}  // namespace

void correlate_unfolded(Queue& queue, const Convolution& c, Pass pass, const array& a,
                        const array& b, const array& result) {
  const Window window = make_window(c);
  const array& input = pass == Pass::input_gradient ? result : a;
  const array& weight = pass == Pass::weight_gradient ? result : b;
  const array& output = pass == Pass::forward ? result : pass == Pass::input_gradient ? a : b;
  const int64_t groups = c.groups, features = c.output.back(), k = size_of(c.weight) / c.weight[0];
  const int64_t positions = volume(c.output), row_bytes = positions * k * groups * c.dtype.size();
  const int64_t step =
      std::clamp<int64_t>(patch_bytes(queue) / std::max<int64_t>(1, row_bytes), 1, c.input[0]);
  const Ref<Buffer> patches = queue.device().allocator().allocate(size_t(step * row_bytes), &queue);
  const Matrix weights{&weight.buffer(), weight.offset(), false, k, features / groups * k};
  for (int64_t n = 0; n < c.input[0]; n += step) {
    const int64_t batch = std::min(step, c.input[0] - n), rows = batch * positions;
    const int64_t pixels = volume(c.input) * c.input.back(), at = input.offset() + n * pixels;
    const Matrix patch{patches.get(), 0, false, k, rows * k};
    const Matrix outputs{&output.buffer(), output.offset() + n * positions * features, false,
                         features, features / groups};
    const auto transposed = [](Matrix m) { return m.transposed = true, m; };
    if (pass != Pass::input_gradient)
      rearrange(queue, "unfold", c.dtype, rows * k * groups, {&input.buffer(), at, false},
                {patches.get(), 0, true}, batch, window);
    if (pass == Pass::forward)
      multiply(queue,
               {c.dtype, groups, rows, features / groups, k, patch, transposed(weights), outputs});
    else if (pass == Pass::weight_gradient)
      multiply(queue, {c.dtype, groups, features / groups, k, rows, transposed(outputs), patch,
                       weights, 1, n == 0 ? 0.0f : 1.0f});
    else
      multiply(queue, {c.dtype, groups, rows, k, features / groups, outputs, weights, patch});
    if (pass == Pass::input_gradient)
      rearrange(queue, "fold", c.dtype, batch * pixels, {patches.get(), 0, false},
                {&input.buffer(), at, true}, batch, window);
  }
}

}  // namespace mlx
