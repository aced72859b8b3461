// One step of the recurrent layers, and of their gradients, over (batch, width) float32 arrays; on CPU devices also all
// steps in one launch, in which each work-item takes rows of its own through the sequence.
//
// A step lies at its place in (batch, length, width) arrays: `step` is the distance of two rows of a (batch, length, width)
// array, K * step that of one with K gates. Rows hold the gates one after another: i, f, g, o of a long short-term memory
// and r, z, n of a gated recurrent unit. A state's products with the weight lie in rows `wide` apart.
#define T float32
#ifdef LOOP_SHAPE
#include "vector.clh"
#include "rows.clh"
#define LANES_AT_ONCE V
#define GET(p) fetch_some((p) + j, n, 0, n)
#define SET(p, v)                      \
  {                                    \
    if (n >= V)                        \
      PUT(T, (p) + j, v);              \
    else                               \
      put_tail((p) + j, v, n);         \
  }
#else
typedef float reals;
#define LANES_AT_ONCE 1
#define GET(p) ((p)[j])
#define SET(p, v) (p)[j] = v;
#endif
typedef global const float* source;
typedef global float* target;

#define FOR_EACH_PIECE(batch)                                                        \
  const long pieces = (width + LANES_AT_ONCE - 1) / LANES_AT_ONCE;                   \
  FOR_EACH(unit, (batch) * pieces) {                                                 \
    const long row = unit / pieces, j = unit % pieces * LANES_AT_ONCE;

static inline reals sigmoid(reals x) { return 1 / (1 + exp(-x)); }

// Elman's step: tanh of terms + product, or that where it is not below zero.
static inline void elman_piece(source terms, source product, target states, long wide, long width, long step, int relu,
                               long row, long j) {
  const long n = width - j;
  const reals x = GET(terms + row * step) + GET(product + row * wide);
  SET(states + row * step, relu ? select(x, (reals)(0), x < 0) : tanh(x))
}

static inline void gru_piece(source gates, source product, source bias, source state, long state_step, target states,
                             long wide, long width, long step, long row, long j) {
  const long n = width - j;
  source x = gates + row * 3 * step, y = product + row * wide;
  const reals r = sigmoid(GET(x) + GET(y)), z = sigmoid(GET(x + width) + GET(y + width));
  const reals m = tanh(GET(x + 2 * width) + r * (GET(y + 2 * width) + GET(bias)));
  SET(states + row * step, (1 - z) * m + z * GET(state + row * state_step))
}

// gates + product are the gates before their activations; the cells before have rows `cell_step` apart.
static inline void lstm_piece(source gates, source product, source cell, long cell_step, target states, target cells,
                              long wide, long width, long step, long row, long j) {
  const long n = width - j;
  source x = gates + row * 4 * step, y = product + row * wide;
  const reals i = sigmoid(GET(x) + GET(y)), f = sigmoid(GET(x + width) + GET(y + width));
  const reals g = tanh(GET(x + 2 * width) + GET(y + 2 * width)), o = sigmoid(GET(x + 3 * width) + GET(y + 3 * width));
  const reals c = fma(f, GET(cell + row * cell_step), i * g);
  SET(cells + row * step, c)
  SET(states + row * step, o * tanh(c))
}

// From the last step to the first: the state's cotangent gets those by the step after it, which `product` brings and
// `through_after`; each part of the product with the weight has the state's times its slope.
static inline void piece_back(source cotangent, source through_after, source slopes, source product, target states,
                              target pieces, long wide, long width, long step, long parts, int last, long row, long j) {
  const long n = width - j, at = row * step;
  reals state = GET(cotangent + at);
  if (!last) {
    state += GET(product + row * wide);
    state = fma(GET(states + at + width), GET(through_after + at), state);
  }
  SET(states + at, state)
  for (long k = 0; k < parts; ++k) {
    const long there = at * parts + k * width;
    SET(pieces + there, state * GET(slopes + there))
  }
}

static inline void first_piece_back(source through, source states, source product, target first, long wide, long width,
                                    long step, long row, long j) {
  const long n = width - j;
  const reals more = GET(states + row * step) * GET(through + row * step);
  SET(first + row * width, more + GET(product + row * wide))
}

// From the last step to the first: state = state_cotangent + product, cell = cell_cotangent + carried + state * through,
// and the gates' cotangents are the cell times b_i, b_f, b_g and the state times b_o. `carried` becomes cell * forget.
static inline void lstm_piece_back(source state_cotangent, source cell_cotangent, source forget, source through,
                                   source b_i, source b_f, source b_g, source b_o, source product, target carried,
                                   target gates, long wide, long width, long step, int last, long row, long j) {
  const long n = width - j, at = row * step;
  target carry = carried + row * width;
  reals state = GET(state_cotangent + at), cell = GET(cell_cotangent + at);
  if (!last) {
    state += GET(product + row * wide);
    cell += GET(carry);
  }
  cell = fma(state, GET(through + at), cell);
  target q = gates + row * 4 * step;
  SET(q, cell * GET(b_i + at))
  SET(q + width, cell * GET(b_f + at))
  SET(q + 2 * width, cell * GET(b_g + at))
  SET(q + 3 * width, state * GET(b_o + at))
  SET(carry, cell * GET(forget + at))
}

kernel void elman_step(source terms, long terms_offset, source product, long product_offset, target states,
                       long states_offset, long batch, long width, long step, int relu) {
  FOR_EACH_PIECE(batch)
    elman_piece(terms + terms_offset, product + product_offset, states + states_offset, width, width, step, relu, row, j);
  }
}

