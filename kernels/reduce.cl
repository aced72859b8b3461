// Reductions over rows (a contiguous or strided last axis), over columns (contiguous kept axis) and in parts.
//
// -D T the stored input, A what is accumulated, O the stored result, OP the operation (sum, mean, product, least,
// greatest, every, some); IS_COMPLEX and IS_LOGICAL (every, some) say how values are mapped; GROUP is the work-group
// size on GPUs.
// Elements of one result are numbered over the reduced axes; [low, high) of them is a part. Part p of result o goes to
// out[p * results + o].
#include "ends.clh"
#include "dims.clh"
#include "combine.clh"

typedef COMPUTED(A) value;

// Extremes start from an element, the rest from their identity.
#ifdef IS_COMPLEX
#define start_product(x) ((float2)(1, 0))
#else
#define start_product(x) ((value)1)
#endif
#define start_sum(x) ((value)0)
#define start_every(x) ((value)1)
#define start_some(x) ((value)0)
#define start_greatest(x) (x)
#define start_least(x) (x)
#define START(x) CAT(start_, OP)(x)

#if defined(IS_LOGICAL) && defined(IS_COMPLEX)
#undef IS_COMPLEX
#define SCALAR_ONLY
#define MAP(z) ((value)((z).x != 0 || (z).y != 0))
#elif defined(IS_LOGICAL)
#define MAP(x) ((value)((x) != 0))
#define MAP_VECTOR(x) TO_BOOL((x) != (BASE(T))0)
#elif defined(IS_COMPLEX)
#define SCALAR_ONLY
#define MAP(x) (x)
#else
#define MAP(x) ((value)(x))
#define MAP_VECTOR(x) CONVERT(BASE(A), x)
#endif

// A mean is a sum with a divisor; other sums have the divisor 1, which changes nothing.
#ifdef IS_COMPLEX
#define finish_sum(x) ((x) / (value)divisor)
#else
#define IS_WHOLE ((value)0.5 == 0)
#define finish_sum(x) (IS_WHOLE ? (x) : (x) / (value)divisor)
#endif
#define finish_product(x) (x)
#define finish_greatest(x) (x)
#define finish_least(x) (x)
#define finish_every(x) (x)
#define finish_some(x) (x)
#define FINISH(x) ((COMPUTED(O))CAT(finish_, OP)(x))

#define ARGUMENTS                                                                                              \
  SOURCE_ARGUMENTS, SINK_ARGUMENTS, long results, long parts, long total, long inner, long stride,             \
      int kept_rank, int reduced_rank, Dims ARGUMENT(kept), Dims ARGUMENT(reduced), long divisor

#ifdef LOOP_SHAPE

/// `result` and `n` more elements, one after the other; a group computes them V at a time.
static inline value reduce_few(SOURCE_ARGUMENTS, value result, long at, long n, long stride) {
#ifdef MAPPED
  for (long i = 0; i < n; i += V) {
    const int count = (int)min(n - i, (long)V);
    BASE(A) lanes[V];
    CAT(vstore, V)(MAP_VECTOR(ELEMENTS_PART(at + i, count)), 0, lanes);
    for (int k = 0; k < count; ++k) result = COMBINE(result, lanes[k]);
  }
#else
  for (long i = 0; i < n; ++i) {
    const value next = MAP(ELEMENT(at + i * stride));
    result = COMBINE(result, next);
  }
#endif
  return result;
}

