// Normalization of contiguous rows: rms_norm and layer_norm (-D CENTERED), forward and backward.
//
// -D T the dtype, -D HAS_WEIGHT, -D HAS_BIAS; IS_HALF for 16-bit storage; GROUP on GPUs. Everything is computed in
// float (double for float64). The backward kernel adds up the gradients of weight and bias over the rows it handles in
// a strip of its own, `columns` wide, of float (double) memory; the strips are added up afterwards.
#define O T
#include "ends.clh"
#include "rows.clh"

#define ARGUMENTS                                                                                                    \
  SOURCE_ARGUMENTS, global const STORED(T)* weight, long weight_offset, global const STORED(T)* bias,                \
      long bias_offset, SINK_ARGUMENTS, long rows, long columns, float eps
#define GRADIENT_ARGUMENTS                                                                                           \
  global const STORED(T)* x, long x_offset, global const STORED(T)* weight, long weight_offset,                      \
      global const STORED(T)* g, long g_offset, global STORED(T)* dx, long dx_offset, global real* weight_strips,    \
      long weight_strips_offset, global real* bias_strips, long bias_strips_offset, long rows, long columns, float eps

/// Column j of the sums over rows.
static inline void clear(global real* weight_strips, global real* bias_strips, long j) {
#ifdef HAS_WEIGHT
  weight_strips[j] = 0;
#endif
#ifdef HAS_BIAS
  bias_strips[j] = 0;
#endif
}

#ifdef LOOP_SHAPE

typedef struct {
  real mean, scale;
} Moments;

/// Mean (0 unless CENTERED) and 1 / sqrt(mean square deviation + eps), in two passes over the cached row.
static inline Moments row_moments(global const STORED(T)* p, long columns, long room, float eps) {
  const long whole = columns / V * V, rest = columns - whole;
  Moments result;
  result.mean = 0;
#ifdef CENTERED
  reals a = REALS(0), b = a;
  long i = 0;
  for (; i + 2 * V <= whole; i += 2 * V) a += FETCH(T, p + i), b += FETCH(T, p + i + V);
  for (; i < whole; i += V) a += FETCH(T, p + i);
  if (rest) b += fetch_tail(p + whole, rest, 0, room - whole);
  result.mean = lanes_sum(a + b) / columns;
#endif
  reals c = REALS(0), d = c;
  long j = 0;
  for (; j + 2 * V <= whole; j += 2 * V) {
    const reals u = FETCH(T, p + j) - result.mean, v = FETCH(T, p + j + V) - result.mean;
    c = fma(u, u, c);
    d = fma(v, v, d);
  }
  for (; j < whole; j += V) {
    const reals u = FETCH(T, p + j) - result.mean;
    c = fma(u, u, c);
  }
  if (rest) {
    const reals u = fetch_tail(p + whole, rest, result.mean, room - whole) - result.mean;
    d = fma(u, u, d);
  }
  result.scale = 1 / sqrt(lanes_sum(c + d) / columns + (real)eps);
  return result;
}

static inline reals normalized(reals x, Moments m, global const STORED(T)* weight, global const STORED(T)* bias, long n) {
  reals y = (x - m.mean) * m.scale;
#ifdef HAS_WEIGHT
  y *= fetch_some(weight, n, 0, n);
#endif
#ifdef HAS_BIAS
  y += fetch_some(bias, n, 0, n);
#endif
  return y;
}

kernel void norm_rows(ARGUMENTS) {
  weight += weight_offset;
  bias += bias_offset;
  FOR_EACH(row, rows) {
    const long first = row * columns, room = (rows - row) * columns;
    global const STORED(T)* p = seen_row(SOURCE, SINK, first, columns);
    const Moments m = row_moments(p, columns, room, eps);
    long j = 0;
    for (; j + V <= columns; j += V)
      WRITE_VECTOR(first + j, normalized(FETCH(T, p + j), m, weight + j, bias + j, V));
    const long rest = columns - j;
    if (rest)
      WRITE_PART(first + j, normalized(fetch_tail(p + j, rest, 0, room - j), m, weight + j, bias + j, rest), rest);
  }
}

/// One vector of a row in the backward pass: x normalized, and the cotangent of that.
static inline void pair(reals* z, reals* h, global const STORED(T)* p, global const STORED(T)* g,
                        global const STORED(T)* weight, Moments m, long n, long room) {
  *z = (fetch_some(p, n, m.mean, room) - m.mean) * m.scale;
  *h = fetch_some(g, n, 0, room);
#ifdef HAS_WEIGHT
  *h *= fetch_some(weight, n, 0, n);
#endif
}

