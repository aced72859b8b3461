// Scans (running sums, products, extremes, log-sum-exps) of dense arrays seen as (outer, n, inner).
//
// -D T stored input, A accumulated, O stored result, OP the operation (sum, product, greatest, least, exponents),
// IS_FLOAT and IS_COMPLEX for A, GROUP on GPUs. With `reverse` the order runs from the end; `exclusive` leaves the
// element itself out. A long row is cut into blocks, whose totals are scanned first.
#include "ends.clh"
#include "combine.clh"

typedef COMPUTED(A) value;

#ifdef IS_COMPLEX
static inline float2 complex_exponents(float2 a, float2 b) {
  const int above = complex_above(a, b);
  const float2 high = above ? a : b, low = above ? b : a;
  if (low.x == -INFINITY) return high;
  const float2 d = low - high;  // log(1 + exp(d))
  const float size = exp(d.x);
  const float2 e = (float2)(1 + size * cos(d.y), size * sin(d.y));
  return high + (float2)(log(hypot(e.x, e.y)), atan2(e.y, e.x));
}
#define combine_exponents(a, b) complex_exponents(a, b)
#elif defined(IS_FLOAT)
#ifdef LOOP_SHAPE
#define FOR_BOTH __attribute__((overloadable))
static inline FOR_BOTH VALUE(A) add_exponents(VALUE(A) a, VALUE(A) b) {
  const VALUE(A) high = a > b ? a : b, low = a > b ? b : a;
  const VALUE(A) total = high + log1p(exp(low - high));
  // a + b is NaN where either is.
  return a == a && b == b ? ((low == -INFINITY || high == INFINITY) ? high : total) : a + b;
}
#else
#define FOR_BOTH
#endif
static inline FOR_BOTH value add_exponents(value a, value b) {
  const value high = a > b ? a : b, low = a > b ? b : a;
  if (isnan(a) || isnan(b)) return a + b;
  return low == -INFINITY || isinf(high) ? high : high + log1p(exp(low - high));
}
#define combine_exponents(a, b) add_exponents(a, b)
#endif

#ifdef IS_COMPLEX
#define identity_product ((float2)(1, 0))
#define identity_exponents ((float2)(-INFINITY, 0))
#else
#define identity_product ((value)1)
#define identity_exponents LOWEST
#endif
#define identity_sum ((value)0)
#define identity_greatest LOWEST
#define identity_least HIGHEST
#define IDENTITY CAT(identity_, OP)

#define ARGUMENTS                                                                                                \
  SOURCE_ARGUMENTS, SINK_ARGUMENTS, global STORED(A)* totals, long totals_offset, long rows, long n, long blocks, \
      int reverse, int exclusive

#define AT(i) (reverse ? n - 1 - (i) : (i))

/// totals[row, block] becomes what comes before the block.
kernel void scan_totals(global STORED(A)* totals, long totals_offset, long rows, long blocks) {
  FOR_EACH(row, rows) {
    value before = IDENTITY;
    for (long b = 0; b < blocks; ++b) {
      const long at = totals_offset + row * blocks + b;
      const value total = LOAD(A, totals, at);
      STORE(A, totals, at, before);
      before = COMBINE(before, total);
    }
  }
}

#if defined(LOOP_SHAPE) && defined(MAPPED)
/// Elements from number `at` on: what is read is computed once, and waits where the results come.
#define SEEN(at) out + out_offset + (at)
#define LOOK(at, n) fill(SOURCE, SEEN(at), at, n)
#elif defined(LOOP_SHAPE)
#define SEEN(at) x + x_offset + (at)
#define LOOK(at, n)
#endif

/// Columns beside each other: each keeps its own running value.
kernel void scan_columns(SOURCE_ARGUMENTS, SINK_ARGUMENTS, long outer, long n, long inner, int reverse, int exclusive) {
#ifdef LOOP_SHAPE
#define TILE 1024
  const long tiles = (inner + TILE - 1) / TILE;
  FOR_EACH(unit, outer * tiles) {
    const long slab = unit / tiles, tile = (unit - slab * tiles) * TILE;
    const int width = (int)min((long)TILE, inner - tile);
    value running[TILE];
    for (int j = 0; j < width; ++j) running[j] = IDENTITY;
    for (long i = 0; i < n; ++i) {
      const long at = (slab * n + AT(i)) * inner + tile;
      LOOK(at, width);
      global const STORED(T)* p = SEEN(at);
      global STORED(O)* q = out + out_offset + at;
      int j = 0;
#ifdef VECTORS
      for (; j + V <= width; j += V) {
        const VALUE(A) before = CAT(vload, V)(0, running + j), v = CONVERT(BASE(A), FETCH(T, p + j));
        const VALUE(A) after = COMBINE(before, v);
        PUT(O, q + j, CONVERT(BASE(O), exclusive ? before : after));
        CAT(vstore, V)(after, 0, running + j);
      }
#endif
      for (; j < width; ++j) {
        const value before = running[j], after = COMBINE(before, (value)LOAD(T, p, j));
        STORE(O, q, j, (COMPUTED(O))(exclusive ? before : after));
        running[j] = after;
      }
    }
  }
#else
  FOR_EACH(unit, outer * inner) {
    const long slab = unit / inner, column = unit - slab * inner;
    value running = IDENTITY;
    for (long i = 0; i < n; ++i) {
      const long at = (slab * n + AT(i)) * inner + column;
      const value before = running;
      running = COMBINE(before, (value)ELEMENT(at));
      STORE(O, out, out_offset + at, (COMPUTED(O))(exclusive ? before : running));
    }
  }
#endif
}

#ifdef LOOP_SHAPE

