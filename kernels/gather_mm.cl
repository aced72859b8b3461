// Products of matrices chosen by index: out[i] = a[lhs[i]] @ b[rhs[i]]; and of stretches of the inner dimension:
// out[i] = a[:, start:stop] @ b[start:stop]. T is the dtype of all, computed in float.
//
// A tile is ROWS rows times 64 columns (by_columns: rows of b lie densely) or 4 columns (by_rows: columns of b and rows
// of a do). Indices out of range are clamped.
#include "quantized.clh"

/// Matrices `matrix` elements apart, and the steps between rows and between columns.
typedef struct {
  long count, matrix, row, column;
} Matrices;
/// `batches` products of m × k and k × n matrices.
typedef struct {
  long batches, m, n, k;
} Sizes;
/// Where the two matrices of a product begin, and which stretch of the inner dimension counts.
typedef struct {
  long a, b, first, last;
} Chosen;

static inline Chosen choose(global const uint* lhs, global const uint* rhs, long batch, const Matrices* left,
                            const Matrices* right, long k) {
#ifdef SEGMENTS
  return (Chosen){0, 0, min((long)lhs[2 * batch], k), min((long)lhs[2 * batch + 1], k)};
#else
  return (Chosen){min((long)lhs[batch], left->count - 1) * left->matrix,
                  min((long)rhs[batch], right->count - 1) * right->matrix, 0, k};
#endif
}

#define ARGUMENTS                                                                                                      \
  global const STORED(T)*a, long a_offset, Matrices ARGUMENT(left), global const STORED(T)*b, long b_offset,           \
      Matrices ARGUMENT(right), global const uint *lhs, long lhs_offset, global const uint *rhs, long rhs_offset,      \
      global STORED(T)*out, long out_offset, Sizes ARGUMENT(sizes)

static inline float16 load_part(global const STORED(T)* p, int count) {
  float v[16];
  EACH(i, 16) v[i] = i < count ? LOAD(T, p, i) : 0.0f;
  return vload16(0, v);
}

kernel void by_columns(ARGUMENTS) {
  OWN(Matrices, left) OWN(Matrices, right) OWN(Sizes, sizes)
  const long m = sizes.m, n = sizes.n;
  const long row_tiles = (m + ROWS - 1) / ROWS, column_tiles = (n + 63) / 64;
  FOR_EACH(tile, sizes.batches * row_tiles * column_tiles) {
    const long batch = tile / (row_tiles * column_tiles), rest = tile - batch * row_tiles * column_tiles;
    const long row = rest % row_tiles * ROWS, column = rest / row_tiles * 64;
    const Chosen at = choose(lhs + lhs_offset, rhs + rhs_offset, batch, &left, &right, sizes.k);
    float16 acc[ROWS][4];
    EACH(r, ROWS)
      EACH(c, 4) acc[r][c] = 0;
    const bool whole = column + 64 <= n;
    for (long line = at.first; line < at.last; ++line) {
      global const STORED(T)* const from = b + b_offset + at.b + line * right.row + column;
      float16 v[4];
      EACH(c, 4)
        v[c] = whole ? CAT(load16_, T)(from + 16 * c) : load_part(from + 16 * c, clamp((int)(n - column) - 16 * c, 0, 16));
      EACH(r, ROWS) {
        const float factor = LOAD(T, a, a_offset + at.a + min(row + r, m - 1) * left.row + line * left.column);
        EACH(c, 4) acc[r][c] = fma((float16)(factor), v[c], acc[r][c]);
      }
    }
    EACH(r, ROWS) {
      if (row + r >= m) continue;
      const long to = out_offset + (batch * m + row + r) * n + column;
      EACH(c, 4) {
        if (whole) {
          CAT(store16_, T)(out + to + 16 * c, acc[r][c]);
        } else {
          float v[16];
          vstore16(acc[r][c], 0, v);
          EACH(i, 16)
            if (column + 16 * c + i < n) STORE(T, out, to + 16 * c + i, v[i]);
        }
      }
    }
  }
}

// Columns of b lie densely, as rows of a do.
kernel void by_rows(ARGUMENTS) {
  OWN(Matrices, left) OWN(Matrices, right) OWN(Sizes, sizes)
  const long m = sizes.m, n = sizes.n;
  const long row_tiles = (m + ROWS - 1) / ROWS, column_tiles = (n + 3) / 4;
  FOR_EACH(tile, sizes.batches * row_tiles * column_tiles) {
    const long batch = tile / (row_tiles * column_tiles), rest = tile - batch * row_tiles * column_tiles;
    const long row = rest % row_tiles * ROWS, column = rest / row_tiles * 4;
    const Chosen at = choose(lhs + lhs_offset, rhs + rhs_offset, batch, &left, &right, sizes.k);
    global const STORED(T) *from[ROWS], *line[4];
    EACH(r, ROWS) from[r] = a + a_offset + at.a + min(row + r, m - 1) * left.row;
    EACH(c, 4) line[c] = b + b_offset + at.b + min(column + c, n - 1) * right.column;
    float16 acc[ROWS][4];
    EACH(r, ROWS)
      EACH(c, 4) acc[r][c] = 0;
    for (long i = at.first; i < at.last; i += 16) {
      const int count = (int)min(at.last - i, 16L);
      EACH(c, 4) {
        const float16 v = count == 16 ? CAT(load16_, T)(line[c] + i) : load_part(line[c] + i, count);
        EACH(r, ROWS)
          acc[r][c] = fma(count == 16 ? CAT(load16_, T)(from[r] + i) : load_part(from[r] + i, count), v, acc[r][c]);
      }
    }
    EACH(r, ROWS)
      EACH(c, 4)
        if (row + r < m && column + c < n)
          STORE(T, out, out_offset + (batch * m + row + r) * n + column + c, sum16(acc[r][c]));
  }
}
