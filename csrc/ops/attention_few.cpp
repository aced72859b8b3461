// Attention of so few queries that reading keys and values is all that counts: one kernel instead
// of two products with a softmax between them.
#include <algorithm>

#include "graph/copy.h"
#include "ops/attention_primitive.h"

namespace mlx::fast {

bool attend_few(const Arrays& inputs, array& out, const AttentionKind& kind, Queue& queue) {
  const array &query = inputs[0], &key = inputs[1], &value = inputs[2];
  const int64_t batches = query.shape(0), key_heads = key.shape(1), length = query.shape(2),
                keys = key.shape(2), repeats = query.shape(1) / key_heads, rows = repeats * length;
  const int width = query.shape(3), values = value.shape(3);
  if (!queue.device().facts().is_cpu || out.dtype() == float64 || rows > 8 || width % 16 ||
      values % 16)
    return false;
  const Heads q = heads_of(query, out.dtype(), queue), k = heads_of(key, out.dtype(), queue),
              v = heads_of(value, out.dtype(), queue);
  // Masks and sinks of rare dtypes are converted, so that one kernel serves all others.
  Arrays operands = inputs;
  if (kind.has_mask && inputs[3].dtype() != bool_)
    operands[3] = in_dtype(inputs[3], out.dtype(), queue);
  if (kind.has_sinks && inputs.back().dtype() != out.dtype())
    operands.back() = in_dtype(inputs.back(), float32, queue);
  const Masking masking = make_masking(operands, kind, keys, queue);
  const array &mask = masking.mask ? *masking.mask : q.x,
              &sinks = masking.sinks ? *masking.sinks : q.x;
  const int32_t masks = !masking.mask           ? 0
                        : mask.dtype() == bool_ ? 1
                                                : 2,
                sinking = !masking.sinks             ? 0
                          : sinks.dtype() == float32 ? 1
                                                     : 2;

  constexpr int64_t fewest_keys = 256;
  const int64_t tasks = batches * key_heads, items = most_items(queue, Work::attention_softmax);
  const int64_t parts =
      std::clamp<int64_t>(items / tasks, 1, std::max<int64_t>(keys / fewest_keys, 1));
  const array partial = array::scratch(
      {int32_t(parts > 1 ? tasks * parts * rows : 1), int32_t(values + 16)}, float32, queue);
  const Defines defines{
      {"T", out.dtype()}, {"ROWS", int(rows)}, {"WIDTH", width}, {"VALUES", values}};
  const auto step = [&](const char* kernel, int64_t units, size_t bytes) {
    launch(queue, "attention_few", kernel, defines)
        .over(work_items(queue, Work::attention_softmax, units))
        .moving(bytes)
        .with(reads(q.x), reads(k.x), reads(v.x), writes(out), reads(mask), reads(sinks),
              writes(partial), masks, sinking, int32_t(kind.causal), batches, key_heads, repeats,
              length, keys, parts, kind.scale, q.batch_stride, q.head_stride, q.row_stride,
              k.batch_stride, k.head_stride, k.row_stride, v.batch_stride, v.head_stride,
              v.row_stride, out.strides()[0], out.strides()[1], out.strides()[2],
              masking.strides[0], masking.strides[1], masking.strides[2]);
  };
  step("few_attended", tasks * parts, key.nbytes() + value.nbytes());
  if (parts > 1) step("few_combined", tasks * rows, partial.nbytes());
  return true;
}

}  // namespace mlx::fast
