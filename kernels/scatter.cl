// Writing at positions given by index arrays. T is the dtype of the values, I that of the indices, K the number of
// index arrays; MODE 0 replaces, 1 adds, 2 multiplies, 3 takes the larger, 4 the smaller value.
#include "indices.clh"

#if MODE == 0
#define COMBINE(a, b) (b)
#define LANES_WORK
#elif MODE == 1
#define COMBINE(a, b) ((a) + (b))
#define LANES_WORK
#elif MODE == 2 && !defined(IS_COMPLEX)
#define COMBINE(a, b) ((a) * (b))
#define LANES_WORK
#elif MODE == 2
#define COMBINE(a, b) ((float2)((a).x * (b).x - (a).y * (b).y, (a).x * (b).y + (a).y * (b).x))
#elif defined(IS_COMPLEX)
static inline int is_nan(float2 z) { return isnan(z.x) || isnan(z.y); }
static inline int below(float2 a, float2 b) { return a.x < b.x || (a.x == b.x && a.y < b.y); }
#define COMBINE(a, b) (is_nan(a) || (!is_nan(b) && (MODE == 3 ? below(b, a) : below(a, b))) ? (a) : (b))
#elif MODE == 3
#define COMBINE(a, b) ((a) > (b) || (a) != (a) ? (a) : (b))
#else
#define COMBINE(a, b) ((a) < (b) || (a) != (a) ? (a) : (b))
#endif

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
        for (long i = 0; i < n; ++i) {
          const long at = PLACES;
          if (mask && (at >> shift & mask) != part) continue;
          STORE(T, to, at, COMBINE(LOAD(T, to, at), LOAD(T, from, i)));
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

// out[o, index[o, i, c], c] takes updates[o, i, c]. A line along the axis belongs to one task at a time, or to several
// (`mask` + 1, a power of two) that own interleaved runs of it. When values are only replaced, no one needs to own
// anything: then several tasks share the updates out instead (`mask` 0, parts > 1).
kernel void scatter_axis(global STORED(T)* out, long out_offset, global const STORED(T)* updates, long updates_offset,
                         global const STORED(I)* index, long index_offset, long outer, long n, long inner, long extent,
                         long chunks, long parts, long mask) {
  FOR_EACH(task, outer * chunks * parts) {
    const long part = task % parts, chunk = task / parts % chunks, block = task / parts / chunks;
    const long first = inner * chunk / chunks, last = inner * (chunk + 1) / chunks;
    const long begin = mask ? 0 : n * part / parts, end = mask ? n : n * (part + 1) / parts;
    global STORED(T)* const to = out + out_offset + block * extent * inner;
    for (long i = begin; i < end; ++i) {
      for (long c = first; c < last; ++c) {
        const long e = (block * n + i) * inner + c, at = place((long)LOAD(I, index, index_offset + e), extent);
        if (mask && (at >> 6 & mask) != part) continue;
        STORE(T, to, at * inner + c, COMBINE(LOAD(T, to, at * inner + c), LOAD(T, updates, updates_offset + e)));
      }
    }
  }
}

#ifdef ATOMIC
#if MODE != 0
// With atomics: compare and swap of the word that holds the element.
#define BITS(name, type, bits)                                                              \
  static inline type value_of_##name(uint w) { return as_##type((bits)w); }                 \
  static inline uint bits_of_##name(type v) { return (uint)CAT(as_, bits)(v); }
BITS(bool8, uchar, uchar) BITS(int8, char, uchar) BITS(uint8, uchar, uchar)
BITS(int16, short, ushort) BITS(uint16, ushort, ushort)
BITS(int32, int, uint) BITS(uint32, uint, uint) BITS(float32, float, uint)
static inline float value_of_float16(uint w) {
  ushort bits = (ushort)w;
  return vload_half(0, (private const half*)&bits);
}
static inline uint bits_of_float16(float v) {
  ushort bits;
  vstore_half_rte(v, 0, (private half*)&bits);
  return bits;
}
static inline float value_of_bfloat16(uint w) { return as_float(w << 16); }
static inline uint bits_of_bfloat16(float v) { return bfloat16_bits(v); }

static inline void combine_atomic(global STORED(T)* out, long at, COMPUTED(T) value) {
  const long address = at * (long)sizeof(STORED(T));
  volatile global uint* const cell = (volatile global uint*)out + address / 4;
  const uint shift = (uint)(address % 4) * 8;
  const uint mask = (uint)(0xffffffffu >> (4 - sizeof(STORED(T))) * 8) << shift;
  uint old = 0;  // a guess: the cell must not be read but atomically
  for (;;) {
    const COMPUTED(T) now = CAT(value_of_, T)((old & mask) >> shift);
    const uint next = (old & ~mask) | (CAT(bits_of_, T)(COMBINE(now, value)) << shift);
    const uint seen = atomic_cmpxchg(cell, old, next);
    if (seen == old) return;
    old = seen;
  }
}
#endif

kernel void scatter_atomic(global STORED(T)* out, long out_offset, global const STORED(T)* updates, long updates_offset,
                           INDICES long outer, long n, long inner, long outer_stride) {
  FOR_EACH(e, outer * n * inner) {
    const long row = inner > 1 ? e / inner : e, column = e - row * inner;
    const long block = outer > 1 ? row / n : 0, i = row - block * n;
    const long to = out_offset + block * outer_stride + PLACES + column;
#if MODE == 0
    out[to] = updates[updates_offset + e];
#else
    combine_atomic(out, to, LOAD(T, updates, updates_offset + e));
#endif
  }
}
#endif