kernel void gru_step(source gates, long gates_offset, source product, long product_offset, source bias, long bias_offset,
                     source state, long state_offset, long state_step, target states, long states_offset, long batch,
                     long width, long step) {
  FOR_EACH_PIECE(batch)
    gru_piece(gates + gates_offset, product + product_offset, bias + bias_offset, state + state_offset, state_step,
              states + states_offset, 3 * width, width, step, row, j);
  }
}

kernel void lstm_step(source gates, long gates_offset, source product, long product_offset, source cell,
                      long cell_offset, long cell_step, target states, long states_offset, target cells,
                      long cells_offset, long batch, long width, long step) {
  FOR_EACH_PIECE(batch)
    lstm_piece(gates + gates_offset, product + product_offset, cell + cell_offset, cell_step, states + states_offset,
               cells + cells_offset, 4 * width, width, step, row, j);
  }
}

kernel void step_back(source cotangent, long cotangent_offset, source through_after, long through_offset, source slopes,
                      long slopes_offset, source product, long product_offset, target states, long states_offset,
                      target pieces_of_product, long pieces_offset, long batch, long width, long step, long parts,
                      int last) {
  FOR_EACH_PIECE(batch)
    piece_back(cotangent + cotangent_offset, through_after + through_offset, slopes + slopes_offset,
               product + product_offset, states + states_offset, pieces_of_product + pieces_offset, width, width, step,
               parts, last, row, j);
  }
}

// What comes to the state before the first step, where its product lies already.
kernel void first_back(source through, long through_offset, source states, long states_offset, target first,
                       long first_offset, long batch, long width, long step) {
  FOR_EACH_PIECE(batch)
    first_piece_back(through + through_offset, states + states_offset, first + first_offset, first + first_offset, width,
                     width, step, row, j);
  }
}

kernel void lstm_step_back(source state_cotangent, long state_cotangent_offset, source cell_cotangent,
                           long cell_cotangent_offset, source forget, long forget_offset, source through,
                           long through_offset, source b_i, long b_i_offset, source b_f, long b_f_offset, source b_g,
                           long b_g_offset, source b_o, long b_o_offset, source product, long product_offset,
                           target carried, long carried_offset, target gates, long gates_offset, long batch, long width,
                           long step, int last) {
  FOR_EACH_PIECE(batch)
    lstm_piece_back(state_cotangent + state_cotangent_offset, cell_cotangent + cell_cotangent_offset,
                    forget + forget_offset, through + through_offset, b_i + b_i_offset, b_f + b_f_offset,
                    b_g + b_g_offset, b_o + b_o_offset, product + product_offset, carried + carried_offset,
                    gates + gates_offset, width, width, step, last, row, j);
  }
}

