// Sorting rows by radix, stable and linear, and searching sorted rows.
//
// -D T, K and KIND as sort_keys.clh has them; ARG carries and
// gives positions instead of values; BITS of a digit in the passes over long rows; SELECT for partitions.
// Keys are unsigned integers in the order of the values, NaN last.

#include "sort_keys.clh"

/// The keys of all values, and their positions in their rows.
kernel void sort_keys(global const word* x, long x_offset, global key* keys, long keys_offset, global uint* places,
                      long places_offset, long count, long n) {
  FOR_EACH(i, count) {
    keys[keys_offset + i] = KEY(x[x_offset + i]);
#ifdef ARG
    places[places_offset + i] = (uint)(i % n);
#endif
  }
}

/// The values behind sorted keys, or their places.
kernel void sort_results(global const key* keys, long keys_offset, global const uint* places, long places_offset,
                         global result* out, long out_offset, long count) {
  FOR_EACH(i, count) {
#ifdef ARG
    out[out_offset + i] = places[places_offset + i];
#else
    out[out_offset + i] = BITS_OF(keys[keys_offset + i]);
#endif
  }
}

// One digit of the keys at a time: count them by blocks, add up the counts, move the keys to their new places.
//
// A partition finds its pivot, the key of rank kth, digit by digit from the top (SELECT: of the values themselves, only
// keys that agree with the pivot so far are counted), and then moves what is smaller, equal and larger once.
typedef struct {
  ulong pivot, rank;
} Selection;

#define DIGITS (1 << BITS)
#define DIGIT(k) ((int)((k) >> shift) & (DIGITS - 1))
#ifdef SELECT
typedef word source;
#define KEY_AT(x, i) KEY((x)[i])
#define COUNTS(k) (((ulong)(k) ^ pivot) >> shift >> BITS == 0)
#else
typedef key source;
#define KEY_AT(x, i) (x)[i]
#define COUNTS(k) 1
#endif

/// The digit that holds the wanted rank, given all counts of a row.
kernel void select_digit(global const uint* counts, long counts_offset, global Selection* state, long state_offset,
                         long rows, long blocks, int shift) {
  FOR_EACH(row, rows) {
    Selection found = state[state_offset + row];
    global const uint* count = counts + counts_offset + row * (1 << BITS) * blocks;
    for (int d = 0; d < 1 << BITS; ++d) {
      ulong here = 0;
      for (long b = 0; b < blocks; ++b) here += count[d * blocks + b];
      if (found.rank < here) {
        found.pivot |= (ulong)d << shift;
        break;
      }
      found.rank -= here;
    }
    state[state_offset + row] = found;
  }
}

kernel void select_start(global Selection* state, long state_offset, long rows, long kth) {
  FOR_EACH(row, rows) {
    state[state_offset + row].pivot = 0;
    state[state_offset + row].rank = kth;
  }
}

/// counts[row][digit][block]
kernel void radix_count(global const source* x, long x_offset, global uint* counts, long counts_offset,
                        global const Selection* state, long state_offset, long rows, long n, long blocks, int shift) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit - row * blocks;
    uint count[DIGITS];
    for (int d = 0; d < DIGITS; ++d) count[d] = 0;
#ifdef SELECT
    const ulong pivot = state[state_offset + row].pivot;
#endif
    const long high = x_offset + row * n + n * (block + 1) / blocks;
    for (long i = x_offset + row * n + n * block / blocks; i < high; ++i) {
      const key k = KEY_AT(x, i);
      if (COUNTS(k)) ++count[DIGIT(k)];
    }
    for (int d = 0; d < DIGITS; ++d) counts[counts_offset + (row * DIGITS + d) * blocks + block] = count[d];
  }
}

kernel void radix_move(global const key* keys, long keys_offset, global const uint* places, long places_offset,
                       global key* keys_out, long keys_out_offset, global uint* places_out, long places_out_offset,
                       global const uint* counts, long counts_offset, long rows, long n, long blocks, int shift) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit - row * blocks, first = row * n;
    uint next[DIGITS];
    for (int d = 0; d < DIGITS; ++d) next[d] = counts[counts_offset + (row * DIGITS + d) * blocks + block];
    const long high = n * (block + 1) / blocks;
    for (long i = n * block / blocks; i < high; ++i) {
      const key k = keys[keys_offset + first + i];
      const uint to = next[DIGIT(k)]++;
      keys_out[keys_out_offset + first + to] = k;
#ifdef ARG
      places_out[places_out_offset + first + to] = places[places_offset + first + i];
#endif
    }
  }
}

/// counts[row][smaller, equal, larger][block]
kernel void split_count(global const word* x, long x_offset, global uint* counts, long counts_offset,
                        global const Selection* state, long state_offset, long rows, long n, long blocks) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit - row * blocks;
    const key pivot = (key)state[state_offset + row].pivot;
    const long low = n * block / blocks, high = n * (block + 1) / blocks;
    global const word* from = x + x_offset + row * n;
    uint smaller = 0, equal = 0;
    for (long i = low; i < high; ++i) {
      const key k = KEY(from[i]);
      smaller += k < pivot;
      equal += k == pivot;
    }
    global uint* to = counts + counts_offset + row * 3 * blocks + block;
    to[0] = smaller;
    to[blocks] = equal;
    to[2 * blocks] = (uint)(high - low) - smaller - equal;
  }
}

