// The gated delta rule token by token: S = g S + d k', d = beta (v - g S k), y = S q. T is the dtype of the state.
//
// The rows of S do not meet, so they are shared out. A pass over S also finds what the next token needs of it, S k.
// KEYS is the length of a row. Inverses of unit lower triangular matrices, for the gradient, are here, too.
#include "sixteen.clh"

typedef COMPUTED(T) real;
#define REALS(n) CAT(BASED(T), n)
#define BASED(T) CAT(based_, T)
#define based_float32 float
#define based_float64 double

#ifdef SIDE
typedef REALS(16) reals;

// (I + lower(a))^-1 of SIDE x SIDE matrices by forward substitution, 16 columns at a time.
kernel void unit_lower_inverse(global const real* a, long a_offset, global real* out, long out_offset, long matrices) {
  const int blocks = (SIDE + 15) / 16;
  FOR_EACH(task, matrices * blocks) {
    const long matrix = task / blocks * SIDE * SIDE;
    const int first = task % blocks * 16;
    reals x[SIDE];
    for (int i = 0; i < SIDE; ++i) {
      real unit[16];
      for (int c = 0; c < 16; ++c) unit[c] = first + c == i;
      reals row = vload16(0, unit);
      for (int j = first; j < i; ++j) row -= x[j] * a[a_offset + matrix + i * SIDE + j];
      if (i < first) row = 0;
      x[i] = row;
      vstore16(row, 0, unit);
      for (int c = 0; c < min(16, SIDE - first); ++c) out[out_offset + matrix + i * SIDE + first + c] = unit[c];
    }
  }
}

#else
#define INPUTS                                                                                                          \
  global const STORED(Q) *q, long q_offset, global const STORED(K) *k, long k_offset, global const STORED(V) *v,        \
      long v_offset, global const STORED(G) *g, long g_offset, global const STORED(B) *beta, long beta_offset,          \
      global const real *state, long state_offset, global STORED(Y) *y, long y_offset, global real *last,               \
      long last_offset, long batches, long tokens, long key_heads, long value_heads, long values
// Where token 0 of batch b and value head h lies: in q and k, in v and y, in g and beta.
#define AT_KEYS ((b * tokens * key_heads + h / (value_heads / key_heads)) * KEYS)
#define AT_VALUES ((b * tokens * value_heads + h) * values)
#define AT_GATES (b * tokens * value_heads + h)

#if defined(LOOP_SHAPE) && defined(ONE_TOKEN)
// One token, a row of S at a time.
kernel void gated_delta(INPUTS) {
  FOR_EACH(row, batches * value_heads * values) {
    const long head = row / values, b = head / value_heads, h = head - b * value_heads, i = row - head * values;
    global const STORED(Q)* query = q + q_offset + AT_KEYS;
    global const STORED(K)* key = k + k_offset + AT_KEYS;
    global const real* from = state + state_offset + row * KEYS;
    global real* to = last + last_offset + row * KEYS;
    float16 along = 0, seen = 0;
    real along_tail = 0, seen_tail = 0;
    EACH(j, KEYS / 16) along = fma(vload16(j, from), CAT(load16_, K)(key + 16 * j), along);
    for (int j = KEYS / 16 * 16; j < KEYS; ++j) along_tail += from[j] * LOAD(K, key, j);
    const real gate = LOAD(G, g, g_offset + AT_GATES);
    const real d = LOAD(B, beta, beta_offset + AT_GATES) *
                   (LOAD(V, v, v_offset + AT_VALUES + i) - gate * (sum16(along) + along_tail));
    EACH(j, KEYS / 16) {
      const float16 s = fma(CAT(load16_, K)(key + 16 * j), (float16)(d), vload16(j, from) * gate);
      vstore16(s, j, to);
      seen = fma(s, CAT(load16_, Q)(query + 16 * j), seen);
    }
    for (int j = KEYS / 16 * 16; j < KEYS; ++j) {
      to[j] = from[j] * gate + LOAD(K, key, j) * d;
      seen_tail += to[j] * LOAD(Q, query, j);
    }
    STORE(Y, y, y_offset + AT_VALUES + i, sum16(seen) + seen_tail);
  }
}