#ifdef PANEL_VECTORS
#define UNROLLED(i, count) _Pragma("unroll") for (int i = 0; i < (count); ++i)
#define PANEL (PANEL_VECTORS * V)

// The weight, `row` and `column` elements apart, as panels of PANEL columns that lie row after row, zeros behind the last.
kernel void pack_weight(source weight, long weight_offset, target packed, long packed_offset, long depth, long columns,
                        long row, long column, long panels) {
  FOR_EACH(line, panels * depth) {
    const long first = line / depth * PANEL, k = line % depth;
    for (long c = 0; c < PANEL; ++c)
      packed[packed_offset + line * PANEL + c] =
          first + c < columns ? weight[weight_offset + k * row + (first + c) * column] : 0;
  }
}

#define ROWS_PRODUCT(name, rows)                                                                            \
  static void name(source a, long a_row, source panel, target c, long wide, long depth) {                    \
    reals sums[rows][PANEL_VECTORS];                                                                        \
    UNROLLED(r, rows) UNROLLED(v, PANEL_VECTORS) sums[r][v] = 0;                                            \
    for (long k = 0; k < depth; ++k, panel += PANEL) {                                                      \
      reals values[PANEL_VECTORS];                                                                          \
      UNROLLED(v, PANEL_VECTORS) values[v] = FETCH(T, panel + v * V);                                       \
      UNROLLED(r, rows) {                                                                                   \
        const reals x = (reals)(a[r * a_row + k]);                                                          \
        UNROLLED(v, PANEL_VECTORS) sums[r][v] = fma(x, values[v], sums[r][v]);                              \
      }                                                                                                     \
    }                                                                                                       \
    UNROLLED(r, rows) UNROLLED(v, PANEL_VECTORS) PUT(T, c + r * wide + v * V, sums[r][v]);                  \
  }
ROWS_PRODUCT(one_row_product, 1)
ROWS_PRODUCT(two_rows_product, 2)
ROWS_PRODUCT(four_rows_product, 4)

// c = a @ the packed weight, for so many rows `a_row` apart.
static void multiply_rows(source a, long a_row, source packed, target c, long wide, long rows, long depth) {
  for (long j = 0; j < wide; j += PANEL) {
    source panel = packed + j * depth;
    long i = 0;
    for (; i + 4 <= rows; i += 4) four_rows_product(a + i * a_row, a_row, panel, c + i * wide + j, wide, depth);
    for (; i + 2 <= rows; i += 2) two_rows_product(a + i * a_row, a_row, panel, c + i * wide + j, wide, depth);
    if (i < rows) one_row_product(a + i * a_row, a_row, panel, c + i * wide + j, wide, depth);
  }
}

// The rows of a work-item's own: `first` to `last`.
#define FOR_EACH_SHARE                                                                    \
  const long step = length * width;                                                       \
  packed += packed_offset, product += product_offset;                                     \
  FOR_EACH(share, shares) {                                                               \
    const long first = batch * share / shares, last = batch * (share + 1) / shares;
#define FOR_MY_PIECES                      \
  for (long row = first; row < last; ++row) \
    for (long j = 0; j < width; j += V)
// The products of the states before step t.
#define MULTIPLY_STATES                                                                                            \
  {                                                                                                                \
    source before = t ? states + states_offset + first * step + (t - 1) * width : hidden + hidden_offset + first * width; \
    multiply_rows(before, t ? step : width, packed, product + first * wide, wide, last - first, width);            \
  }

kernel void elman_steps(source terms, long terms_offset, source packed, long packed_offset, source hidden,
                        long hidden_offset, target product, long product_offset, target states, long states_offset,
                        long batch, long width, long length, long wide, long shares, int relu) {
  FOR_EACH_SHARE
    for (long t = 0; t < length; ++t) {
      const long at = t * width;
      MULTIPLY_STATES
      FOR_MY_PIECES elman_piece(terms + terms_offset + at, product, states + states_offset + at, wide, width, step, relu,
                                row, j);
    }
  }
}

