// Matrix products by our own kernels: every element type on every device.
#include "cl/blas.h"
#include "cl/group_sizes.h"
#include "cl/launch.h"

namespace mlx {

void multiply_with_kernel(Queue& queue, const Product& p) {
  int group = square_group(queue.device().facts());
  const auto kernel_of = [&](int side) -> Kernel& {
    const Defines defines{
        {"T", p.dtype}, {"GROUP", side}, {"IS_COMPLEX", int(p.dtype.is_complex())}};
    return queue.device().kernels().kernel("matmul", "matmul_tiled", defines);
  };
  Kernel& kernel = fit_group(queue, group, kernel_of, true);
  const size_t tile = size_t(4 * group);
  const auto rows = [](const Matrix& x) { return x.transposed ? int64_t(1) : x.leading; };
  const auto columns = [](const Matrix& x) { return x.transposed ? x.leading : int64_t(1); };
  const auto groups = [&](int64_t extent) {
    return (size_t(extent) + tile - 1) / tile * size_t(group);
  };
  Launch(queue, kernel)
      .over(groups(p.n), groups(p.m), size_t(p.batch))
      .in_groups_of(size_t(group), size_t(group))
      .with(BufferArgument{p.a.buffer, p.a.offset, false}, rows(p.a), columns(p.a),
            p.a.batch_stride, BufferArgument{p.b.buffer, p.b.offset, false}, rows(p.b),
            columns(p.b), p.b.batch_stride, BufferArgument{p.c.buffer, p.c.offset, true},
            p.c.leading, p.c.batch_stride, p.m, p.n, p.k, p.alpha, p.beta);
}

}  // namespace mlx
