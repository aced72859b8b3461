// The last step of attention: rows of values under weights that do not yet add up to 1.
//   T: float32 or float64   OUT: the result's dtype
#include "vector.clh"

// Rows of weighted values times their factors: the result, of whose heads and rows the strides are given.
kernel void attention_scaled(global const COMPUTED(T)* values, long values_offset, global const COMPUTED(T)* factors,
                             long factors_offset, global STORED(OUT)* out, long out_offset, long rows, long queries,
                             long width, long values_head, long values_row, long out_head, long out_row) {
  FOR_EACH(row, rows) {
    const long head = row / queries, query = row % queries;
    global const COMPUTED(T)* const from = values + values_offset + head * values_head + query * values_row;
    global STORED(OUT)* const to = out + out_offset + head * out_head + query * out_row;
    const COMPUTED(T) factor = factors[factors_offset + row];
    long i = 0;
    for (; i + V <= width; i += V) PUT(OUT, to + i, FETCH(T, from + i) * factor);
    if (i < width) PUT_PART(OUT, to + i, FETCH_PART(T, from + i, width - i) * factor, width - i);
  }
}
