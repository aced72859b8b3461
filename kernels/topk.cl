// The `most` largest values of each row, in ascending order, in one pass: a work-item keeps candidates and lets go of
// all but the `most` largest when it has ROOM of them. T, K and KIND as sort_keys.clh has them; ROOM is at least 2 most + 16.
#include "sort_keys.clh"

// Moves the `most` largest of `count` candidates to the front (Hoare, "Algorithm 65: find", 1961); the smallest of them.
static key keep_largest(key* kept, int count, int most) {
  const int target = count - most;
  int low = 0, high = count - 1;
  while (low < high) {
    const key a = kept[low], b = kept[(low + high) / 2], c = kept[high];
    const key pivot = max(min(a, b), min(max(a, b), c));
    int i = low, j = high;
    while (i <= j) {
      while (kept[i] < pivot) ++i;
      while (kept[j] > pivot) --j;
      if (i <= j) {
        const key moved = kept[i];
        kept[i++] = kept[j];
        kept[j--] = moved;
      }
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  for (int i = 0; i < most; ++i) {
    const key moved = kept[i];
    kept[i] = kept[target + i];
    kept[target + i] = moved;
  }
  return kept[0];
}

static void insertion_sort(key* kept, int count) {
  for (int i = 1; i < count; ++i) {
    const key k = kept[i];
    int j = i;
    for (; j > 0 && kept[j - 1] > k; --j) kept[j] = kept[j - 1];
    kept[j] = k;
  }
}

kernel void top_rows(global const word* x, long x_offset, global word* out, long out_offset, long rows, long n, int most) {
  FOR_EACH(row, rows) {
    global const word* from = x + x_offset + row * n;
    key kept[ROOM];
    const int first = (int)min(n, (long)ROOM - 16);
    for (int i = 0; i < first; ++i) kept[i] = KEY(from[i]);
    int count = first;
    key threshold = keep_largest(kept, count, most);
    count = most;
    for (long i = first; i < n; i += 16) {
      const int here = (int)min(16L, n - i);
      uint above = 0;
      if (here == 16)
        for (int j = 0; j < 16; ++j) above += KEY(from[i + j]) > threshold;
      if (here == 16 && above == 0) continue;
      for (int j = 0; j < here; ++j) {
        const key k = KEY(from[i + j]);
        if (k > threshold) kept[count++] = k;
      }
      if (count > ROOM - 16) {
        threshold = keep_largest(kept, count, most);
        count = most;
      }
    }
    keep_largest(kept, count, most);
    insertion_sort(kept, most);
    for (int i = 0; i < most; ++i) out[out_offset + row * most + i] = BITS_OF(kept[i]);
  }
}
