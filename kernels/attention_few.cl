// Attention of a few queries, as in decoding: keys and values are read once, as they lie, under a running softmax.
//   T: dtype of queries, keys, values and result   ROWS: queries that share a key head   WIDTH, VALUES: of a head's
//   queries and values, multiples of 16
// `masking` says what the mask is: nothing, bools (1; True keeps), or T to be added (2); `sinking` what the sinks are:
// nothing, float (1) or T (2).
// The keys of a head may be cut into `parts`: each leaves its largest score, the sum of its weights and the weighted
// values in `partial`, from which few_combined makes the result.
#include "sixteen.clh"
#pragma OPENCL FP_CONTRACT ON

// BLOCK: keys whose scores are known before their values are read; TOGETHER: keys that are multiplied at once
#if ROWS == 1
#define BLOCK 256
#define TOGETHER 4
#else
#define BLOCK 32
#define TOGETHER (ROWS == 2 ? 2 : 1)
#endif
#define CHUNKS (WIDTH / 16)
#define VALUE_CHUNKS (VALUES / 16)
#define ENTRY (VALUES + 16)  // of `partial`: values, largest score, sum

// The first n scores under their mask entries, from number `first` on.
static inline void mask_scores(float* scores, int masking, global const void* mask, long first, int n) {
  if (masking == 1) {
    global const uchar* keeps = (global const uchar*)mask + first;
    for (int j = 0; j < n; ++j) scores[j] = keeps[j] ? scores[j] : -FLT_MAX;
  } else if (masking == 2) {
    for (int j = 0; j < n; ++j) scores[j] += LOAD(T, (global const STORED(T)*)mask, first + j);
  }
}

static inline float4 four_of(float16 v) {
  const float8 a = v.lo + v.hi;
  return a.lo + a.hi;
}

#define ARGUMENTS                                                                                                     \
  global const STORED(T)* q, long q_offset, global const STORED(T)* k, long k_offset, global const STORED(T)* v,      \
      long v_offset, global STORED(T)* out, long out_offset, global const void* mask, long mask_offset,               \
      global const void* sinks, long sinks_offset, global float* partial, long partial_offset, int masking,           \
      int sinking, int causal, long batches, long key_heads, long repeats, long length, long keys, long parts,        \
      float scale, long q_batch, long q_head, long q_row, long k_batch, long k_head, long k_row, long v_batch,        \
      long v_head, long v_row, long out_batch, long out_head, long out_row, long mask_batch, long mask_head,          \
      long mask_query

// The result of one query from its weighted values; `head` is the number of its sink.
static inline void put_result(const float* values, float top, float total, int sinking, global const void* sinks,
                              long head, global STORED(T)* out) {
  float scale = 1 / total;
  if (sinking) {
    const float other =
        sinking == 1 ? ((global const float*)sinks)[head] : (float)LOAD(T, (global const STORED(T)*)sinks, head);
    const float best = fmax(top, other), factor = exp(top - best);
    scale = factor / (total * factor + exp(other - best));
  }
  EACH(c, VALUE_CHUNKS) CAT(store16_, T)(out + 16 * c, vload16(c, values) * scale);
}

