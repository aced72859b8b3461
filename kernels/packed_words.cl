// Products of a few rows of 16-bit floats with packed affine weights whose codes fill words, on CPU devices: decoding.
//   T: dtype of x and the result   ROWS, COLUMNS: a tile   SETS: how many matrices of weights x meets in one launch
//   GATHER: see pairs.clh (SETS 1)
// Codes and x meet as 16-bit integers, two products an instruction, which reads weights as fast as memory gives them.
// Each block of x is scaled by a power of two that makes its largest value fill 15 bits: 16-bit floats up to 2^7 (2^4
// for float16) times smaller stay exact, the others round at 2^-16 of the largest, below what the result's dtype holds.
#include "quantized.clh"
#include "pairs.clh"
#include "sets.clh"
#pragma OPENCL FP_CONTRACT ON

#define PER_WORD (32 / BITS)
#define BLOCK (16 * PER_WORD)  // codes of 16 words
#define STEPS (PER_WORD / 2)   // code j of each half of the 16 words together
#define BLOCK_GROUPS (BLOCK / GROUP ? BLOCK / GROUP : 1)

typedef short short32 __attribute__((ext_vector_type(32)));
typedef ushort ushort32 __attribute__((ext_vector_type(32)));

// sums + a * b, pairs of neighbours added up.
static inline int16 add_pairs(int16 sums, uint16 a, uint16 b) {
#if defined(__AVX512BW__) && __has_builtin(__builtin_ia32_pmaddwd512)
  return sums + __builtin_ia32_pmaddwd512(__builtin_astype(a, short32), __builtin_astype(b, short32));
#elif defined(__AVX2__) && __has_builtin(__builtin_ia32_pmaddwd256)
  sums.lo += __builtin_ia32_pmaddwd256(as_short16(a.lo), as_short16(b.lo));
  sums.hi += __builtin_ia32_pmaddwd256(as_short16(a.hi), as_short16(b.hi));
  return sums;
#else
  const int16 x = as_int16(a), y = as_int16(b);
  return sums + (x << 16 >> 16) * (y << 16 >> 16) + (x >> 16) * (y >> 16);
#endif
}

// The scales of the groups that 16 words belong to.
static inline float16 block_scales(global const stored_scale* p) {
#define SCALE_AT(i) LOAD(S, p, i)
#if BLOCK_GROUPS == 1
  return SCALE_AT(0);
#elif BLOCK_GROUPS == 2
  const float2 v = (float2)(SCALE_AT(0), SCALE_AT(1));
  return v.s0000000011111111;
#elif BLOCK_GROUPS == 4
  const float4 v = (float4)(SCALE_AT(0), SCALE_AT(1), SCALE_AT(2), SCALE_AT(3));
  return v.s0000111122223333;
#else
  const float8 v = (float8)(SCALE_AT(0), SCALE_AT(1), SCALE_AT(2), SCALE_AT(3), SCALE_AT(4), SCALE_AT(5), SCALE_AT(6),
                            SCALE_AT(7));
  return v.s0011223344556677;
#endif
}

// What a work-item keeps of the rows of x: integers in the order of the codes, their steps, the sums of the groups.
typedef struct {
  local short* codes;
  local float* steps;
  local float* sums;
} Rows;

static inline void arrange(global const STORED(T)* x, Rows rows, long count, long k) {
  for (long group = 0; group < count * k / GROUP; ++group) rows.sums[group] = 0;
  for (long block = 0; block < count * k / BLOCK; ++block) {
    float16 values[PER_WORD], largest = 0, bad = 0;
    EACH(i, PER_WORD) {
      values[i] = CAT(load16_, T)(x + block * BLOCK + 16 * i);
      largest = fmax(largest, fabs(values[i]));
      bad += values[i] * 0.0f;  // NaN for infinities and NaN
    }
    const uint exponent = clamp(as_uint(largest16(largest)) >> 23, 30u, 254u);
    const float factor = as_float((268 - exponent) << 23), step = as_float((exponent - 14) << 23) + sum16(bad);
    short codes[BLOCK];
    EACH(i, PER_WORD) {
      const float16 rounded = rint(values[i] * factor);
      vstore16(convert_short16(convert_int16(rounded)), i, codes);
      rows.sums[(block * BLOCK + 16 * i) / GROUP] += sum16(rounded) * step;
    }
    local short* const to = rows.codes + block * BLOCK;
    for (int j = 0; j < STEPS; ++j)
      for (int lane = 0; lane < 32; ++lane) to[32 * j + lane] = codes[lane * STEPS + j];
    rows.steps[block] = step;
  }
}