/// One stretch of a row. Sums go through blocks, so that the error grows with the square root of the length at most.
static inline value reduce_run(SOURCE_ARGUMENTS, long at, long n, long stride) {
  const value first = START(MAP(ELEMENT(at)));
  if (n < 3 * V) return reduce_few(SOURCE, first, at, n, stride);
  long i = 0;
#ifndef SCALAR_ONLY
  if (stride == 1) {
    const VALUE(A) start = (VALUE(A))(first);
    VALUE(A) total = start;
    while (i + 4 * V <= n) {
      const long end = min(n, i + 512 * V);
      VALUE(A) a = start, b = start, c = start, d = start;
      for (; i + 4 * V <= end; i += 4 * V) {
        const VALUE(A) e = MAP_VECTOR(ELEMENTS(at + i)), f = MAP_VECTOR(ELEMENTS(at + i + V));
        const VALUE(A) g = MAP_VECTOR(ELEMENTS(at + i + 2 * V)), h = MAP_VECTOR(ELEMENTS(at + i + 3 * V));
        a = COMBINE(a, e);
        b = COMBINE(b, f);
        c = COMBINE(c, g);
        d = COMBINE(d, h);
      }
      a = COMBINE(a, b);
      c = COMBINE(c, d);
      a = COMBINE(a, c);
      total = COMBINE(total, a);
    }
    for (; i + V <= n; i += V) {
      const VALUE(A) next = MAP_VECTOR(ELEMENTS(at + i));
      total = COMBINE(total, next);
    }
    BASE(A) lanes[V];
    CAT(vstore, V)(total, 0, lanes);
    for (int width = V / 2; width > 0; width /= 2)
      for (int k = 0; k < width; ++k) lanes[k] = COMBINE(lanes[k], lanes[k + width]);
    return reduce_few(SOURCE, lanes[0], at + i, n - i, 1);
  }
#endif
  value a = first, b = first, c = first, d = first;
  while (i + 4 <= n) {
    const long end = min(n, i + 1024);
    value e = first, f = first, g = first, h = first;
    for (; i + 4 <= end; i += 4) {
      const value s = MAP(ELEMENT(at + i * stride)), t = MAP(ELEMENT(at + (i + 1) * stride));
      const value u = MAP(ELEMENT(at + (i + 2) * stride)), v = MAP(ELEMENT(at + (i + 3) * stride));
      e = COMBINE(e, s);
      f = COMBINE(f, t);
      g = COMBINE(g, u);
      h = COMBINE(h, v);
    }
    a = COMBINE(a, e);
    b = COMBINE(b, f);
    c = COMBINE(c, g);
    d = COMBINE(d, h);
  }
  a = reduce_few(SOURCE, a, at + i * stride, n - i, stride);
  a = COMBINE(a, b);
  c = COMBINE(c, d);
  return COMBINE(a, c);
}

/// The results from number `at` on; a group takes them V at a time.
static inline void write_results(SINK_ARGUMENTS, const value* results, long at, int n, long divisor) {
#ifdef SUNK
  for (int j = 0; j < n; j += V) {
    BASE(O) lanes[V];
    for (int k = 0; k < V; ++k) lanes[k] = j + k < n ? FINISH(results[j + k]) : 0;
    WRITE_PART(at + j, CAT(vload, V)(0, lanes), min(V, n - j));
  }
#else
  for (int j = 0; j < n; ++j) WRITE(at + j, FINISH(results[j]));
#endif
}

kernel void reduce_rows(ARGUMENTS) {
  OWN(Dims, kept) OWN(Dims, reduced)
  if (parts == 1 && reduced_rank == 0 && kept_rank <= 1 && total > 0) {  // many plain rows: no divisions
    const long apart = kept_rank ? kept.stride[0] : 0;
    value waiting[V];
    int n = 0;
    FOR_EACH(unit, results) {
      waiting[n++] = reduce_run(SOURCE, unit * apart, total, stride);
      if (n < V && unit + 1 < unit_end) continue;
      write_results(SINK, waiting, unit + 1 - n, n, divisor);
      n = 0;
    }
    return;
  }
  FOR_EACH(unit, results * parts) {
    const Part part = find_part(unit, results, parts, total, kept_rank, &kept);
    long i = part.low;
    long row = i / inner, column = i - row * inner;
    value result = START(MAP(ELEMENT(part.base + locate(row, reduced_rank, &reduced) + column * stride)));
    while (i < part.high) {
      const long n = min(inner - column, part.high - i);
      const long at = part.base + locate(row, reduced_rank, &reduced) + column * stride;
      const value next = reduce_run(SOURCE, at, n, stride);
      result = COMBINE(result, next);
      i += n;
      row += 1;
      column = 0;
    }
    WRITE(unit, FINISH(result));
  }
}

#define TILE 1024

