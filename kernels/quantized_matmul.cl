// Products of a few rows with packed weights, which become floats in registers. T is the dtype of x and the result.
//
// A tile is ROWS rows of one matrix of x times COLUMNS columns (by_rows: rows of weights; by_columns: units of weights
// that lie side by side). On CPU devices a work-item does whole tiles; on GPUs the LANES work-items of a group share
// the inner dimension of one tile and add up in local memory.
#include "quantized.clh"
#include "pairs.clh"

#ifdef LOOP_SHAPE
#define FOR_EACH_TILE(tile, count) const int lane = 0; FOR_EACH(tile, count)
#define LANES 1
#define LANE_SUMS(count)
#else
#ifndef LANES
#define LANES 32
#endif
#define FOR_EACH_TILE(tile, count) \
  const int lane = get_local_id(0); \
  for (long tile = get_group_id(0); tile < (count); tile += get_num_groups(0))
#define LANE_SUMS(count) local float sums[(count) * LANES];
#endif

static inline float16 weights(const uint* words, int part, float scale, float bias) {
  const float16 values = values_of(unpack(words, part));
#if IS_AFFINE
  return fma(values, scale, bias);
#else
  return values * scale;
#endif
}

#if IS_AFFINE
#define BIAS_AT(i) scale_at(biases, biases_offset + (i))
#else
#define BIAS_AT(i) 0
#endif

