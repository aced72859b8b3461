// Reading at positions given by index arrays. U is a word to copy (elements are only moved), I the dtype of the
// indices, K the number of index arrays.
#include "indices.clh"

static inline void copy_words(global const U* from, long stride, global U* to, long count) {
  if (stride == 1) {
    for (long j = 0; j < count; ++j) to[j] = from[j];
  } else {
    for (long j = 0; j < count; ++j) to[j] = from[j * stride];
  }
}

// Rows of `inner` words for each of `outer` blocks and `n` index positions; every row in `chunks` parts.
kernel void gather(global const U* a, long a_offset, global U* out, long out_offset, INDICES long outer, long n,
                   long inner, long outer_stride, long inner_stride, long chunks) {
  FOR_EACH(task, outer * n * chunks) {
    const long row = chunks > 1 ? task / chunks : task, chunk = task - row * chunks;
    const long block = outer > 1 ? row / n : 0, i = row - block * n;
    const long from = a_offset + block * outer_stride + PLACES;
    if (inner == 1) {
      out[out_offset + row] = a[from];
      continue;
    }
    const long first = inner * chunk / chunks, last = inner * (chunk + 1) / chunks;
    copy_words(a + from + first * inner_stride, inner_stride, out + out_offset + row * inner + first, last - first);
  }
}

// out[o, i, c] = a[o, index[o, i, c], c], all three row-major. Each block o is cut into `chunks`.
kernel void gather_axis(global const U* a, long a_offset, global U* out, long out_offset, global const STORED(I)* index,
                        long index_offset, long outer, long n, long inner, long extent, long chunks) {
  FOR_EACH(task, outer * chunks) {
    const long block = task / chunks, chunk = task - block * chunks, size = n * inner;
    const long first = size * chunk / chunks, last = size * (chunk + 1) / chunks;
    global const U* const from = a + a_offset + block * extent * inner;
    global U* const to = out + out_offset + block * size;
    const long at = index_offset + block * size;
    if (inner == 1) {
      for (long e = first; e < last; ++e) to[e] = from[place((long)LOAD(I, index, at + e), extent)];
      continue;
    }
    long c = first % inner;
    for (long e = first; e < last; ++e) {
      to[e] = from[place((long)LOAD(I, index, at + e), extent) * inner + c];
      c = c + 1 == inner ? 0 : c + 1;
    }
  }
}

// Copies a box between two strided arrays; one of them (`shifted`: 0 source, 1 target) begins at positions that
// an array holds.
typedef struct { long shape[8], from[8], to[8], extent[8], limit[8], step[8]; } Box;
kernel void copy_box(global const U* a, long a_offset, global U* out, long out_offset, global const STORED(I)* start,
                     long start_offset, long starts, long shifted, Box ARGUMENT(box), long rank, long rows,
                     long chunks) {
  OWN(Box, box)
  long shift = 0;
  for (long k = 0; k < starts; ++k) {
    const long at = (long)LOAD(I, start, start_offset + k);
    shift += clamp(at < 0 ? at + box.extent[k] : at, 0L, box.limit[k]) * box.step[k];
  }
  FOR_EACH(task, rows * chunks) {
    const long row = task / chunks, chunk = task - row * chunks;
    long from = a_offset + (shifted ? 0 : shift), to = out_offset + (shifted ? shift : 0), rest = row;
    for (long d = rank - 2; d >= 0; --d) {
      const long at = rest % box.shape[d];
      rest /= box.shape[d];
      from += at * box.from[d];
      to += at * box.to[d];
    }
    const long columns = box.shape[rank - 1], first = columns * chunk / chunks, last = columns * (chunk + 1) / chunks;
    for (long j = first; j < last; ++j) out[to + j * box.to[rank - 1]] = a[from + j * box.from[rank - 1]];
  }
}
