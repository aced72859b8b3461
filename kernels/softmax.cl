// Softmax and log-sum-exp of contiguous rows. -D T the dtype; IS_HALF for 16-bit storage, IS_DOUBLE; GROUP on GPUs.
// With TARGETS, cross entropy: the class of each row, counted from the end if negative.
#define O T
#include "ends.clh"
#ifdef LOOP_SHAPE
#include "exp_of_negative.clh"
#endif
#include "rows.clh"

#ifdef LOOP_SHAPE

#ifdef IS_DOUBLE
#define EXP(x) exp(x)
#else
#define EXP(x) exp_of_negative(x)
#endif

static inline real row_max(global const STORED(T)* p, long columns, long room) {
  reals a = REALS(-INFINITY), b = a;
  long j = 0;
  for (; j + 2 * V <= columns; j += 2 * V) {
    const reals u = FETCH(T, p + j), v = FETCH(T, p + j + V);
    a = u > a ? u : a;
    b = v > b ? v : b;
  }
  for (; j < columns; j += V) {
    const reals u = fetch_some(p + j, columns - j, -INFINITY, room - j);
    a = u > a ? u : a;
  }
  return lanes_max(b > a ? b : a);
}

/// Sum of exp(x - top). A NaN anywhere makes it NaN.
static inline real row_sum(global const STORED(T)* p, real top, long columns, long room) {
  reals a = REALS(0), b = a;
  long j = 0;
  for (; j + 2 * V <= columns; j += 2 * V) {
    a += EXP(FETCH(T, p + j) - top);
    b += EXP(FETCH(T, p + j + V) - top);
  }
  for (; j < columns; j += V) a += EXP(fetch_some(p + j, columns - j, -INFINITY, room - j) - top);
  return lanes_sum(a + b);
}

kernel void softmax_rows(SOURCE_ARGUMENTS, SINK_ARGUMENTS, long rows, long columns) {
  FOR_EACH(row, rows) {
    const long first = row * columns, room = (rows - row) * columns;
    global const STORED(T)* p = seen_row(SOURCE, SINK, first, columns);
    const real top = row_max(p, columns, room);
    long j = 0;
#ifdef IS_HALF
    const real scale = 1 / row_sum(p, top, columns, room);
#else
    reals a = REALS(0);
#ifdef SUNK
    for (; j + V <= columns; j += V) a += EXP(FETCH(T, p + j) - top);
    if (j < columns) a += EXP(fetch_tail(p + j, columns - j, -INFINITY, room - j) - top);
#else
    // The exponentials wait in the output, in cache, for their sum.
    global STORED(T)* q = out + out_offset + first;
    reals tail = a;
    for (; j + V <= columns; j += V) {
      const reals e = EXP(FETCH(T, p + j) - top);
      a += e;
      PUT(T, q + j, e);
    }
    if (j < columns) a += tail = EXP(fetch_tail(p + j, columns - j, -INFINITY, room - j) - top);
#endif
    const real scale = 1 / lanes_sum(a);
#endif
#if defined(IS_HALF) || defined(SUNK)
    for (j = 0; j + V <= columns; j += V) WRITE_VECTOR(first + j, EXP(FETCH(T, p + j) - top) * scale);
    if (j < columns)
      WRITE_PART(first + j, EXP(fetch_tail(p + j, columns - j, -INFINITY, room - j) - top) * scale, columns - j);
#else
    for (j = 0; j + V <= columns; j += V) PUT(T, q + j, FETCH(T, q + j) * scale);
    if (j < columns) put_tail(q + j, tail * scale, columns - j);
#endif
  }
}