kernel void split_move(global const word* x, long x_offset, global result* out, long out_offset,
                       global const uint* counts, long counts_offset, global const Selection* state,
                       long state_offset, long rows, long n, long blocks) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit - row * blocks;
    const key pivot = (key)state[state_offset + row].pivot;
    global const uint* next = counts + counts_offset + row * 3 * blocks + block;
    uint smaller = next[0], equal = next[blocks], larger = next[2 * blocks];
    global const word* from = x + x_offset + row * n;
    const long high = n * (block + 1) / blocks;
    for (long i = n * block / blocks, stop; i < high;) {
      stop = min(high, i + 16);
#ifdef LOOP_SHAPE
      // Stretches that are all smaller, as most are where few of the largest are wanted, move as a whole.
      uint count = 0;
      if (stop - i == 16)
        for (int j = 0; j < 16; ++j) count += KEY(from[i + j]) < pivot;
      if (count == 16) {
        for (int j = 0; j < 16; ++j) out[out_offset + row * n + smaller + j] = RESULT(from[i + j], i + j);
        smaller += 16;
        i = stop;
      }
#endif
      for (; i < stop; ++i) {
        const key k = KEY(from[i]);
        const uint below = k < pivot, same = k == pivot;
        const uint to = below ? smaller : same ? equal : larger;
        smaller += below;
        equal += same;
        larger += !(below | same);
        out[out_offset + row * n + to] = RESULT(BITS_OF(k), i);
      }
    }
  }
}

/// Whole rows by one work-item each: by insertion when short, else by radix over bytes, to and fro between the row of
/// the result and scratch space (for a row a work-item, and for two rows of keys where the results are places). The
/// result may lie in x's memory.
kernel void sort_rows(global const word* x, long x_offset, global result* out, long out_offset, global key* scratch,
                      long scratch_offset, global uint* places_scratch, long places_offset, long rows, long n) {
  FOR_EACH(row, rows) {
    global const word* p = x + x_offset + row * n;
    global result* q = out + out_offset + row * n;
#ifdef ARG
    global key* from = scratch + scratch_offset + get_global_id(0) * 2 * n;
    global key* to = from + n;
    global uint* from_places = q;
    global uint* to_places = places_scratch + places_offset + get_global_id(0) * n;
#else
    global key* from = (global key*)q;
    global key* to = scratch + scratch_offset + get_global_id(0) * n;
#endif
    if (n <= 64) {
      for (long i = 0; i < n; ++i) {
        const key k = KEY(p[i]);
        long j = i;
        for (; j > 0 && from[j - 1] > k; --j) {
          from[j] = from[j - 1];
#ifdef ARG
          from_places[j] = from_places[j - 1];
#endif
        }
        from[j] = k;
#ifdef ARG
        from_places[j] = (uint)i;
#endif
      }
    } else {
      uint counts[BYTES][256];
      for (int b = 0; b < BYTES; ++b)
        for (int d = 0; d < 256; ++d) counts[b][d] = 0;
      for (long i = 0; i < n; ++i) {
        const key k = KEY(p[i]);
        from[i] = k;
#ifdef ARG
        from_places[i] = (uint)i;
#endif
        for (int b = 0; b < BYTES; ++b) ++counts[b][(int)(k >> (8 * b)) & 255];
      }
      for (int b = 0; b < BYTES; ++b) {
        if (counts[b][(int)(from[0] >> (8 * b)) & 255] == (uint)n) continue;  // all alike
        uint before = 0;
        for (int d = 0; d < 256; ++d) {
          const uint count = counts[b][d];
          counts[b][d] = before;
          before += count;
        }
        for (long i = 0; i < n; ++i) {
          const key k = from[i];
          const uint at = counts[b][(int)(k >> (8 * b)) & 255]++;
          to[at] = k;
#ifdef ARG
          to_places[at] = from_places[i];
#endif
        }
        global key* const swapped = from;
        from = to;
        to = swapped;
#ifdef ARG
        global uint* const swapped_places = from_places;
        from_places = to_places;
        to_places = swapped_places;
#endif
      }
    }
    for (long i = 0; i < n; ++i) {
#ifdef ARG
      q[i] = from_places[i];
#else
      q[i] = BITS_OF(from[i]);
#endif
    }
  }
}

/// How many elements of the sorted row of length n come before each value (`right`: or equal it).
kernel void search_sorted(global const word* row, long row_offset, long row_stride, global const word* values,
                          long values_offset, global uint* out, long out_offset, long count, long n, int right) {
  FOR_EACH(i, count) {
    const key v = KEY(values[values_offset + i]);
    long low = 0, high = n;
    while (low < high) {
      const long middle = (low + high) / 2;
      const key k = KEY(row[row_offset + middle * row_stride]);
      if (right ? k <= v : k < v) low = middle + 1;
      else high = middle;
    }
    out[out_offset + i] = (uint)low;
  }
}
