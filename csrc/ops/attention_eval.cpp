// Attention a chunk of scores at a time: product, softmax in place, product.
#include <algorithm>

#include "cl/group_sizes.h"
#include "graph/copy.h"
#include "ops/attention_primitive.h"

namespace mlx::fast {
namespace {

/// As many scores as stay in the cores' own caches.
int64_t chunk_scores(const Capabilities& device) {
  constexpr int64_t most = int64_t(1) << 20, per_core = int64_t(1) << 18;
  return device.is_cpu ? std::min(most, per_core * int64_t(device.compute_units)) : most;
}

}  // namespace

array in_dtype(const array& x, Dtype dtype, Queue& queue) {
  if (x.dtype() == dtype) return x;
  const array converted = array::scratch(x.shape(), dtype, queue);
  copy_into(x, converted, queue);
  return converted;
}

Heads heads_of(const array& input, Dtype dtype, Queue& queue) {
  array x = in_dtype(input, dtype, queue);
  const bool dense = x.shape(3) == 1 || x.strides()[3] == 1;
  if (!dense || (x.shape(2) > 1 && x.strides()[2] < x.shape(3))) x = contiguous_copy(x, queue);
  const int64_t row = x.shape(2) > 1 ? x.strides()[2] : x.shape(3);
  return {x, x.strides()[0], x.strides()[1], row};
}

Masking make_masking(const Arrays& inputs, const AttentionKind& kind, int64_t keys, Queue& queue) {
  Masking m;
  if (kind.has_mask) {
    array mask = inputs[3];
    // Entries along the keys must follow each other.
    if (mask.shape(3) != keys || (keys > 1 && mask.strides()[3] != 1)) {
      Shape shape = mask.shape();
      shape[3] = int32_t(keys);
      const array dense = array::scratch(shape, mask.dtype(), queue);
      copy_into(mask, dense, queue);
      mask = dense;
    }
    for (int i = 0; i < 3; ++i) m.strides[i] = mask.shape(i) == 1 ? 0 : mask.strides()[i];
    m.mask = mask;
  }
  if (kind.has_sinks) m.sinks = contiguous_copy(inputs.back(), queue);
  return m;
}

namespace {

struct Chunk {
  int64_t first_head, heads, first_query, queries, columns, leading;
};

/// Scores as weights that still are to be multiplied by a factor for each row.
void weigh(const array& scores, const array& weights, const array& factors, const Masking& m,
           const Chunk& chunk, const AttentionKind& kind, int64_t all_heads, int64_t reach,
           Queue& queue) {
  const int64_t rows = chunk.heads * chunk.queries;
  int group = int(work_size(queue.device(), Work::attention_softmax).group);
  const bool boolean = m.mask && m.mask->dtype() == bool_;
  const size_t groups = work_items(queue, Work::attention_softmax, rows);
  const Defines defines{{"T", scores.dtype()},
                        {"W", weights.dtype()},
                        {"M", m.mask ? m.mask->dtype() : float32},
                        {"MASK", !m.mask   ? "unmasked"
                                 : boolean ? "kept"
                                           : "added"},
                        {"S", m.sinks ? m.sinks->dtype() : float32},
                        {"HAS_SINKS", int(kind.has_sinks)},
                        {"CAUSAL", int(kind.causal)}};
  Kernel* const kernel = fit_group(queue, group, defines, [&](const Defines& all) {
    return &queue.device().kernels().kernel("attention", "attention_softmax", all);
  });
  Launch(queue, *kernel)
      .over(groups * size_t(group))
      .in_groups_of(size_t(group))
      .moving(size_t(2 * rows * chunk.columns * scores.itemsize()))
      .with(writes(scores), writes(weights), writes(factors), reads(m.mask ? *m.mask : scores),
            reads(m.sinks ? *m.sinks : scores), rows, chunk.queries, chunk.columns, chunk.leading,
            chunk.first_head, chunk.first_query, all_heads, reach, m.strides[0], m.strides[1],
            m.strides[2]);
}

/// Rows of values times their factors.
void scale_rows(const Matrix& values, const array& factors, const Matrix& out, Dtype dtype,
                const Chunk& chunk, int64_t width, Queue& queue) {
  const int64_t rows = chunk.heads * chunk.queries;
  launch(queue, "attention_scaled", "attention_scaled", {{"T", factors.dtype()}, {"OUT", dtype}})
      .over(work_items(queue, Work::rows, rows, width))
      .moving(size_t(rows * width * (factors.itemsize() + dtype.size())))
      .with(BufferArgument{values.buffer, values.offset, false}, reads(factors),
            BufferArgument{out.buffer, out.offset, true}, rows, chunk.queries, width,
            values.batch_stride, values.leading, out.batch_stride, out.leading);
}

/// Laid out like the queries when their heads are interleaved, so that undoing that transposition
/// costs nothing.
void allocate_like(array& out, const array& q, Queue& queue) {
  out.allocate(queue);
  const int64_t length = q.shape(2), heads = q.shape(1), width = out.shape(3);
  const bool interleaved = q.strides()[1] == q.shape(3) && q.strides()[2] == heads * q.shape(3) &&
                           heads > 1 && length > 1;
  if (!interleaved) return;
  out.node().strides = {length * heads * width, width, heads * width, 1};
  out.node().row_contiguous = false;
}

/// Whether the processor multiplies a chunk of queries in bfloat16, which the weights then are
/// rounded to.
bool multiplies_narrow(const Arrays& inputs, Queue& queue) {
  const array &q = inputs[0], &v = inputs[2];
  const Matrix any{nullptr, 0, false, 0, 0};
  const auto product = [&](int64_t n, int64_t k) {
    return Product{q.dtype(), 1, q.shape(2), n, k, any, any, any};
  };
  return multiplies_bfloat16(queue, product(v.shape(2), q.shape(3))) &&
         multiplies_bfloat16(queue, product(v.shape(3), v.shape(2)));
}

}  // namespace

void attend(const Arrays& inputs, array& out, const AttentionKind& kind, Queue& queue) {
  allocate_like(out, inputs[0], queue);
  if (out.size() == 0) return;
  if (inputs[1].size() == 0)
    return copy_into(array(0, out.dtype()), out, queue);  // nothing to attend to
  if (attend_few(inputs, out, kind, queue)) return;
  // Scores are of float32 at least; what is multiplied for and with them may be bfloat16.
  const Dtype wide = out.dtype().is_half() ? float32 : out.dtype();
  const Dtype dtype = multiplies_narrow(inputs, queue) ? out.dtype() : wide;
  const Heads q = heads_of(inputs[0], dtype, queue), k = heads_of(inputs[1], dtype, queue),
              v = heads_of(inputs[2], dtype, queue);
  const Heads o{out, out.strides()[0], out.strides()[1], out.strides()[2]};
  const int64_t heads = q.x.shape(1), length = q.x.shape(2), keys = k.x.shape(2),
                repeats = heads / k.x.shape(1);
  const int64_t width = q.x.shape(3), value_width = v.x.shape(3), reach = keys - length,
                vector = queue.device().facts().vector_width;
  const Masking masking = make_masking(inputs, kind, keys, queue);
  const int64_t row_scores = (keys + vector - 1) / vector * vector;
  const int64_t most = chunk_scores(queue.device().facts());
  const int64_t queries = std::clamp<int64_t>(
      most / row_scores, 1, kind.causal ? std::min<int64_t>(length, 256) : length);
  // With shared keys a chunk holds heads of one key head; else any heads of one batch entry.
  const int64_t heads_at_once =
      std::clamp<int64_t>(most / (queries * row_scores), 1, repeats > 1 ? repeats : heads);
  const Shape chunk_shape{int32_t(heads_at_once), int32_t(queries), int32_t(row_scores)};
  const array scores = array::scratch(chunk_shape, wide, queue),
              weights = dtype == wide ? scores : array::scratch(chunk_shape, dtype, queue),
              factors = array::scratch({int32_t(heads_at_once * queries)}, wide, queue);
  std::optional<array> values;  // what is yet to be rounded
  if (out.dtype() != wide)
    values = array::scratch({int32_t(heads_at_once), int32_t(queries), int32_t(value_width)}, wide,
                            queue);
  for (int64_t b = 0; b < q.x.shape(0); ++b)
    for (int64_t head = 0, taken; head < heads; head += taken) {
      const int64_t key_head = head / repeats;
      taken = std::min(heads_at_once, (repeats > 1 ? (key_head + 1) * repeats : heads) - head);
      const int64_t key_step = repeats > 1 ? 0 : k.head_stride,
                    value_step = repeats > 1 ? 0 : v.head_stride;
      for (int64_t first = 0; first < length; first += queries) {
        const int64_t count = std::min(queries, length - first);
        const bool part = kind.causal && first + reach >= 0;
        const int64_t columns = part ? std::min(keys, first + count + reach) : keys;
        const int64_t leading = (columns + vector - 1) / vector * vector;
        const Chunk chunk{b * heads + head, taken, first, count, columns, leading};
        const auto matrix = [&](const array& x, int64_t row) {
          return Matrix{&x.buffer(), x.offset(), false, row, count * row};
        };
        Matrix transposed = k.matrix(b, key_head, 0, key_step);
        transposed.transposed = true;
        multiply(queue,
                 {dtype, taken, count, columns, width, q.matrix(b, head, first, q.head_stride),
                  transposed, matrix(scores, leading), kind.scale, 0, false, dtype != wide});
        weigh(scores, weights, factors, masking, chunk, kind, heads, reach, queue);
        const Matrix result = o.matrix(b, head, first, o.head_stride),
                     sums = values ? matrix(*values, value_width) : result;
        multiply(queue, {dtype, taken, count, value_width, columns, matrix(weights, leading),
                         v.matrix(b, key_head, 0, value_step), sums, 1, 0, false, dtype != wide});
        scale_rows(sums, factors, result, out.dtype(), chunk, value_width, queue);
      }
    }
}

}  // namespace mlx::fast
