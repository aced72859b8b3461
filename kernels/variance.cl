// Variances over the middle of dense (outer, n, inner) arrays, read once: a stretch that the nearest cache holds is
// gone through twice, for its mean and for its squared deviations, and joined to what came before (Chan, Golub and
// LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979).
//
// -D T float32, float16, bfloat16 or float64, computed in float (double for float64); GROUP on GPUs. n may be cut into
// `parts`, whose means and sums go to `partial`, from which variance_total makes the result.
#ifdef LOOP_SHAPE
#include "vector.clh"
#endif
#include "rows.clh"

#define ARGUMENTS                                                                                                \
  global const STORED(T)* x, long x_offset, global STORED(T)* out, long out_offset, global real* partial,        \
      long partial_offset, long outer, long n, long inner, long parts, long ddof

typedef struct {
  real mean, squares;  ///< and the sum of squared deviations from it
  long count;
} Moments;

static inline Moments joined(Moments a, Moments b) {
  if (b.count == 0) return a;
  const long count = a.count + b.count;
  const real apart = b.mean - a.mean, share = (real)b.count / (real)count;
  return (Moments){a.mean + apart * share, a.squares + b.squares + apart * apart * share * (real)a.count, count};
}

/// Of result `at`, or of its part.
static inline void give(Moments m, long part, long at, ARGUMENTS) {
  if (parts == 1) {
    STORE(T, out, out_offset + at, m.squares / (real)max(n - ddof, 0L));
  } else {
    partial[partial_offset + 2 * (part * outer * inner + at)] = m.mean;
    partial[partial_offset + 2 * (part * outer * inner + at) + 1] = m.squares;
  }
}
#define GIVE(m, part, at) \
  give(m, part, at, x, x_offset, out, out_offset, partial, partial_offset, outer, n, inner, parts, ddof)

kernel void variance_total(ARGUMENTS) {
  FOR_EACH(at, outer * inner) {
    Moments m = {0, 0, 0};
    for (long part = 0; part < parts; ++part) {
      global const real* p = partial + partial_offset + 2 * (part * outer * inner + at);
      m = joined(m, (Moments){p[0], p[1], n * (part + 1) / parts - n * part / parts});
    }
    STORE(T, out, out_offset + at, m.squares / (real)max(n - ddof, 0L));
  }
}

#ifdef LOOP_SHAPE

#define STRETCH 4096  // elements

static inline Moments stretch_moments(global const STORED(T)* p, long n) {
  const long whole = n / V * V;
  reals a = REALS(0), b = a, c = a, d = a;
  long i = 0;
  for (; i + 4 * V <= whole; i += 4 * V) {
    a += FETCH(T, p + i), b += FETCH(T, p + i + V);
    c += FETCH(T, p + i + 2 * V), d += FETCH(T, p + i + 3 * V);
  }
  for (; i < whole; i += V) a += FETCH(T, p + i);
  real mean = lanes_sum((a + b) + (c + d));
  for (; i < n; ++i) mean += LOAD(T, p, i);
  mean /= n;
  a = b = c = d = REALS(0);
  for (i = 0; i + 4 * V <= whole; i += 4 * V) {
    const reals s = FETCH(T, p + i) - mean, t = FETCH(T, p + i + V) - mean;
    const reals u = FETCH(T, p + i + 2 * V) - mean, v = FETCH(T, p + i + 3 * V) - mean;
    a = fma(s, s, a), b = fma(t, t, b), c = fma(u, u, c), d = fma(v, v, d);
  }
  for (; i < whole; i += V) {
    const reals s = FETCH(T, p + i) - mean;
    a = fma(s, s, a);
  }
  real squares = lanes_sum((a + b) + (c + d));
  for (; i < n; ++i) squares += (LOAD(T, p, i) - mean) * (LOAD(T, p, i) - mean);
  return (Moments){mean, squares, n};
}

/// inner is 1.
kernel void variance_rows(ARGUMENTS) {
  FOR_EACH(unit, outer * parts) {
    const long row = unit / parts, part = unit % parts, high = n * (part + 1) / parts;
    Moments m = {0, 0, 0};
    for (long i = n * part / parts; i < high; i += STRETCH)
      m = joined(m, stretch_moments(x + x_offset + row * n + i, min((long)STRETCH, high - i)));
    GIVE(m, part, row);
  }
}

#define TILE 1024  // columns

