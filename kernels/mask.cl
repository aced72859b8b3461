// Rows at the true places of a mask. U is a word to copy. A mask of `n` places is cut into `chunks`; the first kernel
// counts each chunk, the second knows from the counts which row of the values comes next.
kernel void count_true(global const uchar* mask, long mask_offset, global int* counts, long counts_offset, long n,
                       long chunks) {
  FOR_EACH(chunk, chunks) {
    int count = 0;
    for (long i = n * chunk / chunks; i < n * (chunk + 1) / chunks; ++i) count += mask[mask_offset + i] != 0;
    counts[counts_offset + chunk] = count;
  }
}

// to_places: out[i] = values[k] for the k-th true i; else out[k] = values[i], for the places that `rows` has room for.
kernel void copy_true(global const uchar* mask, long mask_offset, global const int* counts, long counts_offset,
                      global const U* values, long values_offset, global U* out, long out_offset, long n, long chunks,
                      long inner, long rows, long to_places) {
  FOR_EACH(chunk, chunks) {
    long k = 0;
    for (long c = 0; c < chunk; ++c) k += counts[counts_offset + c];
    for (long i = n * chunk / chunks; i < n * (chunk + 1) / chunks && k < rows; ++i) {
      if (!mask[mask_offset + i]) continue;
      global const U* const from = values + values_offset + (to_places ? k : i) * inner;
      global U* const to = out + out_offset + (to_places ? i : k) * inner;
      for (long j = 0; j < inner; ++j) to[j] = from[j];
      ++k;
    }
  }
}
