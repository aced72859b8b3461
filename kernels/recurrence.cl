// First-order linear recurrences y[i] = a[i] * y[i - 1] + b[i] over dense arrays seen as (outer, n, inner).
//
// -D T stored input and result, A what is computed in, IS_COMPLEX for A. With `reverse` the order runs from the end;
// `mode` 1 takes the factor of the element before, 2 stores what was there before the element. A long axis is cut into
// blocks: each becomes one step (a factor and a term), from which the value before each block follows.
#define OP product
#include "combine.clh"

typedef COMPUTED(A) value;

#ifdef IS_COMPLEX
#define ONE ((value)(1, 0))
#else
#define ONE ((value)1)
#endif

#define ARGUMENTS                                                                                                 \
  global const STORED(T)* a, long a_offset, global const STORED(T)* b, long b_offset, global STORED(T)* y,        \
      long y_offset, global STORED(A)* steps, long steps_offset, long outer, long n, long inner, long blocks,     \
      int reverse, int mode
#define FACTOR_BEFORE 1
#define EXCLUSIVE 2

/// Where element i of a line is, counted in scan order.
#define AT(i) ((slab * n + (reverse ? n - 1 - (i) : (i))) * inner + column)
#define FOR_EACH_BLOCK                                                                  \
  FOR_EACH(unit, outer * blocks * inner) {                                              \
    const long column = unit % inner, block = unit / inner % blocks, slab = unit / inner / blocks; \
    const long low = n * block / blocks, high = n * (block + 1) / blocks;

/// The factor of step i > 0.
#define FACTOR(i) ((value)LOAD(T, a, a_offset + AT(mode == FACTOR_BEFORE ? (i) - 1 : (i))))

kernel void block_steps(ARGUMENTS) {
  FOR_EACH_BLOCK
    value factor = ONE, term = (value)LOAD(T, b, b_offset + AT(low));
    if (low > 0) factor = FACTOR(low);
    for (long i = low + 1; i < high; ++i) {
      const value f = FACTOR(i);
      factor = COMBINE(f, factor);
      term = COMBINE(f, term) + (value)LOAD(T, b, b_offset + AT(i));
    }
    STORE(A, steps, steps_offset + 2 * unit, factor);
    STORE(A, steps, steps_offset + 2 * unit + 1, term);
  }
}

/// Puts the value before each block in the place of its term.
kernel void values_before(ARGUMENTS) {
  FOR_EACH(line, outer * inner) {
    const long column = line % inner, slab = line / inner;
    value before = 0;
    for (long block = 0; block < blocks; ++block) {
      const long unit = steps_offset + 2 * ((slab * blocks + block) * inner + column);
      const value factor = LOAD(A, steps, unit), term = LOAD(A, steps, unit + 1);
      STORE(A, steps, unit + 1, before);
      before = block ? COMBINE(factor, before) + term : term;
    }
  }
}

kernel void recurrence(ARGUMENTS) {
  FOR_EACH_BLOCK
    value before = 0;
    if (blocks > 1) before = LOAD(A, steps, steps_offset + 2 * unit + 1);
    for (long i = low; i < high; ++i) {
      value after = (value)LOAD(T, b, b_offset + AT(i));
      if (i > 0) after += COMBINE(FACTOR(i), before);
      STORE(T, y, y_offset + AT(i), (COMPUTED(T))(mode == EXCLUSIVE ? before : after));
      before = after;
    }
  }
}