kernel void gru_steps(source gates, long gates_offset, source packed, long packed_offset, source bias, long bias_offset,
                      source hidden, long hidden_offset, target product, long product_offset, target states,
                      long states_offset, long batch, long width, long length, long wide, long shares) {
  FOR_EACH_SHARE
    for (long t = 0; t < length; ++t) {
      const long at = t * width;
      MULTIPLY_STATES
      source state = t ? states + states_offset + at - width : hidden + hidden_offset;
      FOR_MY_PIECES gru_piece(gates + gates_offset + 3 * at, product, bias + bias_offset, state, t ? step : width,
                              states + states_offset + at, wide, width, step, row, j);
    }
  }
}

kernel void lstm_steps(source gates, long gates_offset, source packed, long packed_offset, source hidden,
                       long hidden_offset, source cell, long cell_offset, target product, long product_offset,
                       target states, long states_offset, target cells, long cells_offset, long batch, long width,
                       long length, long wide, long shares) {
  FOR_EACH_SHARE
    for (long t = 0; t < length; ++t) {
      const long at = t * width;
      MULTIPLY_STATES
      source cell_before = t ? cells + cells_offset + at - width : cell + cell_offset;
      FOR_MY_PIECES lstm_piece(gates + gates_offset + 4 * at, product, cell_before, t ? step : width,
                               states + states_offset + at, cells + cells_offset + at, wide, width, step, row, j);
    }
  }
}

kernel void steps_back(source cotangent, long cotangent_offset, source through, long through_offset, source slopes,
                       long slopes_offset, source packed, long packed_offset, target product, long product_offset,
                       target states, long states_offset, target pieces, long pieces_offset, target first_state,
                       long first_state_offset, long batch, long width, long length, long wide, long shares, long parts) {
  FOR_EACH_SHARE
    for (long t = length; t-- > 0;) {
      const long at = t * width, later = t + 1 < length ? width : 0;
      target q = pieces + pieces_offset + at * parts;
      FOR_MY_PIECES piece_back(cotangent + cotangent_offset + at, through + through_offset + at + later,
                               slopes + slopes_offset + at * parts, product, states + states_offset + at, q, wide, width,
                               step, parts, !later, row, j);
      multiply_rows(q + first * step * parts, step * parts, packed, product + first * wide, wide, last - first,
                    width * parts);
    }
    FOR_MY_PIECES first_piece_back(through + through_offset, states + states_offset, product,
                                   first_state + first_state_offset, wide, width, step, row, j);
  }
}

kernel void lstm_steps_back(source state_cotangent, long state_cotangent_offset, source cell_cotangent,
                            long cell_cotangent_offset, source forget, long forget_offset, source through,
                            long through_offset, source b_i, long b_i_offset, source b_f, long b_f_offset, source b_g,
                            long b_g_offset, source b_o, long b_o_offset, source packed, long packed_offset,
                            target product, long product_offset, target carried, long carried_offset, target gates,
                            long gates_offset, target state, long state_offset, long batch, long width, long length,
                            long wide, long shares) {
  FOR_EACH_SHARE
    for (long t = length; t-- > 0;) {
      const long at = t * width;
      target q = gates + gates_offset + 4 * at;
      FOR_MY_PIECES lstm_piece_back(state_cotangent + state_cotangent_offset + at, cell_cotangent + cell_cotangent_offset + at,
                                    forget + forget_offset + at, through + through_offset + at, b_i + b_i_offset + at,
                                    b_f + b_f_offset + at, b_g + b_g_offset + at, b_o + b_o_offset + at, product,
                                    carried + carried_offset, q, wide, width, step, t + 1 == length, row, j);
      multiply_rows(q + first * 4 * step, 4 * step, packed, product + first * wide, wide, last - first, 4 * width);
    }
    FOR_MY_PIECES {
      const long n = width - j;
      SET(state + state_offset + row * width, GET(product + row * wide))
    }
  }
}
#endif