#elif defined(LOOP_SHAPE)
// Many tokens: WIDTH vectors of 16 rows of S, one in each lane, stay in the nearest cache.
typedef REALS(16) reals;
kernel void gated_delta(INPUTS) {
  const long tiles = (values + 16 * WIDTH - 1) / (16 * WIDTH);
  FOR_EACH(tile, batches * value_heads * tiles) {
    const long head = tile / tiles, b = head / value_heads, h = head - b * value_heads;
    const long first = (tile - head * tiles) * 16 * WIDTH;
    const int rows = min(values - first, (long)(16 * WIDTH));
    reals s[KEYS][WIDTH], next[WIDTH];
    real lanes[16 * WIDTH];
    for (int i = 0; i < 16 * WIDTH; ++i) lanes[i] = 0;
    EACH(c, WIDTH) next[c] = 0;
    global const real* key = k + k_offset + AT_KEYS;
    global const real* query = q + q_offset + AT_KEYS;
    for (int j = 0; j < KEYS; ++j) {
      for (int i = 0; i < rows; ++i) lanes[i] = state[state_offset + (head * values + first + i) * KEYS + j];
      EACH(c, WIDTH) {
        s[j][c] = vload16(c, lanes);
        next[c] += s[j][c] * key[j];
      }
    }
    for (long t = 0; t < tokens; ++t, query += key_heads * KEYS) {
      global const real* following = t + 1 < tokens ? key + key_heads * KEYS : key;
      const long at = AT_VALUES + t * value_heads * values + first, gates = AT_GATES + t * value_heads;
      const real gate = g[g_offset + gates], rate = beta[beta_offset + gates];
      for (int i = 0; i < rows; ++i) lanes[i] = v[v_offset + at + i];
      reals d[WIDTH], seen[WIDTH][2], coming[WIDTH][2];
      EACH(c, WIDTH) {
        d[c] = (vload16(c, lanes) - next[c] * gate) * rate;
        EACH(u, 2) seen[c][u] = coming[c][u] = 0;
      }
      int j = 0;
      for (; j + 2 <= KEYS; j += 2) {
        EACH(u, 2) EACH(c, WIDTH) {
          const reals now = fma((reals)(key[j + u]), d[c], s[j + u][c] * gate);
          s[j + u][c] = now;
          seen[c][u] = fma((reals)(query[j + u]), now, seen[c][u]);
          coming[c][u] = fma((reals)(following[j + u]), now, coming[c][u]);
        }
      }
      if (j < KEYS) EACH(c, WIDTH) {
        s[j][c] = fma((reals)(key[j]), d[c], s[j][c] * gate);
        seen[c][0] = fma((reals)(query[j]), s[j][c], seen[c][0]);
        coming[c][0] = fma((reals)(following[j]), s[j][c], coming[c][0]);
      }
      EACH(c, WIDTH) {
        next[c] = coming[c][0] + coming[c][1];
        vstore16(seen[c][0] + seen[c][1], c, lanes);
      }
      for (int i = 0; i < rows; ++i) STORE(Y, y, y_offset + at + i, lanes[i]);
      key = following;
    }
    for (int j = 0; j < KEYS; ++j) {
      EACH(c, WIDTH) vstore16(s[j][c], c, lanes);
      for (int i = 0; i < rows; ++i) last[last_offset + (head * values + first + i) * KEYS + j] = lanes[i];
    }
  }
}

#else
// On GPUs a work-group has ROWS rows of S; LANES work-items share one.
#define LANES 8
#ifndef ROWS
#define ROWS 8
#endif
#define SHARE ((KEYS + LANES - 1) / LANES)
#define EACH_MINE(n, j) EACH(n, SHARE) if ((j = n * LANES + lane) < KEYS)
kernel __attribute__((reqd_work_group_size(LANES * ROWS, 1, 1))) void gated_delta(INPUTS) {
  local real parts[2][2][ROWS][LANES];
  const int lane = get_local_id(0) % LANES, mine = get_local_id(0) / LANES;
  const long tiles = (values + ROWS - 1) / ROWS;
  for (long tile = get_group_id(0); tile < batches * value_heads * tiles; tile += get_num_groups(0)) {
    const long head = tile / tiles, b = head / value_heads, h = head - b * value_heads;
    const long row = (tile - head * tiles) * ROWS + mine, kept = min(row, values - 1);
    const long keys = AT_KEYS, rest = (head * values + kept) * KEYS;
    real s[SHARE], sum = 0;
    int j;
    EACH_MINE(n, j) {
      s[n] = state[state_offset + rest + j];
      sum += s[n] * LOAD(K, k, k_offset + keys + j);
    }
    parts[1][0][mine][lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (long t = 0; t < tokens; ++t) {
      const int now = t & 1;
      const long at = keys + t * key_heads * KEYS, following = t + 1 < tokens ? at + key_heads * KEYS : at;
      const long gates = AT_GATES + t * value_heads, to = AT_VALUES + t * value_heads * values + kept;
      const real gate = LOAD(G, g, g_offset + gates), rate = LOAD(B, beta, beta_offset + gates);
      real along = 0, seen = 0, coming = 0;
      EACH(n, LANES) along += parts[1 - now][0][mine][n];
      const real d = rate * (LOAD(V, v, v_offset + to) - gate * along);
      EACH_MINE(n, j) {
        s[n] = fma((real)LOAD(K, k, k_offset + at + j), d, s[n] * gate);
        seen = fma((real)LOAD(Q, q, q_offset + at + j), s[n], seen);
        coming = fma((real)LOAD(K, k, k_offset + following + j), s[n], coming);
      }
      parts[now][0][mine][lane] = coming;
      parts[now][1][mine][lane] = seen;
      barrier(CLK_LOCAL_MEM_FENCE);
      if (lane == 0 && row < values) {
        real total = 0;
        EACH(n, LANES) total += parts[now][1][mine][n];
        STORE(Y, y, y_offset + to, total);
      }
    }
    if (row < values) EACH_MINE(n, j) last[last_offset + rest + j] = s[n];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#endif
#endif
