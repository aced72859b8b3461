// Evenly spaced values: first, first + by, …; T is the dtype.
kernel void arange(COMPUTED(T) first, COMPUTED(T) by, global STORED(T)* out, long out_offset, long length) {
  FOR_EACH(i, length) STORE(T, out, out_offset + i, first + (COMPUTED(T))i * by);
}