// Adds `count` rows of values, weighted, to the sums. Memory is read in order: by one query as it is used, by several
// into a copy of floats first.
static inline void add_values(float (*sums)[VALUES], float (*weights)[BLOCK], global const STORED(T)* values,
                              long v_row, int count) {
#if ROWS == 1
  EACH(c, (VALUE_CHUNKS + 3) / 4) {
    float16 total[4];
    EACH(i, 4) if (4 * c + i < VALUE_CHUNKS) total[i] = vload16(4 * c + i, sums[0]);
    for (int j = 0; j < count; ++j) {
      const float16 weight = (float16)(weights[0][j]);
      EACH(i, (int)sizeof(STORED(T))) READ_AHEAD(values + j * v_row + 64 * c, 4096 + 64 * i);
      EACH(i, 4) if (4 * c + i < VALUE_CHUNKS)
        total[i] = fma(CAT(load16_, T)(values + j * v_row + 64 * c + 16 * i), weight, total[i]);
    }
    EACH(i, 4) if (4 * c + i < VALUE_CHUNKS) vstore16(total[i], 4 * c + i, sums[0]);
  }
#else
  float copy[BLOCK][VALUES];
  for (int j = 0; j < count; ++j)
    EACH(c, VALUE_CHUNKS) vstore16(CAT(load16_, T)(values + j * v_row + 16 * c), c, copy[j]);
  if (count % 2) {
    EACH(c, VALUE_CHUNKS) vstore16((float16)(0.0f), c, copy[count]);
    EACH(r, ROWS) weights[r][count] = 0;
  }
  for (int c = 0; c < VALUE_CHUNKS; ++c) {
    float16 even[ROWS], odd[ROWS];
    EACH(r, ROWS) even[r] = vload16(c, sums[r]), odd[r] = 0;
    for (int j = 0; j < count; j += 2)
      EACH(r, ROWS) {
        even[r] = fma(vload16(c, copy[j]), (float16)(weights[r][j]), even[r]);
        odd[r] = fma(vload16(c, copy[j + 1]), (float16)(weights[r][j + 1]), odd[r]);
      }
    EACH(r, ROWS) vstore16(even[r] + odd[r], c, sums[r]);
  }
#endif
}

