// The spectrum of n real numbers, of which elements 0 … n / 2 are given, as that of n / 2 complex numbers: pairs of the
// real ones (Cooley, Lewis and Welch, "The fast Fourier transform algorithm: programming considerations", 1970).

// Element k of a spectrum whose elements from `count` on are zeros.
static inline float2 element(global const float2* x, long k, long count, int conjugated) {
  const float2 v = k < count ? x[k] : (float2)(0.0f);
  return conjugated ? (float2)(v.x, -v.y) : v;
}

// exp(-2πi k / n) is near[k % NEAR] · far[k / NEAR].
kernel void fft_join(global const float2* x, long x_offset, global float* y, long y_offset, global const float2* near,
                     long near_offset, global const float2* far, long far_offset, long rows, long pairs, long count,
                     int conjugated) {
  const long each = pairs / 2 + 1;
  FOR_EACH(i, rows * each) {
    const long row = i / each, k = i - row * each, mirrored = pairs - k;
    global const float2* const from = x + x_offset + row * count;
    global float2* const to = (global float2*)(y + y_offset) + row * pairs;
    float2 a = element(from, k, count, conjugated), b = element(from, mirrored, count, conjugated);
    if (k == 0) a.y = b.y = 0.0f;  // real, whatever is given
    const float2 p = near[k % NEAR], q = far[k / NEAR];
    const float wr = p.x * q.x - p.y * q.y, wi = p.x * q.y + p.y * q.x;
    const float2 sum = (float2)(a.x + b.x, a.y - b.y), apart = (float2)(a.x - b.x, a.y + b.y);
    const float2 turned = (float2)(apart.x * wi - apart.y * wr, apart.x * wr + apart.y * wi);
    to[k] = sum + turned;
    if (k != 0 && k != mirrored) to[mirrored] = (float2)(sum.x - turned.x, turned.y - sum.y);
  }
}
