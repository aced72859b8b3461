// Convolution windows as matrix rows and back. Define T.
//
// The matrix of a group has a row for every window (n, output position) and a column for every (kernel position,
// channel of the group): patches[group][row][kernel][channel].
typedef struct {
  int input[3], taps[3], output[3], stride[3], low[3], dilation[3];
  int channels, groups;  // channels of all groups together
} Window;

// Input coordinate that kernel position k of output position p reads along one axis.
#define SOURCE(axis, p, k) ((p)*w.stride[axis] + (k)*w.dilation[axis] - w.low[axis])
#define INSIDE(axis, x) ((x) >= 0 && (x) < w.input[axis])

kernel void unfold(global const STORED(T)* input, long input_offset, global STORED(T)* patches, long patches_offset,
                   long batch, Window ARGUMENT(w)) {
  OWN(Window, w)
  const long kernels = (long)w.taps[0] * w.taps[1] * w.taps[2];
  const long windows = (long)w.output[0] * w.output[1] * w.output[2] * batch;
  const long channels = w.channels / w.groups;
  input += input_offset;
  patches += patches_offset;
  FOR_EACH(i, windows * kernels * w.groups) {
    const long k = i % kernels, row = i / kernels % windows, group = i / kernels / windows;
    const int k2 = (int)(k % w.taps[2]), k1 = (int)(k / w.taps[2] % w.taps[1]),
              k0 = (int)(k / w.taps[2] / w.taps[1]);
    const int p2 = (int)(row % w.output[2]), p1 = (int)(row / w.output[2] % w.output[1]),
              p0 = (int)(row / w.output[2] / w.output[1] % w.output[0]);
    const long n = row / w.output[2] / w.output[1] / w.output[0];
    const int x0 = SOURCE(0, p0, k0), x1 = SOURCE(1, p1, k1), x2 = SOURCE(2, p2, k2);
    global STORED(T)* const to = patches + i * channels;
    if (!INSIDE(0, x0) || !INSIDE(1, x1) || !INSIDE(2, x2)) {
      for (long c = 0; c < channels; ++c) to[c] = 0;
      continue;
    }
    global const STORED(T)* const from =
        input + (((n * w.input[0] + x0) * w.input[1] + x1) * w.input[2] + x2) * w.channels + group * channels;
    for (long c = 0; c < channels; ++c) to[c] = from[c];
  }
}

// Adds up what every window gives to an input element.
kernel void fold(global const STORED(T)* patches, long patches_offset, global STORED(T)* input, long input_offset,
                 long batch, Window ARGUMENT(w)) {
  OWN(Window, w)
  const long kernels = (long)w.taps[0] * w.taps[1] * w.taps[2];
  const long positions = (long)w.output[0] * w.output[1] * w.output[2];
  const long channels = w.channels / w.groups, pixels = (long)w.input[0] * w.input[1] * w.input[2];
  patches += patches_offset;
  FOR_EACH(i, batch * pixels * w.channels) {
    const long channel = i % w.channels, pixel = i / w.channels % pixels, n = i / w.channels / pixels;
    const long group = channel / channels, c = channel % channels;
    const int x[3] = {(int)(pixel / w.input[2] / w.input[1]), (int)(pixel / w.input[2] % w.input[1]),
                      (int)(pixel % w.input[2])};
    COMPUTED(T) total = 0;
    for (long k = 0; k < kernels; ++k) {
      const int at[3] = {(int)(k / w.taps[2] / w.taps[1]), (int)(k / w.taps[2] % w.taps[1]),
                         (int)(k % w.taps[2])};
      long row = n;
      for (int axis = 0; axis < 3 && row >= 0; ++axis) {
        const int reach = x[axis] + w.low[axis] - at[axis] * w.dilation[axis], p = reach / w.stride[axis];
        const int meets = reach >= 0 && p * w.stride[axis] == reach && p < w.output[axis];
        row = meets ? row * w.output[axis] + p : -1;
      }
      if (row < 0) continue;
      total += LOAD(T, patches, ((group * batch * positions + row) * kernels + k) * channels + c);
    }
    STORE(T, input, input_offset + i, total);
  }
}
