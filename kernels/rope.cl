// Rotary position embeddings: a table of cosines and sines by (sequence, position, pair), then the rotation; for few
// positions both at once.
//   T element type, O dtype of the offsets, FREQS if the frequencies come as their reciprocals in a buffer
#include "vector.clh"
#if V == 16
#define W 16
#elif V == 8
#define W 8
#else
#define W 4
#endif
#define FLOATS CAT(float, W)

// The row of a table for one position: pairs cosines, then pairs sines. Angles as float32.
static inline void fill(global float* cosines, float position, global const STORED(F)* periods, long pairs,
                        float log_step) {
  float steps[W];
  for (int k = 0; k < W; ++k) steps[k] = (float)k;
  const FLOATS lanes = CAT(vload, W)(0, steps);
  for (long i = 0; i < pairs; i += W) {
    const int count = (int)min((long)W, pairs - i);
#ifdef FREQS
    float inverses[W];
    for (int k = 0; k < W; ++k) inverses[k] = k < count ? 1.0f / (float)LOAD(F, periods, i + k) : 0.0f;
    const FLOATS frequencies = CAT(vload, W)(0, inverses);
#else
    const FLOATS frequencies = exp((lanes + (float)i) * log_step);
#endif
    const FLOATS angles = position * frequencies, c = cos(angles), s = sin(angles);
    if (count == W) {
      CAT(vstore, W)(c, 0, cosines + i);
      CAT(vstore, W)(s, 0, cosines + pairs + i);
      continue;
    }
    float both[2 * W];
    CAT(vstore, W)(c, 0, both);
    CAT(vstore, W)(s, 1, both);
    for (int k = 0; k < count; ++k) {
      cosines[i + k] = both[k];
      cosines[pairs + i + k] = both[W + k];
    }
  }
}

static inline float position_of(global const STORED(O)* offsets, long sequence, long t, float scale) {
  return ((float)t + (float)LOAD(O, offsets, sequence)) * scale;
}

static inline void rotate_row(global const STORED(T)* from, global STORED(T)* to, global const float* cosines,
                              long width, long pairs, float sign) {
  global const float* const sines = cosines + pairs;
  long i = 0;
#if defined(IS_FLOAT) && V > 1
  for (; i + V <= pairs; i += V) {
    const VECTOR(float) c = CAT(vload, V)(0, cosines + i), s = CAT(vload, V)(0, sines + i) * sign;
#ifdef TRADITIONAL
    const VECTOR(float) low = FETCH(T, from + 2 * i), high = FETCH(T, from + 2 * i + V);
    const VECTOR(float) p = (VECTOR(float))(low.even, high.even), q = (VECTOR(float))(low.odd, high.odd);
    const VECTOR(float) u = p * c - q * s, v = p * s + q * c;
    VECTOR(float) first, second;
    first.even = u.lo, first.odd = v.lo;
    second.even = u.hi, second.odd = v.hi;
    PUT(T, to + 2 * i, first);
    PUT(T, to + 2 * i + V, second);
#else
    const VECTOR(float) p = FETCH(T, from + i), q = FETCH(T, from + pairs + i);
    PUT(T, to + i, p * c - q * s);
    PUT(T, to + pairs + i, p * s + q * c);
#endif
  }
#endif
  for (; i < pairs; ++i) {
#ifdef TRADITIONAL
    const long first = 2 * i, second = first + 1;
#else
    const long first = i, second = i + pairs;
#endif
    const COMPUTED(T) p = LOAD(T, from, first), q = LOAD(T, from, second), c = cosines[i], s = sines[i] * sign;
    STORE(T, to, first, p * c - q * s);
    STORE(T, to, second, p * s + q * c);
  }
  for (long k = 2 * pairs; k < width; ++k) to[k] = from[k];
}

// table[(sequence * positions + t) * 2 * pairs]
kernel void rope_table(global const STORED(O)* offsets, long offsets_offset, global const STORED(F)* periods,
                       long periods_offset, global float* table, long table_offset, long sequences, long positions,
                       long pairs, float scale, float log_step) {
  FOR_EACH(row, sequences * positions) {
    const long sequence = row / positions, t = row - sequence * positions;
    fill(table + table_offset + row * 2 * pairs, position_of(offsets + offsets_offset, sequence, t, scale),
         periods + periods_offset, pairs, log_step);
  }
}

// x is (batch, heads, positions, width) with these strides; y is dense, or laid out alike.
kernel void rope_rotate(global const STORED(T)* x, long x_offset, global STORED(T)* y, long y_offset,
                        global const float* table, long table_offset, long batch, long heads, long positions,
                        long width, long pairs, long4 x_strides, long4 y_strides, long table_stride, float sign) {
  FOR_EACH(row, batch * heads * positions) {
    const long t = row % positions, head = row / positions % heads, b = row / positions / heads;
    rotate_row(x + x_offset + b * x_strides.x + head * x_strides.y + t * x_strides.z,
               y + y_offset + b * y_strides.x + head * y_strides.y + t * y_strides.z,
               table + table_offset + b * table_stride + t * 2 * pairs, width, pairs, sign);
  }
}

// The same in one launch, for few positions: each work-item keeps the row of the table that its heads share.
kernel void rope_at_once(global const STORED(T)* x, long x_offset, global STORED(T)* y, long y_offset,
                         global float* table, long table_offset, long batch, long heads, long positions, long width,
                         long pairs, long4 x_strides, long4 y_strides, float sign, global const STORED(O)* offsets,
                         long offsets_offset, global const STORED(F)* periods, long periods_offset, long per_batch,
                         float scale, float log_step) {
  global float* const cosines = table + table_offset + get_global_id(0) * 2 * pairs;
  long filled = -1;
  FOR_EACH(row, batch * positions * heads) {
    const long head = row % heads, t = row / heads % positions, b = row / heads / positions;
    if (filled != row / heads) {
      filled = row / heads;
      fill(cosines, position_of(offsets + offsets_offset, b * per_batch, t, scale), periods + periods_offset, pairs,
           log_step);
    }
    rotate_row(x + x_offset + b * x_strides.x + head * x_strides.y + t * x_strides.z,
               y + y_offset + b * y_strides.x + head * y_strides.y + t * y_strides.z, cosines, width, pairs, sign);
  }
}
