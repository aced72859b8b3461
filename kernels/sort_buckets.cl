// Sorting long rows on CPU devices: the leading bits of the keys deal a row into buckets, and each bucket is sorted where
// it lies, with scratch space for a small part only. Stable.
//
// -D T, K and KIND as sort_keys.clh has them; ARG gives positions; BITS of a bucket's number.
#include "sort_keys.clh"

#define BUCKETS (1L << BITS)
#define FEW 32  // so many go by insertion

#ifdef ARG
typedef uint item;  // a place, whose key is found through it
#define KEY_OF(item) ((key)(KEY(row[item]) - low))
#else
typedef key item;
#define KEY_OF(item) ((key)((item) - low))
#endif

#if KIND == COMPLEX
#define AS_KEY(bits) as_ulong(bits)
#else
#define AS_KEY(bits) (bits)
#endif

/// ranges[row][block]: the least and the greatest key.
kernel void key_range(global const word* x, long x_offset, global key* ranges, long ranges_offset, long rows, long n,
                      long blocks) {
  FOR_EACH(unit, rows * blocks) {
    const long block = unit % blocks;
    global const word* from = x + x_offset + unit / blocks * n;
    const long begin = n * block / blocks, end = n * (block + 1) / blocks;
    key low = KEY(from[begin]), high = low;
    for (long i = begin; i < end; ++i) {
      const key k = KEY(from[i]);
      low = k < low ? k : low;
      high = k > high ? k : high;
    }
    ranges[ranges_offset + 2 * unit] = low;
    ranges[ranges_offset + 2 * unit + 1] = high;
  }
}

/// The least key of a row, and by how much the distance of a key from it is shifted to give its bucket.
static inline key low_and_shift(global const key* ranges, long row, long blocks, int* shift) {
  key low = ranges[2 * row * blocks], high = ranges[2 * row * blocks + 1];
  for (long b = row * blocks; b < (row + 1) * blocks; ++b) {
    low = ranges[2 * b] < low ? ranges[2 * b] : low;
    high = ranges[2 * b + 1] > high ? ranges[2 * b + 1] : high;
  }
  const ulong distance = (ulong)(key)(high - low);
  *shift = max(0, 64 - (int)clz(distance) - BITS);
  return low;
}

/// counts[row][bucket][block]
kernel void bucket_count(global const word* x, long x_offset, global uint* counts, long counts_offset,
                         global const key* ranges, long ranges_offset, long rows, long n, long blocks) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit % blocks;
    int shift;
    const key low = low_and_shift(ranges + ranges_offset, row, blocks, &shift);
    uint count[BUCKETS];
    for (int d = 0; d < BUCKETS; ++d) count[d] = 0;
    global const word* from = x + x_offset + row * n;
    const long end = n * (block + 1) / blocks;
    for (long i = n * block / blocks; i < end; ++i) ++count[(int)((key)(KEY(from[i]) - low) >> shift)];
    for (int d = 0; d < BUCKETS; ++d) counts[counts_offset + (row * BUCKETS + d) * blocks + block] = count[d];
  }
}

kernel void bucket_move(global const word* x, long x_offset, global item* out, long out_offset,
                        global const uint* before, long before_offset, global const key* ranges, long ranges_offset,
                        long rows, long n, long blocks) {
  FOR_EACH(unit, rows * blocks) {
    const long row = unit / blocks, block = unit % blocks;
    int shift;
    const key low = low_and_shift(ranges + ranges_offset, row, blocks, &shift);
    uint next[BUCKETS];
    for (int d = 0; d < BUCKETS; ++d) next[d] = before[before_offset + (row * BUCKETS + d) * blocks + block];
    global const word* from = x + x_offset + row * n;
    global item* to = out + out_offset + row * n;
    const long end = n * (block + 1) / blocks;
    for (long i = n * block / blocks; i < end; ++i) {
      const key k = KEY(from[i]);
      const uint at = next[(int)((key)(k - low) >> shift)]++;
#ifdef ARG
      to[at] = (uint)i;
#else
      to[at] = k;
#endif
    }
  }
}