/// y * (g - sum(g * y)), for rows y of a softmax and their cotangents g.
kernel void softmax_gradient(global const STORED(T)* y, long y_offset, global const STORED(T)* g, long g_offset,
                             global STORED(T)* out, long out_offset, long rows, long columns) {
  FOR_EACH(row, rows) {
    global const STORED(T)* p = y + y_offset + row * columns;
    global const STORED(T)* r = g + g_offset + row * columns;
    global STORED(T)* q = out + out_offset + row * columns;
    const long whole = columns / V * V, rest = columns - whole, room = (rows - row) * columns - whole;
    reals a = REALS(0), last_y = a, last_g = a;
    for (long j = 0; j < whole; j += V) a = fma(FETCH(T, p + j), FETCH(T, r + j), a);
    if (rest) last_y = fetch_tail(p + whole, rest, 0, room), last_g = fetch_tail(r + whole, rest, 0, room);
    const real dot = lanes_sum(fma(last_y, last_g, a));
    for (long j = 0; j < whole; j += V) PUT(T, q + j, FETCH(T, p + j) * (FETCH(T, r + j) - dot));
    if (rest) put_tail(q + whole, last_y * (last_g - dot), rest);
  }
}

kernel void logsumexp_rows(global const STORED(T)* x, long x_offset, global STORED(T)* out, long out_offset, long rows,
                           long columns) {
  FOR_EACH(row, rows) {
    global const STORED(T)* p = x + x_offset + row * columns;
    const long room = (rows - row) * columns;
    const real top = row_max(p, columns, room);
    real result = top;
    if (isinf(top)) {
      for (long j = 0; j < columns; ++j) result = isnan(LOAD(T, p, j)) ? NAN : result;
    } else {
      result = log(row_sum(p, top, columns, room)) + top;
    }
    STORE(T, out, out_offset + row, result);
  }
}

#ifdef TARGETS
/// The class of a row, or -1 where the target names none.
static inline long class_of(long target, long columns) {
  const long c = target < 0 ? target + columns : target;
  return c < columns ? c : -1;
}

/// log(sum(exp(x))) - x[target].
kernel void cross_entropy(global const STORED(T)* x, long x_offset, global const long* targets, long targets_offset,
                          global float* out, long out_offset, long rows, long columns) {
  FOR_EACH(row, rows) {
    global const STORED(T)* p = x + x_offset + row * columns;
    const long room = (rows - row) * columns, at = class_of(targets[targets_offset + row], columns);
    const real top = row_max(p, columns, room), sum = row_sum(p, top, columns, room);
    out[out_offset + row] = at < 0 ? NAN : log(sum) + (top - LOAD(T, p, at));
  }
}

/// (softmax(x) - one hot of the target) * g.
kernel void cross_entropy_gradient(global const STORED(T)* x, long x_offset, global const long* targets,
                                   long targets_offset, global const float* g, long g_offset, global STORED(T)* out,
                                   long out_offset, long rows, long columns) {
  FOR_EACH(row, rows) {
    global const STORED(T)* p = x + x_offset + row * columns;
    global STORED(T)* q = out + out_offset + row * columns;
    const long room = (rows - row) * columns, at = class_of(targets[targets_offset + row], columns);
    const real top = row_max(p, columns, room), each = g[g_offset + row], scale = each / row_sum(p, top, columns, room);
    long j = 0;
    for (; j + V <= columns; j += V) PUT(T, q + j, EXP(FETCH(T, p + j) - top) * scale);
    if (j < columns)
      put_tail(q + j, EXP(fetch_tail(p + j, columns - j, -INFINITY, room - j) - top) * scale, columns - j);
    if (at >= 0) STORE(T, out, out_offset + row * columns + at, exp(LOAD(T, p, at) - top) * scale - each);
  }
}
#endif

#else

