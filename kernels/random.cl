// Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//
// Each key fills `words` words: with h = words / 2 and H = words - h, words i and H + i are the two outputs for the
// counter (i, H + i); an odd last pair uses the counter (h, 0) and keeps its first output only.
#if V > 1
#define W V
#else
#define W 4
#endif

#define ROUND_OF(r) x += y; y = rotate(y, (T)(r)) ^ x;
#define ROUNDS(r0, r1, r2, r3, kx, ky, group) \
  ROUND_OF(r0) ROUND_OF(r1) ROUND_OF(r2) ROUND_OF(r3) \
  x += kx; y += ky + (group);
#define THREEFRY(name, type)                                                         \
  static inline void name(uint k0, uint k1, type* first, type* second) {            \
    typedef type T;                                                                  \
    const uint k2 = k0 ^ k1 ^ 0x1BD11BDAu;                                           \
    type x = *first + k0, y = *second + k1;                                          \
    ROUNDS(13, 15, 26, 6, k1, k2, 1u)                                                \
    ROUNDS(17, 29, 16, 24, k2, k0, 2u)                                               \
    ROUNDS(13, 15, 26, 6, k0, k1, 3u)                                                \
    ROUNDS(17, 29, 16, 24, k1, k2, 4u)                                               \
    ROUNDS(13, 15, 26, 6, k2, k0, 5u)                                                \
    *first = x;                                                                      \
    *second = y;                                                                     \
  }
typedef CAT(uint, W) uints;
THREEFRY(hash_one, uint)
THREEFRY(hash_many, uints)

// One work-item does whole blocks of W pairs.
kernel void random_bits(global const uint* keys, long keys_offset, global uint* out, long out_offset, long key_count,
                        long words) {
  const long both = words / 2, pairs = words - both, blocks = (pairs + W - 1) / W;
  uint lanes[W];
  for (int k = 0; k < W; ++k) lanes[k] = k;
  const uints lane = CAT(vload, W)(0, lanes);
  keys += keys_offset;
  out += out_offset;
  FOR_EACH(block, blocks * key_count) {
    const long which = block / blocks, first = (block - which * blocks) * W;
    const uint k0 = keys[2 * which], k1 = keys[2 * which + 1];
    global uint* const row = out + which * words;
    if (first + W <= both) {
      uints x = lane + (uint)first, y = x + (uint)pairs;
      hash_many(k0, k1, &x, &y);
      CAT(vstore, W)(x, 0, row + first);
      CAT(vstore, W)(y, 0, row + pairs + first);
      continue;
    }
    for (long i = first; i < min(first + W, pairs); ++i) {
      uint x = (uint)i, y = i < both ? (uint)(i + pairs) : 0u;
      hash_one(k0, k1, &x, &y);
      row[i] = x;
      if (i < both) row[pairs + i] = y;
    }
  }
}
