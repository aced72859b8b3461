// Dense and strided copies; those that exchange axes go through tiles.
#include "graph/copy.h"

#include <algorithm>
#include <optional>

#include "cl/group_sizes.h"
#include "graph/group_kernel.h"
#include "graph/layout.h"

namespace mlx {
namespace {

constexpr int64_t worth_tiling = 4096;  ///< elements
constexpr int most_batches = 6;

Fragment copying(Dtype dtype) {
  return {"a", dtype};
}

const char* word_of(int bytes) {
  return bytes == 8 ? "ulong" : bytes == 4 ? "uint" : bytes == 2 ? "ushort" : "uchar";
}

/// Which two axes a copy exchanges: reads run along `rows`, writes along `columns`; the others are
/// batches.
struct Exchange {
  struct {
    int64_t shape[most_batches] = {}, from[most_batches] = {}, to[most_batches] = {};
  } batches;
  int64_t rank = 0, count = 1, rows = 0, columns = 0, in_step = 0, out_step = 0;
};

std::optional<Exchange> exchange(const Shape& shape, const Strides& from, const Strides& to) {
  const Collapsed collapsed = collapse_dims(shape, {&from, &to});
  const Strides &in = collapsed.strides[0], &out = collapsed.strides[1];
  const int last = int(collapsed.shape.size()) - 1;
  if (last < 1 || last - 1 > most_batches || out[last] != 1 || in[last] == 1) return {};
  int along = -1;
  for (int i = 0; i < last; ++i)
    if (in[i] == 1 && collapsed.shape[i] >= 4) along = i;
  if (along < 0) return {};
  Exchange e;
  for (int i = 0; i < last; ++i) {
    if (i == along) continue;
    e.batches.shape[e.rank] = collapsed.shape[i];
    e.batches.from[e.rank] = in[i];
    e.batches.to[e.rank++] = out[i];
    e.count *= collapsed.shape[i];
  }
  e.rows = collapsed.shape[along];
  e.columns = collapsed.shape[last];
  e.in_step = in[last];
  e.out_step = out[along];
  return e;
}

/// False when the copy exchanges no axes.
bool copy_exchanged(const array& from, const array& to, Queue& queue) {
  if (from.dtype() != to.dtype() || from.shape() != to.shape() || from.size() < worth_tiling ||
      from.is_row_contiguous())
    return false;
  const std::optional<Exchange> e = exchange(from.shape(), from.strides(), to.strides());
  if (!e) return false;
  const Capabilities& device = queue.device().facts();
  int side = square_group(device);
  KernelLibrary& kernels = queue.device().kernels();
  const Define word{"U", word_of(from.itemsize())};
  const auto kernel_of = [&](int tile) -> Kernel& {
    return kernels.kernel("copy", "transpose", {word, {"TILE", tile}});
  };
  Kernel& fitting = device.is_cpu ? kernels.kernel("copy", "transpose", {word})
                                  : fit_group(queue, side, kernel_of, true);
  const int64_t tile = device.is_cpu ? std::min(32, 64 / from.itemsize()) : side;
  const int64_t tiles = e->count * ((e->rows + tile - 1) / tile) * ((e->columns + tile - 1) / tile);
  Launch kernel(queue, fitting);
  if (!device.is_cpu)
    kernel.over(work_items(queue, Work::transpose, tiles) * size_t(side), size_t(side))
        .in_groups_of(size_t(side), size_t(side));
  else
    kernel.over(work_items(queue, Work::transpose, tiles));
  kernel.set(reads(from));
  kernel.set(writes(to));
  kernel.set_bytes(&e->batches, sizeof e->batches);
  kernel.moving(2 * from.nbytes())
      .with(e->rank, e->rows, e->columns, e->in_step, e->out_step, tiles);
  return true;
}

}  // namespace

bool is_exchanged(const array& x) {
  if (x.size() < worth_tiling || x.is_row_contiguous()) return false;
  const std::optional<Exchange> e = exchange(x.shape(), x.strides(), row_major(x.shape()));
  return e && e->in_step != 0;  // else a row repeats one element, which is read where it lies
}

array contiguous_copy(const array& x, Queue& queue) {
  if (x.is_row_contiguous()) return x;
  const array dense = array::scratch(x.shape(), x.dtype(), queue);
  copy_into(x, dense, queue);
  return dense;
}

void copy_into(const array& from, const array& to, Queue& queue) {
  if (copy_exchanged(from, to, queue)) return;
  const Arrays inputs{from};
  Arrays outputs{to};
  single(copying(to.dtype()), inputs, to.dtype()).run(inputs, outputs, to.shape(), queue);
}

}  // namespace mlx