kernel void few_attended(ARGUMENTS) {
  FOR_EACH(task, batches * key_heads * parts) {
    const long part = task % parts, head = task / parts % key_heads, b = task / parts / key_heads;
    global const STORED(T)* const first_key = k + k_offset + b * k_batch + head * k_head;
    global const STORED(T)* const first_value = v + v_offset + b * v_batch + head * v_head;
    const long low = keys * part / parts, high = keys * (part + 1) / parts;
    float queries[ROWS][WIDTH], sums[ROWS][VALUES], scores[ROWS][BLOCK], tops[ROWS], totals[ROWS];
    for (int r = 0; r < ROWS; ++r) {
      global const STORED(T)* p = q + q_offset + b * q_batch + (head * repeats + r / length) * q_head +
                                   r % length * q_row;
      EACH(c, CHUNKS) vstore16(CAT(load16_, T)(p + 16 * c) * scale, c, queries[r]);
      EACH(c, VALUE_CHUNKS) vstore16((float16)(0.0f), c, sums[r]);
      tops[r] = -INFINITY;
      totals[r] = 0;
    }
    for (long start = low; start < high; start += BLOCK) {
      const int count = (int)min((long)BLOCK, high - start);
      for (int j = 0; j < count; j += TOGETHER) {
        global const STORED(T)* p[TOGETHER];
        float16 products[ROWS][TOGETHER];
        EACH(l, TOGETHER) {
          p[l] = first_key + (start + min(j + l, count - 1)) * k_row;
          EACH(c, (WIDTH * (int)sizeof(STORED(T)) + 63) / 64) READ_AHEAD(p[l], 4096 + 64 * c);
        }
        EACH(r, ROWS)
          EACH(l, TOGETHER) products[r][l] = 0;
        for (int c = 0; c < CHUNKS; ++c)
          EACH(l, TOGETHER) {
            const float16 key = CAT(load16_, T)(p[l] + 16 * c);
            EACH(r, ROWS) products[r][l] = fma(key, vload16(c, queries[r]), products[r][l]);
          }
#if TOGETHER == 4
        const float4 w = four_of(products[0][0]), x = four_of(products[0][1]), y = four_of(products[0][2]),
                     z = four_of(products[0][3]);
        const float4 wx = (float4)(w.xy, x.xy) + (float4)(w.zw, x.zw), yz = (float4)(y.xy, z.xy) + (float4)(y.zw, z.zw);
        vstore4((float4)(wx.x, wx.z, yz.x, yz.z) + (float4)(wx.y, wx.w, yz.y, yz.w), 0, scores[0] + j);
#else
        EACH(r, ROWS)
          EACH(l, TOGETHER) scores[r][j + l] = sum16(products[r][l]);
#endif
      }
      for (int r = 0; r < ROWS; ++r) {
        const long mine = head * repeats + r / length, query = r % length;
        const long entries = mask_offset + b * mask_batch + mine * mask_head + query * mask_query + start;
        const long last = query + keys - length;  // the last key that a causal query sees; below 0 it weighs all alike
        const int seen = causal && last >= 0 ? (int)clamp(last + 1 - start, 0L, (long)count) : count;
        if (causal && last < 0)
          for (int j = 0; j < seen; ++j) scores[r][j] = -FLT_MAX;
        mask_scores(scores[r], masking, mask, entries, seen);
        for (int j = seen; j < BLOCK; ++j) scores[r][j] = -INFINITY;
        float16 largest = vload16(0, scores[r]);
        for (int c = 1; c < BLOCK / 16; ++c) largest = fmax(largest, vload16(c, scores[r]));
        const float top = fmax(tops[r], largest16(largest));
        if (top == -INFINITY) {
          for (int j = 0; j < BLOCK; ++j) scores[r][j] = isnan(scores[r][j]) ? NAN : 0;
        } else {
          const float factor = exp(tops[r] - top);
          float16 total = 0;
          for (int c = 0; c < BLOCK / 16; ++c) {
            const float16 weights = exp(vload16(c, scores[r]) - top);
            vstore16(weights, c, scores[r]);
            total += weights;
          }
          totals[r] = totals[r] * factor + sum16(total);
          if (factor != 1) EACH(c, VALUE_CHUNKS) vstore16(vload16(c, sums[r]) * factor, c, sums[r]);
          tops[r] = top;
        }
      }
      add_values(sums, scores, first_value + start * v_row, v_row, count);
    }
    for (int r = 0; r < ROWS; ++r) {
      const long mine = head * repeats + r / length;
      if (parts == 1) {
        put_result(sums[r], tops[r], totals[r], sinking, sinks, sinks_offset + mine,
                   out + out_offset + b * out_batch + mine * out_head + r % length * out_row);
      } else {
        global float* const entry = partial + partial_offset + (task * ROWS + r) * ENTRY;
        EACH(c, VALUE_CHUNKS) vstore16(vload16(c, sums[r]), c, entry);
        entry[VALUES] = tops[r];
        entry[VALUES + 1] = totals[r];
      }
    }
  }
}

kernel void few_combined(ARGUMENTS) {
  FOR_EACH(row, batches * key_heads * ROWS) {
    const long r = row % ROWS, head = row / ROWS % key_heads, b = row / ROWS / key_heads;
    global const float* const first = partial + partial_offset + (row / ROWS * parts * ROWS + r) * ENTRY;
    float top = -INFINITY, total = 0, values[VALUES];
    for (long part = 0; part < parts; ++part) top = fmax(top, first[part * ROWS * ENTRY + VALUES]);
    EACH(c, VALUE_CHUNKS) vstore16((float16)(0.0f), c, values);
    for (long part = 0; part < parts; ++part) {
      global const float* const entry = first + part * ROWS * ENTRY;
      const float factor = entry[VALUES] == -INFINITY && top > -INFINITY ? 0 : exp(entry[VALUES] - top);
      total += entry[VALUES + 1] * factor;
      EACH(c, VALUE_CHUNKS) vstore16(fma(vload16(c, entry), (float16)(factor), vload16(c, values)), c, values);
    }
    const long mine = head * repeats + r / length;
    put_result(values, top, total, sinking, sinks, sinks_offset + mine,
               out + out_offset + b * out_batch + mine * out_head + r % length * out_row);
  }
}