#if defined(VECTORS) && V == 16
typedef VALUE(A) values;
#define FIRST ((values)(IDENTITY))
#define SHIFTED_1(v) ((values)(IDENTITY, v.s0, v.s1, v.s2, v.s3, v.s4, v.s5, v.s6, v.s7, v.s8, v.s9, v.sa, v.sb, v.sc, v.sd, v.se))
/// The running values within a vector, in four steps (Hillis and Steele).
static inline values scan_lanes(values v) {
  const value one = IDENTITY;
  const CAT(BASE(A), 4) four = (CAT(BASE(A), 4))(one);
  values s = (values)(one, v.s012, v.s3456, v.s789a, v.sbcde);
  v = COMBINE(s, v);
  s = (values)(one, one, v.s01, v.s2345, v.s6789, v.sabcd);
  v = COMBINE(s, v);
  s = (values)(four, v.s0123, v.s4567, v.s89ab);
  v = COMBINE(s, v);
  s = (values)(four, four, v.s0123, v.s4567);
  return COMBINE(s, v);
}
#define BACKWARDS(v) v.sfedcba9876543210
#define HAS_LANES
#endif

/// Everything in [low, high) of a row in scan order.
static inline value run_total(global const STORED(T)* p, long n, long low, long high, int reverse) {
  value total = IDENTITY;
  long i = low;
#ifdef VECTORS
  VALUE(A) a = (VALUE(A))(IDENTITY);
  for (; i + V <= high; i += V) {
    const VALUE(A) v = CONVERT(BASE(A), FETCH(T, p + (reverse ? n - i - V : i)));
    a = COMBINE(a, v);
  }
  BASE(A) lanes[V];
  CAT(vstore, V)(a, 0, lanes);
  for (int k = 0; k < V; ++k) total = COMBINE(total, lanes[k]);
#endif
  for (; i < high; ++i) total = COMBINE(total, (value)LOAD(T, p, AT(i)));
  return total;
}

kernel void block_totals(ARGUMENTS) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit - row * blocks;
    const long low = n * block / blocks, high = n * (block + 1) / blocks;
    LOOK(row * n + (reverse ? n - high : low), high - low);
    const value total = run_total(SEEN(row * n), n, low, high, reverse);
    STORE(A, totals, totals_offset + unit, total);
  }
}

kernel void scan_rows(ARGUMENTS) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit - row * blocks;
    const long low = n * block / blocks, high = n * (block + 1) / blocks;
    LOOK(row * n + (reverse ? n - high : low), high - low);
    global const STORED(T)* p = SEEN(row * n);
    global STORED(O)* q = out + out_offset + row * n;
    value before = IDENTITY;
    if (blocks > 1) before = LOAD(A, totals, totals_offset + unit);
    long i = low;
#ifdef HAS_LANES
    for (; i + V <= high; i += V) {
      const long at = reverse ? n - i - V : i;
      values v = CONVERT(BASE(A), FETCH(T, p + at));
      v = scan_lanes(reverse ? BACKWARDS(v) : v);
      const values carry = (values)(before);
      v = COMBINE(carry, v);
      const value after = v.sf;
      if (exclusive) v = (values)(before, v.s012, v.s3456, v.s789a, v.sbcde);
      before = after;
      PUT(O, q + at, CONVERT(BASE(O), (reverse ? BACKWARDS(v) : v)));
    }
#endif
    for (; i < high; ++i) {
      const value after = COMBINE(before, (value)LOAD(T, p, AT(i)));
      STORE(O, q, AT(i), (COMPUTED(O))(exclusive ? before : after));
      before = after;
    }
  }
}

#elif defined(GROUP)

/// The running value over the work-group.
static inline value group_scan(value v, local value* shared) {
  const int me = get_local_id(0);
  barrier(CLK_LOCAL_MEM_FENCE);
  shared[me] = v;
  for (int step = 1; step < GROUP; step *= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    const value other = me >= step ? shared[me - step] : v;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me >= step) shared[me] = v = COMBINE(other, v);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return v;
}

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void block_totals(ARGUMENTS) {
  local value shared[GROUP];
  for (long unit = get_group_id(0); unit < rows * blocks; unit += get_num_groups(0)) {
    const long row = unit / blocks, block = unit - row * blocks;
    const long low = n * block / blocks, high = n * (block + 1) / blocks;
    value v = IDENTITY;
    for (long i = low + get_local_id(0); i < high; i += GROUP)
      v = COMBINE(v, (value)ELEMENT(row * n + AT(i)));
    v = group_scan(v, shared);
    if (get_local_id(0) == GROUP - 1) STORE(A, totals, totals_offset + unit, v);
  }
}

kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void scan_rows(ARGUMENTS) {
  local value shared[GROUP];
  const int me = get_local_id(0);
  for (long unit = get_group_id(0); unit < rows * blocks; unit += get_num_groups(0)) {
    const long row = unit / blocks, block = unit - row * blocks;
    const long low = n * block / blocks, high = n * (block + 1) / blocks;
    value before = IDENTITY;
    if (blocks > 1) before = LOAD(A, totals, totals_offset + unit);
    for (long first = low; first < high; first += GROUP) {
      const long i = first + me, at = row * n + AT(i);
      value v = IDENTITY;
      if (i < high) v = (value)ELEMENT(at);
      v = group_scan(v, shared);
      value result = COMBINE(before, v);
      if (exclusive) result = me == 0 ? before : COMBINE(before, shared[me - 1]);
      if (i < high) STORE(O, out, out_offset + at, (COMPUTED(O))result);
      before = COMBINE(before, shared[GROUP - 1]);
    }
  }
}
#endif