kernel void norm_gradient(GRADIENT_ARGUMENTS) {
  weight += weight_offset;
  weight_strips += weight_strips_offset + get_global_id(0) * columns;
  bias_strips += bias_strips_offset + get_global_id(0) * columns;
  for (long j = 0; j < columns; ++j) clear(weight_strips, bias_strips, j);
  FOR_EACH(row, rows) {
    global const STORED(T)* p = x + x_offset + row * columns;
    global const STORED(T)* r = g + g_offset + row * columns;
    global STORED(T)* q = dx + dx_offset + row * columns;
    const long room = (rows - row) * columns;
    const Moments m = row_moments(p, columns, room, eps);
    reals along = REALS(0), total = along, z, h;
    for (long j = 0; j < columns; j += V) {
      pair(&z, &h, p + j, r + j, weight + j, m, columns - j, room - j);
      along = fma(h, z, along);
      total += h;
    }
    const real slope = lanes_sum(along) / columns;
#ifdef CENTERED
    const real level = lanes_sum(total) / columns;
#else
    const real level = 0;
#endif
    for (long j = 0; j < columns; j += V) {
      const long n = columns - j;
      pair(&z, &h, p + j, r + j, weight + j, m, n, room - j);
      const reals d = (h - level - z * slope) * m.scale;
#if defined(HAS_WEIGHT) || defined(HAS_BIAS)
      const reals c = fetch_some(r + j, n, 0, room - j);
#endif
      if (n >= V) {
        PUT(T, q + j, d);
#ifdef HAS_WEIGHT
        CAT(vstore, V)(fma(c, z, CAT(vload, V)(0, weight_strips + j)), 0, weight_strips + j);
#endif
#ifdef HAS_BIAS
        CAT(vstore, V)(c + CAT(vload, V)(0, bias_strips + j), 0, bias_strips + j);
#endif
      } else {
        put_tail(q + j, d, n);
        for (long k = j; k < columns; ++k) {
          const real e = LOAD(T, r, k);
#ifdef HAS_WEIGHT
          weight_strips[k] += e * (LOAD(T, p, k) - m.mean) * m.scale;
#endif
#ifdef HAS_BIAS
          bias_strips[k] += e;
#endif
        }
      }
    }
  }
}

#else

/// Mean (0 unless CENTERED) of the row at p, and 1 / sqrt(mean square deviation + eps).
static inline real row_mean(global const STORED(T)* x, long p, long columns, local real* shared) {
#ifdef CENTERED
  real sum = 0;
  FOR_MINE(j, columns) sum += LOAD(T, x, p + j);
  return group_sum(sum, shared) / columns;
#else
  return 0;
#endif
}
static inline real row_scale(global const STORED(T)* x, long p, long columns, real mean, float eps, local real* shared) {
  real sum = 0;
  FOR_MINE(j, columns) {
    const real u = LOAD(T, x, p + j) - mean;
    sum += u * u;
  }
  return 1 / sqrt(group_sum(sum, shared) / columns + (real)eps);
}

#ifdef HAS_WEIGHT
#define WEIGHT(j) LOAD(T, weight, weight_offset + (j))
#else
#define WEIGHT(j) 1
#endif
#ifdef HAS_BIAS
#define BIAS(j) LOAD(T, bias, bias_offset + (j))
#else
#define BIAS(j) 0
#endif

ROW_KERNEL void norm_rows(ARGUMENTS) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(row, rows) {
    const long first = row * columns;
#ifdef MAPPED
    FOR_MINE(j, columns) STORE(T, out, out_offset + first + j, ELEMENT(first + j));
    global const STORED(T)* seen = out;
    const long p = out_offset + first;
#else
    global const STORED(T)* seen = x;
    const long p = x_offset + first;
#endif
    const real mean = row_mean(seen, p, columns, shared), scale = row_scale(seen, p, columns, mean, eps, shared);
    FOR_MINE(j, columns) WRITE(first + j, (LOAD(T, seen, p + j) - mean) * scale * WEIGHT(j) + BIAS(j));
  }
}

ROW_KERNEL void norm_gradient(GRADIENT_ARGUMENTS) {
  local real shared[GROUP];
  weight_strips += weight_strips_offset + get_group_id(0) * columns;
  bias_strips += bias_strips_offset + get_group_id(0) * columns;
  FOR_MINE(j, columns) clear(weight_strips, bias_strips, j);  // a work-item handles the same columns throughout
  FOR_GROUP_ROWS(row, rows) {
    const long p = x_offset + row * columns, r = g_offset + row * columns, q = dx_offset + row * columns;
    const real mean = row_mean(x, p, columns, shared), scale = row_scale(x, p, columns, mean, eps, shared);
    real slope = 0, level = 0;
    FOR_MINE(j, columns) {
      const real h = LOAD(T, g, r + j) * WEIGHT(j);
      slope += h * (LOAD(T, x, p + j) - mean) * scale;
      level += h;
    }
    slope = group_sum(slope, shared) / columns;
#ifdef CENTERED
    level = group_sum(level, shared) / columns;
#else
    level = 0;
#endif
    FOR_MINE(j, columns) {
      const real c = LOAD(T, g, r + j), z = (LOAD(T, x, p + j) - mean) * scale;
      STORE(T, dx, q + j, (c * WEIGHT(j) - level - z * slope) * scale);
#ifdef HAS_WEIGHT
      weight_strips[j] += c * z;
#endif
#ifdef HAS_BIAS
      bias_strips[j] += c;
#endif
    }
  }
}
#endif