// out[m, n] = sum over k of x[m, k] * w[n, k].
kernel void by_rows(global const STORED(T)* x, long x_offset, global const uint* w, long w_offset,
                    global const stored_scale* scales, long scales_offset, global const stored_scale* biases,
                    long biases_offset, PAIRS global STORED(T)* out, long out_offset, long batches, long m, long n,
                    long k, int group_bits) {
  const long row_tiles = (m + ROWS - 1) / ROWS, column_tiles = (n + COLUMNS - 1) / COLUMNS, units = k / UNIT;
  LANE_SUMS(ROWS * COLUMNS)
  FOR_EACH_TILE(tile, batches * row_tiles * column_tiles) {
    const long batch = tile / (row_tiles * column_tiles), rest = tile - batch * row_tiles * column_tiles;
    const long row = rest % row_tiles * ROWS, column = rest / row_tiles * COLUMNS;
    const Pair pair = find_pair(PAIR_LISTS batch);
    global const STORED(T)* from[ROWS];
    long line[COLUMNS];
    float16 acc[ROWS][COLUMNS];
    EACH(r, ROWS) from[r] = x + x_offset + (pair.x * m + min(row + r, m - 1)) * k;
    EACH(c, COLUMNS) line[c] = (pair.w * n + min(column + c, n - 1)) * units;
    EACH(r, ROWS)
      EACH(c, COLUMNS) acc[r][c] = 0;
    for (long unit = lane; unit < units; unit += LANES) {
      float16 factors[ROWS][HALVES];
      EACH(r, ROWS)
        EACH(part, HALVES) factors[r][part] = CAT(load16_, T)(from[r] + unit * UNIT + 16 * part);
      EACH(c, COLUMNS) {
        const long at = line[c] + unit, group = at * UNIT >> group_bits;
        uint words[UNIT_WORDS];
        EACH(j, UNIT_WORDS) words[j] = w[w_offset + at * UNIT_WORDS + j];
        const float scale = scale_at(scales, scales_offset + group), bias = BIAS_AT(group);
        EACH(part, HALVES) {
          const float16 value = weights(words, part, scale, bias);
          EACH(r, ROWS) acc[r][c] = fma(factors[r][part], value, acc[r][c]);
        }
      }
    }
#ifdef LOOP_SHAPE
    EACH(r, ROWS)
      EACH(c, COLUMNS)
        if (row + r < m && column + c < n)
          STORE(T, out, out_offset + (batch * m + row + r) * n + column + c, sum16(acc[r][c]));
#else
    EACH(r, ROWS)
      EACH(c, COLUMNS) sums[(r * COLUMNS + c) * LANES + lane] = sum16(acc[r][c]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = lane; i < ROWS * COLUMNS; i += LANES) {
      float total = 0;
      EACH(j, LANES) total += sums[i * LANES + j];
      const int r = i / COLUMNS, c = i % COLUMNS;
      if (row + r < m && column + c < n) STORE(T, out, out_offset + (batch * m + row + r) * n + column + c, total);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#endif
  }
}

#if defined(LOOP_SHAPE) && 32 % BITS == 0
// The same where codes fill words, on CPU devices: 16 words at a time, code j of each of them together. That needs no
// shuffling once x lies in that order: run j of a block holds x[PER_WORD * lane + j] for each lane.
#define PER_WORD (32 / BITS)
#define BLOCK (16 * PER_WORD)
#define BLOCK_GROUPS (BLOCK / GROUP ? BLOCK / GROUP : 1)

// Scales or biases of the 16 words from code `at` on, a group after the other.
static inline float16 spread_scales(global const stored_scale* p, long at) {
#define AT_GROUP(i) scale_at(p, at / GROUP + i)
#if BLOCK_GROUPS == 1
  return AT_GROUP(0);
#elif BLOCK_GROUPS == 2
  return (float16)((float8)(AT_GROUP(0)), (float8)(AT_GROUP(1)));
#elif BLOCK_GROUPS == 4
  return (float16)((float4)(AT_GROUP(0)), (float4)(AT_GROUP(1)), (float4)(AT_GROUP(2)), (float4)(AT_GROUP(3)));
#elif BLOCK_GROUPS == 8
  return (float16)((float2)(AT_GROUP(0)), (float2)(AT_GROUP(1)), (float2)(AT_GROUP(2)), (float2)(AT_GROUP(3)),
                   (float2)(AT_GROUP(4)), (float2)(AT_GROUP(5)), (float2)(AT_GROUP(6)), (float2)(AT_GROUP(7)));
#else
  return (float16)(AT_GROUP(0), AT_GROUP(1), AT_GROUP(2), AT_GROUP(3), AT_GROUP(4), AT_GROUP(5), AT_GROUP(6), AT_GROUP(7),
                   AT_GROUP(8), AT_GROUP(9), AT_GROUP(10), AT_GROUP(11), AT_GROUP(12), AT_GROUP(13), AT_GROUP(14),
                   AT_GROUP(15));
#endif
}

// The blocks of x in that order, and the sums of their runs.
kernel void by_words_prepare(global const STORED(T)* x, long x_offset, global float* runs, long runs_offset,
                             global float* sums, long sums_offset, long blocks) {
  FOR_EACH(block, blocks) {
    for (int lane = 0; lane < 16; ++lane) {
      float sum = 0;
      for (int j = 0; j < PER_WORD; ++j) {
        const float value = LOAD(T, x, x_offset + block * BLOCK + lane * PER_WORD + j);
        runs[runs_offset + block * BLOCK + 16 * j + lane] = value;
        sum += value;
      }
      sums[sums_offset + block * 16 + lane] = sum;
    }
  }
}

kernel void by_words(global const float* runs, long runs_offset, global const float* sums, long sums_offset,
                     global const uint* w, long w_offset, global const stored_scale* scales, long scales_offset,
                     global const stored_scale* biases, long biases_offset, PAIRS global STORED(T)* out,
                     long out_offset, long batches, long m, long n, long k) {
  const long row_tiles = (m + ROWS - 1) / ROWS, column_tiles = (n + COLUMNS - 1) / COLUMNS, blocks = k / BLOCK;
  FOR_EACH(tile, batches * row_tiles * column_tiles) {
    const long batch = tile / (row_tiles * column_tiles), rest = tile - batch * row_tiles * column_tiles;
    const long row = rest % row_tiles * ROWS, column = rest / row_tiles * COLUMNS;
    const Pair pair = find_pair(PAIR_LISTS batch);
    long from[ROWS], line[COLUMNS];
    float16 acc[ROWS][COLUMNS];
    EACH(r, ROWS) from[r] = (pair.x * m + min(row + r, m - 1)) * blocks;
    EACH(c, COLUMNS) line[c] = (pair.w * n + min(column + c, n - 1)) * blocks;
    EACH(r, ROWS)
      EACH(c, COLUMNS) acc[r][c] = 0;
    for (long block = 0; block < blocks; ++block) {
      uint16 words[COLUMNS];
      float16 products[ROWS][COLUMNS];
      EACH(c, COLUMNS) words[c] = vload16(line[c] + block, w + w_offset);
      EACH(r, ROWS)
        EACH(c, COLUMNS) products[r][c] = 0;
      EACH(j, PER_WORD) {
        float16 factors[ROWS];
        EACH(r, ROWS) factors[r] = vload16((from[r] + block) * PER_WORD + j, runs + runs_offset);
        EACH(c, COLUMNS) {
          const float16 values = values_of(words[c] >> (uint)(j * BITS) & (uint)((1 << BITS) - 1));
          EACH(r, ROWS) products[r][c] = fma(factors[r], values, products[r][c]);
        }
      }
      EACH(c, COLUMNS) {
        const long at = (line[c] + block) * BLOCK;
        const float16 scale = spread_scales(scales + scales_offset, at);
        EACH(r, ROWS) acc[r][c] = fma(products[r][c], scale, acc[r][c]);
#if IS_AFFINE
        const float16 bias = spread_scales(biases + biases_offset, at);
        EACH(r, ROWS) acc[r][c] = fma(vload16(from[r] + block, sums + sums_offset), bias, acc[r][c]);
#endif
      }
    }
    EACH(r, ROWS)
      EACH(c, COLUMNS)
        if (row + r < m && column + c < n)
          STORE(T, out, out_offset + (batch * m + row + r) * n + column + c, sum16(acc[r][c]));
  }
}
#endif

// out[m, n] = sum over k of x[m, k] * w[k, n].
#define WIDTH (COLUMNS * UNIT)
kernel void by_columns(global const STORED(T)* x, long x_offset, global const uint* w, long w_offset,
                       global const stored_scale* scales, long scales_offset, global const stored_scale* biases,
                       long biases_offset, PAIRS global STORED(T)* out, long out_offset, long batches, long m, long n,
                       long k, int group_bits) {
  const long row_tiles = (m + ROWS - 1) / ROWS, units = n / UNIT, column_tiles = units / COLUMNS;
  LANE_SUMS(16)
  FOR_EACH_TILE(tile, batches * row_tiles * column_tiles) {
    const long batch = tile / (row_tiles * column_tiles), rest = tile - batch * row_tiles * column_tiles;
    const long row = rest % row_tiles * ROWS, first = rest / row_tiles * COLUMNS;
    const Pair pair = find_pair(PAIR_LISTS batch);
    long from[ROWS];
    float16 acc[ROWS][COLUMNS * HALVES];
    EACH(r, ROWS) from[r] = x_offset + (pair.x * m + min(row + r, m - 1)) * k;
    EACH(r, ROWS)
      EACH(c, COLUMNS * HALVES) acc[r][c] = 0;
    for (long line = lane; line < k; line += LANES) {
      float factor[ROWS];
      EACH(r, ROWS) factor[r] = LOAD(T, x, from[r] + line);
      EACH(c, COLUMNS) {
        const long at = (pair.w * k + line) * units + first + c, group = at * UNIT >> group_bits;
        uint words[UNIT_WORDS];
        EACH(j, UNIT_WORDS) words[j] = w[w_offset + at * UNIT_WORDS + j];
        const float scale = scale_at(scales, scales_offset + group), bias = BIAS_AT(group);
        EACH(part, HALVES) {
          const float16 value = weights(words, part, scale, bias);
          EACH(r, ROWS) acc[r][c * HALVES + part] = fma((float16)(factor[r]), value, acc[r][c * HALVES + part]);
        }
      }
    }
    const long to = out_offset + (batch * m + row) * n + first * UNIT;
#ifdef LOOP_SHAPE
    EACH(r, ROWS)
      EACH(c, COLUMNS * HALVES)
        if (row + r < m) CAT(store16_, T)(out + to + r * n + 16 * c, acc[r][c]);
#else
    // Sixteen sums at a time, so that local memory is as small as that of any device.
    EACH(r, ROWS)
      EACH(c, COLUMNS * HALVES) {
        float parts[16];
        vstore16(acc[r][c], 0, parts);
        EACH(j, 16) sums[j * LANES + lane] = parts[j];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = lane; i < 16; i += LANES) {
          float total = 0;
          EACH(j, LANES) total += sums[i * LANES + j];
          if (row + r < m) STORE(T, out, to + r * n + 16 * c + i, total);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
      }
#endif
  }
}
