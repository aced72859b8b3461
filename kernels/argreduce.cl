// Positions of the largest or smallest element of rows or columns.
//
// -D T the stored type; LEAST for the smallest; IS_FLOAT, IS_COMPLEX; GROUP the work-group size on GPUs. The first of
// equal elements counts. The first NaN, if there is any, wins. Elements are numbered and cut into parts as in reduce.cl;
// each part writes its best value and index, which arg_merge then compares.
#define O T
#include "ends.clh"
#include "dims.clh"
#include "combine.clh"

typedef COMPUTED(T) value;

#ifdef IS_COMPLEX
#define ABOVE(a, b) complex_above(a, b)
#define IS_NAN(a) (isnan((a).x) || isnan((a).y))
#define SAME(a, b) (((a).x == (b).x && (a).y == (b).y) || (IS_NAN(a) && IS_NAN(b)))
#else
#define ABOVE(a, b) ((a) > (b))
#define IS_NAN(a) ((a) != (a))
#ifdef IS_FLOAT
#define SAME(a, b) (((a) == (b)) | (IS_NAN(a) & IS_NAN(b)))
#else
#define SAME(a, b) ((a) == (b))
#endif
#endif

#ifdef LEAST
#define BETTER(a, b) ABOVE(b, a)
#define WORST HIGHEST
#else
#define BETTER(a, b) ABOVE(a, b)
#define WORST LOWEST
#endif
#ifdef IS_COMPLEX
#define BEYOND(a, b) (IS_NAN(a) ? !IS_NAN(b) : !IS_NAN(b) && BETTER(a, b))
#elif defined(IS_FLOAT)
// True for a NaN against a number, false for anything against a NaN.
#ifdef LEAST
#define BEYOND(a, b) (!((a) >= (b)) & ((b) == (b)))
#else
#define BEYOND(a, b) (!((a) <= (b)) & ((b) == (b)))
#endif
#else
#define BEYOND(a, b) BETTER(a, b)
#endif

#define ARGUMENTS                                                                                                    \
  SOURCE_ARGUMENTS, global STORED(T)* values, long values_offset, global uint* indices, long indices_offset,        \
      long results, long parts, long total, long inner, long stride, int kept_rank, int reduced_rank,                \
      Dims ARGUMENT(kept), Dims ARGUMENT(reduced)

/// The best of each result's parts.
kernel void arg_merge(global const STORED(T)* values, long values_offset, global const uint* indices,
                      long indices_offset, global uint* out, long out_offset, long results, long parts) {
  FOR_EACH(i, results) {
    long best = i;
    for (long p = 1; p < parts; ++p) {
      const long other = p * results + i;
      if (BEYOND(LOAD(T, values, values_offset + other), LOAD(T, values, values_offset + best))) best = other;
    }
    out[out_offset + i] = indices[indices_offset + best];
  }
}

#ifdef LOOP_SHAPE
#define BLOCK (16 * V)

/// Looks through a stretch of a row whose first element has number `i`.
static inline void search_run(SOURCE_ARGUMENTS, value* best, uint* index, long at, long n, long stride, long i) {
  long k = 0;
#ifndef IS_COMPLEX
  // The best of a block first; where it lies matters only if it beats what came before.
  for (; stride == 1 && k + BLOCK <= n; k += BLOCK) {
    VALUE(T) a = (VALUE(T))(WORST), b = a;
    for (int j = 0; j < BLOCK; j += 2 * V) {
      const VALUE(T) u = ELEMENTS(at + k + j), v = ELEMENTS(at + k + j + V);
      a = BEYOND(u, a) ? u : a;
      b = BEYOND(v, b) ? v : b;
    }
    a = BEYOND(b, a) ? b : a;
    BASE(T) lanes[V];
    CAT(vstore, V)(a, 0, lanes);
    value block = lanes[0];
    for (int j = 1; j < V; ++j) block = BEYOND(lanes[j], block) ? lanes[j] : block;
    if (!BEYOND(block, *best)) continue;
    int j = -V, lane = V;
    while (lane == V) {
      CAT(vstore, V)(ELEMENTS(at + k + (j += V)), 0, lanes);
      for (lane = 0; lane < V && !SAME(lanes[lane], block);) ++lane;
    }
    *best = block;
    *index = (uint)(i + k + j + lane);
  }
#endif
#ifdef MAPPED
  for (; k < n; k += V) {
    const int count = (int)min((long)V, n - k);
    BASE(T) lanes[V];
    CAT(vstore, V)(ELEMENTS_PART(at + k, count), 0, lanes);
    for (int j = 0; j < count; ++j)
      if (BEYOND(lanes[j], *best)) *best = lanes[j], *index = (uint)(i + k + j);
  }
#else
  for (; k < n; ++k) {
    const value v = ELEMENT(at + k * stride);
    if (BEYOND(v, *best)) *best = v, *index = (uint)(i + k);
  }
#endif
}

kernel void arg_rows(ARGUMENTS) {
  OWN(Dims, kept) OWN(Dims, reduced)
  FOR_EACH(unit, results * parts) {
    const Part part = find_part(unit, results, parts, total, kept_rank, &kept);
    long i = part.low;
    value best = part.number == 0 ? ELEMENT(part.base) : WORST;
    uint index = (uint)i;
    long row = reduced_rank > 0 ? i / inner : 0, column = i - row * inner;
    while (i < part.high) {
      const long n = min(inner - column, part.high - i);
      const long at = part.base + locate(row, reduced_rank, &reduced) + column * stride;
      search_run(SOURCE, &best, &index, at, n, stride, i);
      i += n;
      row += 1;
      column = 0;
    }
    indices[indices_offset + unit] = index;
    if (parts > 1) STORE(T, values, values_offset + unit, best);
  }
}