/// Sorts `count` items where they lie, by key and, if they are out of order, by place; with room for as many in scratch.
static void sort_few(global item* items, long count, key low, global const word* row, global key* keys,
                     global uint* places, bool shuffled) {
#ifdef ARG
  global key* from_keys = keys;
  global key* to_keys = keys + count;
  global item* to = places;
#define SORT_KEY(i) from_keys[i]
#else
  global item* to = keys;
#define SORT_KEY(i) (key)(from[i] - low)
#endif
  global item* from = items;
  if (count <= FEW) {
    for (long i = 0; i < count; ++i) {
      const item v = items[i];
      const key k = KEY_OF(v);
      long j = i;
#ifdef ARG
      for (; j > 0 && (keys[j - 1] > k || (keys[j - 1] == k && items[j - 1] > v)); --j) {
        items[j] = items[j - 1];
        keys[j] = keys[j - 1];
      }
      keys[j] = k;
#else
      for (; j > 0 && items[j - 1] > v; --j) items[j] = items[j - 1];
#endif
      items[j] = v;
    }
    return;
  }
  key differ = 0;
  const key first = KEY_OF(items[0]);
  for (long i = 0; i < count; ++i) {
    const key k = KEY_OF(items[i]);
#ifdef ARG
    from_keys[i] = k;
#endif
    differ |= k ^ first;
  }
  const int digits = (71 - (int)clz((ulong)differ)) / 8;
#ifdef ARG
  const int place_digits = shuffled ? 4 : 0;
#else
  const int place_digits = 0;
#endif
  uint counts[12][256];
  for (int d = 0; d < place_digits + digits; ++d)
    for (int v = 0; v < 256; ++v) counts[d][v] = 0;
  for (long i = 0; i < count; ++i) {
    const key k = SORT_KEY(i);
    for (int d = 0; d < digits; ++d) ++counts[place_digits + d][(int)(k >> (8 * d)) & 255];
#ifdef ARG
    for (int d = 0; d < place_digits; ++d) ++counts[d][from[i] >> (8 * d) & 255];
#endif
  }
  for (int pass = 0; pass < place_digits + digits; ++pass) {
    uint before = 0;
    for (int v = 0; v < 256; ++v) {
      const uint here = counts[pass][v];
      counts[pass][v] = before;
      before += here;
    }
    const int shift = 8 * (pass < place_digits ? pass : pass - place_digits);
    for (long i = 0; i < count; ++i) {
      const key k = SORT_KEY(i);
#ifdef ARG
      const int digit = pass < place_digits ? (int)(from[i] >> shift) & 255 : (int)(k >> shift) & 255;
      const uint at = counts[pass][digit]++;
      to_keys[at] = k;
#else
      const uint at = counts[pass][(int)(k >> shift) & 255]++;
#endif
      to[at] = from[i];
    }
    global item* const swapped = from;
    from = to;
    to = swapped;
#ifdef ARG
    global key* const swapped_keys = from_keys;
    from_keys = to_keys;
    to_keys = swapped_keys;
#endif
  }
  if (from != items)
    for (long i = 0; i < count; ++i) items[i] = from[i];
}

/// Sorts a bucket, whose keys differ in their lowest `bits` alone. One that is larger than the scratch space is split in
/// two, again and again, by the highest bit in which its keys may differ (its places, where keys are all alike).
static void sort_bucket(global item* items, long count, int bits, key low, global const word* row, global key* keys,
                        global uint* places, long room) {
  struct {
    long begin, end;
    int bits;
    bool shuffled;
  } waiting[100];
  int depth = 0;
#define WAIT(from, to, of_bits, mixed)  \
  waiting[depth].begin = from;          \
  waiting[depth].end = to;              \
  waiting[depth].bits = of_bits;        \
  waiting[depth++].shuffled = mixed
  WAIT(0, count, bits, false);
  while (depth > 0) {
    const long begin = waiting[--depth].begin, end = waiting[depth].end;
    const bool shuffled = waiting[depth].shuffled, alike = waiting[depth].bits == 0;
    int bit = waiting[depth].bits - 1;
    if (end - begin < 2 || (alike && !shuffled)) continue;
    if (end - begin <= room) {
      sort_few(items + begin, end - begin, low, row, keys, places, shuffled);
      continue;
    }
#ifdef ARG
    if (alike) {
      uint differ = 0;
      for (long i = begin; i < end; ++i) differ |= items[i] ^ items[begin];
      bit = 31 - (int)clz(differ);
    }
#define BIT_OF(v) ((alike ? (ulong)(v) : (ulong)KEY_OF(v)) >> bit & 1)
#else
    if (alike) continue;
#define BIT_OF(v) ((ulong)KEY_OF(v) >> bit & 1)
#endif
    long middle = begin, top = end;
    while (middle < top) {
      const item v = items[middle];
      if (BIT_OF(v)) {
        items[middle] = items[--top];
        items[top] = v;
      } else {
        ++middle;
      }
    }
    if (middle == begin || middle == end) {  // not in this bit: look for the one
      ulong differ = 0;
      const key first = KEY_OF(items[begin]);
      for (long i = begin; i < end; ++i) differ |= (ulong)(key)(KEY_OF(items[i]) ^ first);
      WAIT(begin, end, 64 - (int)clz(differ), middle == begin || shuffled);
      continue;
    }
    WAIT(begin, middle, alike ? 0 : bit, true);
    WAIT(middle, end, alike ? 0 : bit, true);
  }
}

/// `room` items of scratch space a work-item, and twice as many keys where the results are places.
kernel void bucket_sort(global const word* x, long x_offset, global item* out, long out_offset,
                        global const uint* before, long before_offset, global const key* ranges, long ranges_offset,
                        global key* keys, long keys_offset, global uint* places, long places_offset, long rows, long n,
                        long blocks, long room) {
#ifdef ARG
  global key* const own_keys = keys + keys_offset + get_global_id(0) * 2 * room;
#else
  global key* const own_keys = keys + keys_offset + get_global_id(0) * room;
#endif
  global uint* const own_places = places + places_offset + get_global_id(0) * room;
  // Crowded buckets are neighbours, so they are dealt out in turn.
  for (long unit = get_global_id(0); unit < rows * BUCKETS; unit += get_global_size(0)) {
    const long row = unit / BUCKETS;
    global const uint* bounds = before + before_offset + unit * blocks;
    const long begin = bounds[0], end = (unit + 1) % BUCKETS ? (long)bounds[blocks] : n;
    global item* const items = out + out_offset + row * n + begin;
    int shift;
    const key low = low_and_shift(ranges + ranges_offset, row, blocks, &shift);
    if (shift > 0) sort_bucket(items, end - begin, shift, low, x + x_offset + row * n, own_keys, own_places, room);
#ifndef ARG
    for (long i = 0; i < end - begin; ++i) items[i] = AS_KEY(BITS_OF(items[i]));
#endif
  }
}
