// One step of a long short-term memory, and of its gradient, over (batch, width) float32 arrays.
//
// A step lies at its place in (batch, length, width) arrays: `step` is the distance of two rows of a (batch, length, width)
// array, 4 * step that of gates. Rows hold the gates i, f, g, o one after another.
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

#define FOR_EACH_PIECE                                                               \
  const long pieces = (width + LANES_AT_ONCE - 1) / LANES_AT_ONCE;                   \
  FOR_EACH(unit, batch * pieces) {                                                   \
    const long row = unit / pieces, j = unit % pieces * LANES_AT_ONCE, n = width - j;

static inline reals sigmoid(reals x) { return 1 / (1 + exp(-x)); }

// gates + product are the gates before their activations; the cells before have rows `cell_step` apart.
kernel void lstm_step(global const float* gates, long gates_offset, global const float* product, long product_offset,
                      global const float* cell, long cell_offset, long cell_step, global float* states,
                      long states_offset, global float* cells, long cells_offset, long batch, long width, long step) {
  FOR_EACH_PIECE
    global const float* const x = gates + gates_offset + row * 4 * step;
    global const float* const y = product + product_offset + row * 4 * width;
    const reals i = sigmoid(GET(x) + GET(y)), f = sigmoid(GET(x + width) + GET(y + width));
    const reals g = tanh(GET(x + 2 * width) + GET(y + 2 * width)), o = sigmoid(GET(x + 3 * width) + GET(y + 3 * width));
    const reals c = fma(f, GET(cell + cell_offset + row * cell_step), i * g);
    SET(cells + cells_offset + row * step, c)
    SET(states + states_offset + row * step, o * tanh(c))
  }
}

// From the last step to the first: state = state_cotangent + product, cell = cell_cotangent + carried + state * through,
// and the gates' cotangents are the cell times b_i, b_f, b_g and the state times b_o. `carried` becomes cell * forget.
kernel void lstm_step_back(global const float* state_cotangent, long state_cotangent_offset, global const float* cell_cotangent, long cell_cotangent_offset,
                           global const float* forget, long forget_offset, global const float* through, long through_offset, global const float* b_i, long b_i_offset,
                           global const float* b_f, long b_f_offset, global const float* b_g, long b_g_offset, global const float* b_o, long b_o_offset,
                           global const float* product, long product_offset, global float* carried,
                           long carried_offset, global float* gates, long gates_offset, long batch, long width,
                           long step, int last) {
  FOR_EACH_PIECE
    const long at = row * step;
    global float* const carry = carried + carried_offset + row * width;
    reals state = GET(state_cotangent + state_cotangent_offset + at), cell = GET(cell_cotangent + cell_cotangent_offset + at);
    if (!last) {
      state += GET(product + product_offset + row * width);
      cell += GET(carry);
    }
    cell = fma(state, GET(through + through_offset + at), cell);
    global float* const q = gates + gates_offset + row * 4 * step;
    SET(q, cell * GET(b_i + b_i_offset + at))
    SET(q + width, cell * GET(b_f + b_f_offset + at))
    SET(q + 2 * width, cell * GET(b_g + b_g_offset + at))
    SET(q + 3 * width, state * GET(b_o + b_o_offset + at))
    SET(carry, cell * GET(forget + forget_offset + at))
  }
}