ROW_KERNEL void softmax_rows(SOURCE_ARGUMENTS, SINK_ARGUMENTS, long rows, long columns) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(row, rows) {
    const long first = row * columns;
    real top = -INFINITY, sum = 0;
#ifdef MAPPED
    FOR_MINE(j, columns) STORE(T, out, out_offset + first + j, ELEMENT(first + j));
#define SEEN(j) LOAD(T, out, out_offset + first + (j))
#else
#define SEEN(j) ELEMENT(first + (j))
#endif
    FOR_MINE(j, columns) top = fmax(top, SEEN(j));
    top = group_max(top, shared);
    FOR_MINE(j, columns) sum += exp(SEEN(j) - top);
    const real scale = 1 / group_sum(sum, shared);
    FOR_MINE(j, columns) WRITE(first + j, exp(SEEN(j) - top) * scale);
  }
}

ROW_KERNEL void softmax_gradient(global const STORED(T)* y, long y_offset, global const STORED(T)* g, long g_offset,
                                 global STORED(T)* out, long out_offset, long rows, long columns) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(row, rows) {
    const long p = y_offset + row * columns, r = g_offset + row * columns, q = out_offset + row * columns;
    real dot = 0;
    FOR_MINE(j, columns) dot += LOAD(T, y, p + j) * LOAD(T, g, r + j);
    dot = group_sum(dot, shared);
    FOR_MINE(j, columns) STORE(T, out, q + j, LOAD(T, y, p + j) * (LOAD(T, g, r + j) - dot));
  }
}

ROW_KERNEL void logsumexp_rows(global const STORED(T)* x, long x_offset, global STORED(T)* out, long out_offset,
                               long rows, long columns) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(row, rows) {
    const long p = x_offset + row * columns;
    real top = -INFINITY, sum = 0;
    FOR_MINE(j, columns) top = fmax(top, LOAD(T, x, p + j));
    top = group_max(top, shared);
    // Beside an infinite maximum only a NaN counts.
    FOR_MINE(j, columns) {
      const real v = LOAD(T, x, p + j);
      sum += isinf(top) ? (isnan(v) ? v : 0) : exp(v - top);
    }
    sum = group_sum(sum, shared);
    if (get_local_id(0) == 0) STORE(T, out, out_offset + row, isinf(top) ? top + sum : log(sum) + top);
  }
}

#ifdef TARGETS
/// The class of a row, or -1 where the target names none.
static inline long class_of(long target, long columns) {
  const long c = target < 0 ? target + columns : target;
  return c < columns ? c : -1;
}

ROW_KERNEL void cross_entropy(global const STORED(T)* x, long x_offset, global const long* targets, long targets_offset,
                              global float* out, long out_offset, long rows, long columns) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(row, rows) {
    const long p = x_offset + row * columns, at = class_of(targets[targets_offset + row], columns);
    real top = -INFINITY, sum = 0;
    FOR_MINE(j, columns) top = fmax(top, LOAD(T, x, p + j));
    top = group_max(top, shared);
    FOR_MINE(j, columns) sum += exp(LOAD(T, x, p + j) - top);
    sum = group_sum(sum, shared);
    if (get_local_id(0) == 0) out[out_offset + row] = at < 0 ? NAN : log(sum) + (top - LOAD(T, x, p + at));
  }
}

ROW_KERNEL void cross_entropy_gradient(global const STORED(T)* x, long x_offset, global const long* targets,
                                       long targets_offset, global const float* g, long g_offset,
                                       global STORED(T)* out, long out_offset, long rows, long columns) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(row, rows) {
    const long p = x_offset + row * columns, q = out_offset + row * columns;
    const long at = class_of(targets[targets_offset + row], columns);
    real top = -INFINITY, sum = 0;
    FOR_MINE(j, columns) top = fmax(top, LOAD(T, x, p + j));
    top = group_max(top, shared);
    FOR_MINE(j, columns) sum += exp(LOAD(T, x, p + j) - top);
    const real each = g[g_offset + row], scale = each / group_sum(sum, shared);
    FOR_MINE(j, columns) STORE(T, out, q + j, exp(LOAD(T, x, p + j) - top) * scale - (j == at ? each : 0));
  }
}
#endif
#endif