#define TILE 512

/// Looks through `rows` rows of `width` columns, the first of number `i`. A group's last columns are less than a vector,
/// whose other lanes lie within the tile and are not used.
static inline void search_rows(SOURCE_ARGUMENTS, value* best, uint* index, long from, long rows, long stride, int width,
                               long i) {
  int j = 0;
#ifndef IS_COMPLEX
#ifdef MAPPED
#define COLUMNS(at) (j + V <= width ? ELEMENTS(at) : ELEMENTS_PART(at, width - j))
  for (; j < width; j += V) {
#else
#define COLUMNS(at) ELEMENTS(at)
  for (; j + V <= width; j += V) {
#endif
    VALUE(T) a = CAT(vload, V)(0, best + j);
    VECTOR(uint) at = CAT(vload, V)(0, index + j);
    for (long r = 0; r < rows; ++r) {
      const VALUE(T) v = COLUMNS(from + r * stride + j);
      at = select(at, (VECTOR(uint))((uint)(i + r)), CAT(convert_int, V)(BEYOND(v, a)));
      a = BEYOND(v, a) ? v : a;
    }
    CAT(vstore, V)(a, 0, best + j);
    CAT(vstore, V)(at, 0, index + j);
  }
#endif
#ifndef MAPPED
  for (; j < width; ++j)
    for (long r = 0; r < rows; ++r) {
      const value v = ELEMENT(from + r * stride + j);
      if (BEYOND(v, best[j])) best[j] = v, index[j] = (uint)(i + r);
    }
#endif
}

kernel void arg_columns(ARGUMENTS, long columns) {
  OWN(Dims, kept) OWN(Dims, reduced)
  const long tiles = (columns + TILE - 1) / TILE, outer = results / columns;
  FOR_EACH(unit, outer * parts * tiles) {
    const long strip = unit / tiles, tile = (unit - strip * tiles) * TILE;
    const Part part = find_part(strip, outer, parts, total, kept_rank, &kept);
    const int width = (int)min((long)TILE, columns - tile);
    const long base = part.base + tile;
    long i = part.low;
    value best[TILE];
    uint index[TILE];
    for (int j = 0; j < width; ++j) best[j] = part.number == 0 ? ELEMENT(base + j) : WORST, index[j] = (uint)i;
    long row = reduced_rank > 0 ? i / inner : 0, step = i - row * inner;
    while (i < part.high) {
      const long n = min(min(inner - step, part.high - i), max(8L, (long)TILE * 8 / width));
      const long at = base + locate(row, reduced_rank, &reduced) + step * stride;
      search_rows(SOURCE, best, index, at, n, stride, width, i);
      i += n;
      step += n;
      if (step == inner) row += 1, step = 0;
    }
    const long to = strip * columns + tile;
    for (int j = 0; j < width; ++j) {
      indices[indices_offset + to + j] = index[j];
      if (parts > 1) STORE(T, values, values_offset + to + j, best[j]);
    }
  }
}

#else

/// A work-group per part of a result.
#ifdef GROUP
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void arg_rows(ARGUMENTS) {
  OWN(Dims, kept) OWN(Dims, reduced)
  local value shared_values[GROUP];
  local uint shared_indices[GROUP];
  const int me = get_local_id(0);
  for (long unit = get_group_id(0); unit < results * parts; unit += get_num_groups(0)) {
    const Part part = find_part(unit, results, parts, total, kept_rank, &kept);
    value best = WORST;
    uint index = (uint)part.high;  // beyond every candidate, so that a tie at WORST goes to a real one
    for (long i = part.low + me; i < part.high; i += GROUP) {
      const value v = ELEMENT(part.base + locate_element(i, inner, stride, reduced_rank, &reduced));
      if (BEYOND(v, best) || (index == (uint)part.high && SAME(v, best))) best = v, index = (uint)i;
    }
    shared_values[me] = best;
    shared_indices[me] = index;
    for (int width = GROUP / 2; width > 0; width /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (me >= width) continue;
      const value other = shared_values[me + width];
      const uint at = shared_indices[me + width];
      if (BEYOND(other, shared_values[me]) || (SAME(other, shared_values[me]) && at < shared_indices[me])) {
        shared_values[me] = other;
        shared_indices[me] = at;
      }
    }
    if (me == 0) {
      const value first = ELEMENT(part.base);
      const int stays = part.number == 0 && shared_indices[0] == (uint)part.high;
      indices[indices_offset + unit] = stays ? 0 : min(shared_indices[0], (uint)(part.high - 1));
      if (parts > 1) STORE(T, values, values_offset + unit, stays ? first : shared_values[0]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#endif

/// A work-item per column and part.
kernel void arg_columns(ARGUMENTS, long columns) {
  OWN(Dims, kept) OWN(Dims, reduced)
  const long outer = results / columns;
  FOR_EACH(unit, results * parts) {
    const long strip = unit / columns;
    const Part part = find_part(strip, outer, parts, total, kept_rank, &kept);
    const long base = part.base + (unit - strip * columns);
    value best = part.number == 0 ? ELEMENT(base) : WORST;
    uint index = (uint)part.low;
    for (long i = part.low; i < part.high; ++i) {
      const value v = ELEMENT(base + locate_element(i, inner, stride, reduced_rank, &reduced));
      if (BEYOND(v, best)) best = v, index = (uint)i;
    }
    indices[indices_offset + unit] = index;
    if (parts > 1) STORE(T, values, values_offset + unit, best);
  }
}
#endif