/// Adds `rows` rows of `width` columns to `total`.
static inline void add_rows(SOURCE_ARGUMENTS, value* total, long at, long rows, long stride, int width) {
  int j = 0;
#ifndef SCALAR_ONLY
  for (; j + V <= width; j += V) {
    long from = at + j;
    VALUE(A) a = CAT(vload, V)(0, total + j);
    VALUE(A) b = (VALUE(A))(START(a)), c = b, d = b;
    long r = 0;
    for (; r + 4 <= rows; r += 4, from += 4 * stride) {
      const VALUE(A) e = MAP_VECTOR(ELEMENTS(from)), f = MAP_VECTOR(ELEMENTS(from + stride));
      const VALUE(A) g = MAP_VECTOR(ELEMENTS(from + 2 * stride)), h = MAP_VECTOR(ELEMENTS(from + 3 * stride));
      a = COMBINE(a, e);
      b = COMBINE(b, f);
      c = COMBINE(c, g);
      d = COMBINE(d, h);
    }
    for (; r < rows; ++r, from += stride) {
      const VALUE(A) next = MAP_VECTOR(ELEMENTS(from));
      a = COMBINE(a, next);
    }
    a = COMBINE(a, b);
    c = COMBINE(c, d);
    CAT(vstore, V)(COMBINE(a, c), 0, total + j);
  }
#endif
#ifdef MAPPED
  if (j < width) {
    VALUE(A) sums = MAP_VECTOR(ELEMENTS_PART(at + j, width - j));
    for (long r = 1; r < rows; ++r) {
      const VALUE(A) next = MAP_VECTOR(ELEMENTS_PART(at + r * stride + j, width - j));
      sums = COMBINE(sums, next);
    }
    BASE(A) lanes[V];
    CAT(vstore, V)(sums, 0, lanes);
    for (int k = 0; j < width; ++j, ++k) total[j] = COMBINE(total[j], lanes[k]);
  }
#else
  for (; j < width; ++j) {
    value a = MAP(ELEMENT(at + j));
    for (long r = 1; r < rows; ++r) {
      const value b = MAP(ELEMENT(at + r * stride + j));
      a = COMBINE(a, b);
    }
    total[j] = COMBINE(total[j], a);
  }
#endif
}

/// The last kept axis, of `columns` elements, is contiguous; the other kept ones are `kept`.
kernel void reduce_columns(ARGUMENTS, long columns) {
  OWN(Dims, kept) OWN(Dims, reduced)
  const long tiles = (columns + TILE - 1) / TILE, outer = results / columns;
  FOR_EACH(unit, outer * parts * tiles) {
    const long strip = unit / tiles, tile = (unit - strip * tiles) * TILE;
    const Part part = find_part(strip, outer, parts, total, kept_rank, &kept);
    const int width = (int)min((long)TILE, columns - tile);
    const long base = part.base + tile;
    long i = part.low;
    long row = i / inner, step = i - row * inner;
    value sums[TILE];
    const long first = base + locate(row, reduced_rank, &reduced) + step * stride;
    for (int j = 0; j < width; ++j) sums[j] = START(MAP(ELEMENT(first + j)));
    while (i < part.high) {
      const long n = min(inner - step, part.high - i);
      const long at = base + locate(row, reduced_rank, &reduced) + step * stride;
      // As many rows at a time as the nearest cache holds: memory is read in order, sums stay in registers.
      const long block = max(8L, (long)TILE * 8 / width);
      for (long k = 0; k < n; k += block) add_rows(SOURCE, sums, at + k * stride, min(block, n - k), stride, width);
      i += n;
      row += 1;
      step = 0;
    }
    write_results(SINK, sums, strip * columns + tile, width, divisor);
  }
}

#else

/// A work-group per part of a result.
#ifdef GROUP
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void reduce_rows(ARGUMENTS) {
  OWN(Dims, kept) OWN(Dims, reduced)
  local value shared[GROUP];
  const int me = get_local_id(0);
  for (long unit = get_group_id(0); unit < results * parts; unit += get_num_groups(0)) {
    const Part part = find_part(unit, results, parts, total, kept_rank, &kept);
    value mine = START(MAP(ELEMENT(part.base + locate_element(part.low, inner, stride, reduced_rank, &reduced))));
    for (long i = part.low + me; i < part.high; i += GROUP) {
      const value next = MAP(ELEMENT(part.base + locate_element(i, inner, stride, reduced_rank, &reduced)));
      mine = COMBINE(mine, next);
    }
    shared[me] = mine;
    for (int width = GROUP / 2; width > 0; width /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (me < width) shared[me] = COMBINE(shared[me], shared[me + width]);
    }
    if (me == 0) WRITE(unit, FINISH(shared[0]));
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#endif

/// A work-item per column and part: neighbours read neighbouring columns.
kernel void reduce_columns(ARGUMENTS, long columns) {
  OWN(Dims, kept) OWN(Dims, reduced)
  const long outer = results / columns;
  FOR_EACH(unit, results * parts) {
    const long strip = unit / columns;
    const Part part = find_part(strip, outer, parts, total, kept_rank, &kept);
    const long base = part.base + (unit - strip * columns);
    value result = START(MAP(ELEMENT(base + locate_element(part.low, inner, stride, reduced_rank, &reduced))));
    for (long i = part.low; i < part.high; ++i) {
      const value next = MAP(ELEMENT(base + locate_element(i, inner, stride, reduced_rank, &reduced)));
      result = COMBINE(result, next);
    }
    WRITE(unit, FINISH(result));
  }
}
#endif
