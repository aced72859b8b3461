// Writing at positions given by index arrays, in a fixed order: the last value written to a place stays. T is the dtype of
// the values, I that of the indices, K the number of index arrays, MODE what is done (update.clh).
#include "update.clh"
#include "indices.clh"
DECLARE_WIDTH(16)

static inline void combine_row(global STORED(T)* to, global const STORED(T)* from, long count) {
  long j = 0;
#if defined(PLAIN_TYPE) && defined(LANES_WORK)
  for (; j + 16 <= count; j += 16) vstore16(COMBINE(vload16(0, to + j), vload16(0, from + j)), 0, to + j);
#endif
  for (; j < count; ++j) STORE(T, to, j, COMBINE(LOAD(T, to, j), LOAD(T, from, j)));
}

// Without atomics: each part owns columns, or interleaved runs of 2^shift elements of the result (`mask` + 1 parts, a
// power of two; 0 when columns are owned), walks all index positions in order and combines what it owns.
kernel void scatter(global STORED(T)* out, long out_offset, global const STORED(T)* updates, long updates_offset,
                    INDICES long outer, long n, long inner, long outer_stride, long parts, long mask, int shift) {
  FOR_EACH(part, parts) {
    const long first = mask ? 0 : inner * part / parts, last = mask ? inner : inner * (part + 1) / parts;
    for (long block = 0; block < outer; ++block) {
      global STORED(T)* const to = out + out_offset + block * outer_stride + first;
      global const STORED(T)* const from = updates + updates_offset + block * n * inner + first;
      if (inner == 1) {
        // Lists what the part owns, some updates at a time, and nothing branches on the places: no processor could foretell
        // where to.
        long places[256];
        int numbers[256];
        for (long begin = 0; begin < n; begin += 256) {
          int count = 0;
          for (long i = begin; i < min(begin + 256, n); ++i) {
            const long at = PLACES;
            places[count] = at;
            numbers[count] = (int)(i - begin);
            count += (at >> shift & mask) == part;
          }
          for (int k = 0; k < count; ++k)
            STORE(T, to, places[k], COMBINE(LOAD(T, to, places[k]), LOAD(T, from, begin + numbers[k])));
        }
        continue;
      }
      for (long i = 0; i < n; ++i) {
        const long at = PLACES;
        if (mask && (at >> shift & mask) != part) continue;
        combine_row(to + at, from + i * inner, last - first);
      }
    }
  }
}

// out[o, index[o, i, c], c] takes updates[o, i, c]. A line along the axis belongs to one task.
kernel void scatter_axis(global STORED(T)* out, long out_offset, global const STORED(T)* updates, long updates_offset,
                         global const STORED(I)* index, long index_offset, long outer, long n, long inner, long extent,
                         long chunks) {
  FOR_EACH(task, outer * chunks) {
    const long chunk = task % chunks, block = task / chunks;
    const long first = inner * chunk / chunks, last = inner * (chunk + 1) / chunks;
    global STORED(T)* const to = out + out_offset + block * extent * inner;
    for (long i = 0; i < n; ++i) {
      for (long c = first; c < last; ++c) {
        const long e = (block * n + i) * inner + c;
        const long at = place((long)LOAD(I, index, index_offset + e), extent) * inner + c;
        STORE(T, to, at, COMBINE(LOAD(T, to, at), LOAD(T, updates, updates_offset + e)));
      }
    }
  }
}