kernel void variance_columns(ARGUMENTS) {
  const long tiles = (inner + TILE - 1) / TILE;
  FOR_EACH(unit, outer * parts * tiles) {
    const long tile = unit % tiles * TILE, part = unit / tiles % parts, slab = unit / tiles / parts;
    const long low = n * part / parts, high = n * (part + 1) / parts;
    const int width = (int)min((long)TILE, inner - tile);
    real means[TILE], squares[TILE];
    for (int j = 0; j < width; ++j) means[j] = squares[j] = 0;
    const long step = max(4L * STRETCH / width / 4 * 4, 4L);
    for (long i = low; i < high; i += step) {
      const long rows = min(step, high - i), before = i - low;
      const real count = rows, share = (real)rows / (real)(before + rows), old = before;
      global const STORED(T)* const p = x + x_offset + (slab * n + i) * inner + tile;
      // Sums a few rows at a time: memory is read in order.
      real sums[TILE];
      const int whole = width / V * V;
      for (int j = 0; j < whole; j += V) CAT(vstore, V)(REALS(0), 0, sums + j);
      for (long r = 0; r < rows; r += 4) {
        const long most = rows - 1;
        global const STORED(T)*a = p + r * inner, *b = p + min(r + 1, most) * inner, *c = p + min(r + 2, most) * inner,
                          *d = p + min(r + 3, most) * inner;
        const real second = r + 1 < rows, third = r + 2 < rows, fourth = r + 3 < rows;
        for (int j = 0; j < whole; j += V) {
          const reals one = fma(FETCH(T, b + j), second, FETCH(T, a + j));
          const reals two = fma(FETCH(T, d + j), fourth, FETCH(T, c + j) * third);
          CAT(vstore, V)(CAT(vload, V)(0, sums + j) + (one + two), 0, sums + j);
        }
      }
      int j = 0;
      for (; j < whole; j += V) {
        const reals mean = CAT(vload, V)(0, sums + j) / count;
        reals a = REALS(0), b = a;
        long r = 0;
        for (; r + 2 <= rows; r += 2) {
          const reals s = FETCH(T, p + r * inner + j) - mean, t = FETCH(T, p + (r + 1) * inner + j) - mean;
          a = fma(s, s, a), b = fma(t, t, b);
        }
        if (r < rows) {
          const reals s = FETCH(T, p + r * inner + j) - mean;
          a = fma(s, s, a);
        }
        const reals was = CAT(vload, V)(0, means + j), apart = mean - was;
        CAT(vstore, V)(was + apart * share, 0, means + j);
        CAT(vstore, V)(CAT(vload, V)(0, squares + j) + (a + b) + apart * apart * (share * old), 0, squares + j);
      }
      for (; j < width; ++j) {
        real mean = 0, sum = 0;
        for (long r = 0; r < rows; ++r) mean += LOAD(T, p, r * inner + j);
        mean /= count;
        for (long r = 0; r < rows; ++r) {
          const real s = LOAD(T, p, r * inner + j) - mean;
          sum = fma(s, s, sum);
        }
        const real apart = mean - means[j];
        means[j] += apart * share;
        squares[j] += sum + apart * apart * (share * old);
      }
    }
    for (int j = 0; j < width; ++j)
      GIVE(((Moments){means[j], squares[j], high - low}), part, slab * inner + tile + j);
  }
}

#else

/// inner is 1; a work-group per row and part.
ROW_KERNEL void variance_rows(ARGUMENTS) {
  local real shared[GROUP];
  FOR_GROUP_ROWS(unit, outer * parts) {
    const long row = unit / parts, part = unit % parts, low = n * part / parts, high = n * (part + 1) / parts;
    const long at = x_offset + row * n + low, count = high - low;
    real sum = 0;
    FOR_MINE(i, count) sum += LOAD(T, x, at + i);
    const real mean = group_sum(sum, shared) / (real)count;
    sum = 0;
    FOR_MINE(i, count) {
      const real s = LOAD(T, x, at + i) - mean;
      sum = fma(s, s, sum);
    }
    const real squares = group_sum(sum, shared);
    if (get_local_id(0) == 0) GIVE(((Moments){mean, squares, count}), part, row);
  }
}

/// A work-item per column and part: neighbours read neighbouring columns.
kernel void variance_columns(ARGUMENTS) {
  FOR_EACH(unit, outer * inner * parts) {
    const long column = unit % inner, slab = unit / inner % outer, part = unit / inner / outer;
    const long low = n * part / parts, high = n * (part + 1) / parts, at = x_offset + slab * n * inner + column;
    real mean = 0, sum = 0;
    for (long i = low; i < high; ++i) mean += LOAD(T, x, at + i * inner);
    mean /= (real)(high - low);
    for (long i = low; i < high; ++i) {
      const real s = LOAD(T, x, at + i * inner) - mean;
      sum = fma(s, s, sum);
    }
    GIVE(((Moments){mean, sum, high - low}), part, slab * inner + column);
  }
}
#endif