// The sum over groups of sums times biases.
static inline float by_biases(local const float* sums, global const stored_scale* biases, long groups) {
  float16 total = 0;
  float rest = 0;
  long g = 0;
  for (; g + 16 <= groups; g += 16) total = fma(CAT(load16_, S)(biases + g), vload16(0, sums + g), total);
  for (; g < groups; ++g) rest = fma(LOAD(S, biases, g), sums[g], rest);
  return sum16(total) + rest;
}

#define SET(i)                                                                                                     \
  , global const uint *w##i, long w##i##_offset, global const stored_scale *scales##i, long scales##i##_offset,    \
      global const stored_scale *biases##i, long biases##i##_offset, global STORED(T) *out##i, long out##i##_offset, \
      long n##i
#define SET_OF(i)                                                                                       \
  w[i] = w##i + w##i##_offset, scales[i] = scales##i + scales##i##_offset,                               \
  biases[i] = biases##i + biases##i##_offset, out[i] = out##i + out##i##_offset, n[i] = n##i;            \
  ends[i] = (i ? ends[i - (i > 0)] : 0) + batches * row_tiles * ((n##i + COLUMNS - 1) / COLUMNS);

kernel void words_multiplied(global const STORED(T)* x, long x_offset, local short* codes, local float* steps,
                             local float* sums, PAIRS long batches, long m, long k FOR_SETS(SET)) {
  const long row_tiles = (m + ROWS - 1) / ROWS, blocks = k / BLOCK, groups = k / GROUP;
  global const uint* w[SETS];
  global const stored_scale *scales[SETS], *biases[SETS];
  global STORED(T)* out[SETS];
  long n[SETS], ends[SETS];
  FOR_SETS(SET_OF)
  const Rows rows = {codes, steps, sums};
  long arranged = -1;
  FOR_EACH(tile, ends[SETS - 1]) {
    int set = 0;
    while (tile >= ends[set]) ++set;
    const long column_tiles = (n[set] + COLUMNS - 1) / COLUMNS, inside = set ? tile - ends[set - 1] : tile;
    const long batch = inside / (row_tiles * column_tiles), rest = inside - batch * row_tiles * column_tiles;
    const long row = rest % row_tiles * ROWS, column = rest / row_tiles * COLUMNS;
    const Pair pair = find_pair(PAIR_LISTS batch);
    if (arranged != pair.x) {
      arrange(x + x_offset + pair.x * m * k, rows, m, k);
      arranged = pair.x;
    }
    local const short* from[ROWS];
    local const float* step[ROWS];
    global const uint* words[COLUMNS];
    global const stored_scale* scale[COLUMNS];
    float16 acc[ROWS][COLUMNS];
    EACH(r, ROWS) {
      from[r] = codes + min(row + r, m - 1) * k;
      step[r] = steps + min(row + r, m - 1) * blocks;
      EACH(c, COLUMNS) acc[r][c] = 0;
    }
    EACH(c, COLUMNS) {
      const long line = pair.w * n[set] + min(column + c, n[set] - 1);
      words[c] = w[set] + line * blocks * 16;
      scale[c] = scales[set] + line * groups;
    }
    const long ahead = bytes_ahead(COLUMNS * blocks * 64);
    for (long block = 0; block < blocks; ++block) {
      uint16 packed[COLUMNS];
      EACH(c, COLUMNS) READ_AHEAD(words[c] + block * 16, ahead);
      int16 products[ROWS][COLUMNS];
      EACH(c, COLUMNS) packed[c] = vload16(block, words[c]);
      EACH(r, ROWS)
        EACH(c, COLUMNS) products[r][c] = 0;
      EACH(j, STEPS) {
        uint16 values[COLUMNS];
        EACH(c, COLUMNS) values[c] = packed[c] >> (uint)(j * BITS) & (uint)(((1 << BITS) - 1) * 0x10001);
        EACH(r, ROWS) {
          const uint16 factors = vload16(0, (local const uint*)(from[r] + block * BLOCK + 32 * j));
          EACH(c, COLUMNS) products[r][c] = add_pairs(products[r][c], values[c], factors);
        }
      }
      EACH(c, COLUMNS) {
        const float16 each = block_scales(scale[c] + block * BLOCK / GROUP);
        EACH(r, ROWS) acc[r][c] = fma(convert_float16(products[r][c]), each * step[r][block], acc[r][c]);
      }
    }
    EACH(r, ROWS)
      EACH(c, COLUMNS)
        if (row + r < m && column + c < n[set]) {
          const long line = pair.w * n[set] + column + c;
          const float value = sum16(acc[r][c]) + by_biases(sums + (row + r) * groups, biases[set] + line * groups, groups);
          STORE(T, out[set], (batch * m + row + r) * n[set] + column + c, value);
        }
  }
}
