// Writing at positions given by index arrays, an element a task: for devices of many parts. T is the dtype of the values,
// I that of the indices, MODE what is done (update.clh). Either K index arrays point at rows of `inner` elements, or
// (ALONG) one array of the updates' shape points along an axis.
#include "update.clh"
#include "indices.clh"

/// Update number `i` of its place goes to element `to` of the result, in slot `slot`.
typedef struct {
  long i, slot, to;
} Target;

#ifdef ALONG
#define ARGUMENTS global const STORED(I)* index, long index_offset, long outer, long n, long inner, long extent
#define LISTS index, index_offset, outer, n, inner, extent
#define CLAIMS outer * n * inner
#define CLAIM(task) (task)
static inline Target find(long e, ARGUMENTS) {
  const long row = e / inner, block = row / n, column = e - row * inner;
  const long slot = (block * extent + place((long)LOAD(I, index, index_offset + e), extent)) * inner + column;
  return (Target){row - block * n, slot, slot};
}
#else
#define ARGUMENTS INDICES long outer, long n, long inner, long outer_stride
#define LISTS INDEX_LISTS outer, n, inner, outer_stride
#define CLAIMS outer * n
#define CLAIM(task) (task) * inner
static inline Target find(long e, ARGUMENTS) {
  const long row = inner > 1 ? e / inner : e, block = outer > 1 ? row / n : 0, i = row - block * n;
  const long first = block * outer_stride + PLACES;
  return (Target){i, first / inner, first + (e - row * inner)};
}
#endif

#if MODE == 0
// Of several updates of one slot the last stays: here each raises the slot's number to its own (from 1).
kernel void claim(global int* last, long last_offset, ARGUMENTS) {
  FOR_EACH(task, CLAIMS) {
    const Target target = find(CLAIM(task), LISTS);
    atomic_max(last + last_offset + target.slot, (int)target.i + 1);
  }
}
#else
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
static inline uint bits_of_bfloat16(float v) { return bfloat16_word(v); }

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
#ifdef CLAIMED
                           global const int* last, long last_offset,
#endif
                           ARGUMENTS) {
  FOR_EACH(e, outer * n * inner) {
    const Target target = find(e, LISTS);
#ifdef CLAIMED
    if (last[last_offset + target.slot] != (int)target.i + 1) continue;
#endif
#if MODE == 0
    out[out_offset + target.to] = updates[updates_offset + e];
#else
    combine_atomic(out, out_offset + target.to, LOAD(T, updates, updates_offset + e));
#endif
  }
}
