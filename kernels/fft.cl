// Fourier transforms along one axis by Stockham's self-sorting algorithm (Govindaraju et al., "High performance
// discrete Fourier transforms on graphics processors", SC 2008), decimation in frequency, W transforms side by side.
//
// On CPU devices a work-item does W transforms, one in each element of its vectors; on GPUs each work-item of a group
// of W does one. Element i of all W lies together in scratch memory: W real parts, then W imaginary parts, twice, as
// every stage reads one half and writes the other. -D IN_REAL, IN_HERMITIAN, OUT_REAL say what the ends are;
// SWAP_IN and SWAP_OUT exchange real and imaginary parts there, which turns the transform into its inverse. With
// CONVOLVE a transform of n elements is a convolution with a chirp, by transforms of a greater `length` (Bluestein, "A
// linear filtering approach to the computation of discrete Fourier transform", 1970).
// A loop of few steps, unrolled so that arrays stay in registers.
#define EACH_STEP(i, count) _Pragma("unroll") for (int i = 0; i < (count); ++i)
#ifndef W
#define W 32
#endif
#ifdef LOOP_SHAPE
#undef W
#define W 16
DECLARE_WIDTH(16)
typedef float16 number;
#define CELL(i) (i)
#else
typedef float number;
#define CELL(i) ((i) * W)
#endif

typedef struct {
  number re, im;
} value;

static inline value get(global const number* x, long i) {
  value v;
  v.re = x[CELL(2 * i)];
  v.im = x[CELL(2 * i + 1)];
  return v;
}
static inline void put(global number* x, long i, number re, number im) {
  x[CELL(2 * i)] = re;
  x[CELL(2 * i + 1)] = im;
}
static inline void put_turned(global number* x, long i, value v, float2 w) {
  put(x, i, v.re * w.x - v.im * w.y, v.re * w.y + v.im * w.x);
}

// Not by changing an argument: Mesa's compiler would change the caller's value.
static inline value plus(value a, value b) {
  value v;
  v.re = a.re + b.re;
  v.im = a.im + b.im;
  return v;
}
static inline value minus(value a, value b) {
  value v;
  v.re = a.re - b.re;
  v.im = a.im - b.im;
  return v;
}
static inline value times(value a, float factor) {
  value v;
  v.re = a.re * factor;
  v.im = a.im * factor;
  return v;
}
static inline value times_minus_i(value a) {
  value v;
  v.re = a.im;
  v.im = -a.re;
  return v;
}

// A stage of radix r splits the sub-transforms of `length` into r parts, s of them interleaved:
//   y[q + s (r p + k)] = w^(p k) * sum over j of x[q + s (p + m j)] * root^(j k), with m = length / r.
typedef struct {
  global const number* x;
  global number* y;
  global const float2* w;
  long m, s;
} stage;

static inline value input(stage t, long p, long q, int j) { return get(t.x, q + t.s * (p + t.m * j)); }
static inline float2 turn(stage t, long p, int k) { return t.w[t.s * p * k]; }
static inline long place(stage t, int r, long p, long q, int k) { return q + t.s * (r * p + k); }

static void stage2(stage t) {
  for (long p = 0; p < t.m; ++p) {
    const float2 w1 = turn(t, p, 1);
    for (long q = 0; q < t.s; ++q) {
      const value a0 = input(t, p, q, 0), a1 = input(t, p, q, 1);
      const long to = place(t, 2, p, q, 0);
      put(t.y, to, a0.re + a1.re, a0.im + a1.im);
      put_turned(t.y, to + t.s, minus(a0, a1), w1);
    }
  }
}

static void stage3(stage t) {
  for (long p = 0; p < t.m; ++p) {
    const float2 w1 = turn(t, p, 1), w2 = turn(t, p, 2);
    for (long q = 0; q < t.s; ++q) {
      const value a0 = input(t, p, q, 0), a1 = input(t, p, q, 1), a2 = input(t, p, q, 2);
      const value sum = plus(a1, a2), side = times_minus_i(times(minus(a1, a2), 0.866025403784f));
      const value middle = minus(a0, times(sum, 0.5f));
      const long to = place(t, 3, p, q, 0);
      put(t.y, to, a0.re + sum.re, a0.im + sum.im);
      put_turned(t.y, to + t.s, plus(middle, side), w1);
      put_turned(t.y, to + 2 * t.s, minus(middle, side), w2);
    }
  }
}

static void stage4(stage t) {
  for (long p = 0; p < t.m; ++p) {
    const float2 w1 = turn(t, p, 1), w2 = turn(t, p, 2), w3 = turn(t, p, 3);
    for (long q = 0; q < t.s; ++q) {
      const value a0 = input(t, p, q, 0), a1 = input(t, p, q, 1), a2 = input(t, p, q, 2), a3 = input(t, p, q, 3);
      const value even = plus(a0, a2), odd = plus(a1, a3), middle = minus(a0, a2), side = times_minus_i(minus(a1, a3));
      const long to = place(t, 4, p, q, 0);
      put(t.y, to, even.re + odd.re, even.im + odd.im);
      put_turned(t.y, to + t.s, plus(middle, side), w1);
      put_turned(t.y, to + 2 * t.s, minus(even, odd), w2);
      put_turned(t.y, to + 3 * t.s, minus(middle, side), w3);
    }
  }
}

static void stage5(stage t) {
  for (long p = 0; p < t.m; ++p) {
    const float2 w1 = turn(t, p, 1), w2 = turn(t, p, 2), w3 = turn(t, p, 3), w4 = turn(t, p, 4);
    for (long q = 0; q < t.s; ++q) {
      const value a0 = input(t, p, q, 0), a1 = input(t, p, q, 1), a2 = input(t, p, q, 2), a3 = input(t, p, q, 3),
                  a4 = input(t, p, q, 4);
      const value a = plus(a1, a4), b = plus(a2, a3), c = minus(a1, a4), d = minus(a2, a3);
      const value near = minus(plus(a0, times(a, 0.309016994375f)), times(b, 0.809016994375f));
      const value far = plus(minus(a0, times(a, 0.809016994375f)), times(b, 0.309016994375f));
      const value near_side = times_minus_i(plus(times(c, 0.951056516295f), times(d, 0.587785252292f)));
      const value far_side = times_minus_i(minus(times(c, 0.587785252292f), times(d, 0.951056516295f)));
      const long to = place(t, 5, p, q, 0);
      put(t.y, to, a0.re + a.re + b.re, a0.im + a.im + b.im);
      put_turned(t.y, to + t.s, plus(near, near_side), w1);
      put_turned(t.y, to + 2 * t.s, plus(far, far_side), w2);
      put_turned(t.y, to + 3 * t.s, minus(far, far_side), w3);
      put_turned(t.y, to + 4 * t.s, minus(near, near_side), w4);
    }
  }
}

// Any small prime; n is the length of the whole transform, so that w holds the roots in steps of n / r.
static void stage_prime(stage t, int r, long n) {
  for (long p = 0; p < t.m; ++p)
    for (long q = 0; q < t.s; ++q) {
      value a[13];
      for (int j = 0; j < r; ++j) a[j] = input(t, p, q, j);
      for (int k = 0; k < r; ++k) {
        value sum = a[0];
        for (int j = 1; j < r; ++j) {
          const float2 root = t.w[j * k % r * (n / r)];
          sum.re += a[j].re * root.x - a[j].im * root.y;
          sum.im += a[j].re * root.y + a[j].im * root.x;
        }
        put_turned(t.y, place(t, r, p, q, k), sum, turn(t, p, k));
      }
    }
}

#ifdef LOOP_SHAPE
// Sixteen rows of sixteen floats become columns, by four perfect shuffles.
static inline void transpose16(float16* rows) {
  EACH_STEP(round, 4) {
    float16 next[16];
    EACH_STEP(i, 8) {
      const float16 a = rows[i], b = rows[i + 8];
      next[2 * i] = (float16)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7);
      next[2 * i + 1] =
          (float16)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf);
    }
    EACH_STEP(i, 16) rows[i] = next[i];
  }
}
#endif

// How the transforms of a launch lie in memory, in elements: `lanes` of them, `lane` apart, in each of the outer ones.
typedef struct {
  long at, lane, index, count;
} layout;

#ifdef IN_REAL
#define IN float
#else
#define IN float2
#endif
#ifdef OUT_REAL
#define OUT float
#else
#define OUT float2
#endif
#ifdef SWAP_IN
#define PUT_IN(i, real, imaginary) put(y, i, imaginary, real)
#else
#define PUT_IN(i, real, imaginary) put(y, i, real, imaginary)
#endif

// Brings elements 0 … in.count - 1 to scratch memory, mirrored elements after them up to n, zeros up to `length`.
static inline void load_all(global const IN* x, layout in, int valid, global number* y, long n, long length) {
  long i = 0;
#ifdef LOOP_SHAPE
  if (valid == W && in.lane == 1) {
    for (; i < in.count; ++i) {
#ifdef IN_REAL
      PUT_IN(i, vload16(0, x + in.at + i * in.index), (float16)(0.0f));
#else
      global const float* const p = (global const float*)(x + in.at + i * in.index);
      const float16 low = vload16(0, p), high = vload16(1, p);
      PUT_IN(i, (float16)(low.even, high.even), (float16)(low.odd, high.odd));
#endif
    }
  } else if (valid == W && in.index == 1) {
    const int step = 16 * sizeof(float) / sizeof(IN);
    for (; i + step <= in.count; i += step) {
      float16 rows[16];
      EACH_STEP(l, 16) rows[l] = vload16(0, (global const float*)(x + in.at + l * in.lane + i));
      transpose16(rows);
#ifdef IN_REAL
      EACH_STEP(j, 16) PUT_IN(i + j, rows[j], (float16)(0.0f));
#else
      EACH_STEP(j, 8) PUT_IN(i + j, rows[2 * j], rows[2 * j + 1]);
#endif
    }
  }
#endif
  for (; i < in.count; ++i) {
#ifdef LOOP_SHAPE
    float re[16] = {0}, im[16] = {0};
    for (int l = 0; l < valid; ++l) {
      const IN v = x[in.at + l * in.lane + i * in.index];
#ifdef IN_REAL
      re[l] = v;
#else
      re[l] = v.x;
      im[l] = v.y;
#endif
    }
    PUT_IN(i, vload16(0, re), vload16(0, im));
#else
    const int l = get_local_id(0);
    const IN v = l < valid ? x[in.at + l * in.lane + i * in.index] : (IN)(0.0f);
#ifdef IN_REAL
    PUT_IN(i, v, 0.0f);
#else
    PUT_IN(i, v.x, v.y);
#endif
#endif
  }
#ifdef IN_HERMITIAN
  for (; i <= n / 2; ++i) put(y, i, 0, 0);
  for (; i < n; ++i) {
    const value v = get(y, n - i);
#ifdef SWAP_IN
    put(y, i, -v.re, v.im);
#else
    put(y, i, v.re, -v.im);
#endif
  }
#endif
  for (; i < length; ++i) put(y, i, 0, 0);
}

// All stages of a transform; returns that half of the scratch memory which holds the result. `radices` holds the radix
// of each in four bits, the first lowest.
static global number* run_stages(global number* from, global number* to, global const float2* w, long n, ulong radices) {
  long length = n, s = 1;
  for (ulong rest = radices; rest; rest >>= 4) {
    const int r = rest & 15;
    stage t;
    t.x = from;
    t.y = to;
    t.w = w;
    t.m = length / r;
    t.s = s;
    if (r == 4) stage4(t);
    else if (r == 2) stage2(t);
    else if (r == 3) stage3(t);
    else if (r == 5) stage5(t);
    else stage_prime(t, r, n);
    global number* const other = from;
    from = to;
    to = other;
    length = t.m;
    s *= r;
  }
  return from;
}

#ifdef CONVOLVE
static void turn_all(global number* x, global const float2* by, long n) {
  for (long i = 0; i < n; ++i) put_turned(x, i, get(x, i), by[i]);
}

// Real and imaginary parts exchanged, for the inverse transform.
static void turn_and_swap_all(global number* x, global const float2* by, long n) {
  for (long i = 0; i < n; ++i) {
    const value v = get(x, i);
    put(x, i, v.re * by[i].y + v.im * by[i].x, v.re * by[i].x - v.im * by[i].y);
  }
}
#endif

// Scales element i; turns it by the chirp, or by the twiddles between the two steps of a long transform.
static inline value finished(global const number* x, long i, float scale, global const float2* across,
                             global const float2* along, long tile, long tiles) {
  value v = get(x, i);
  v.re *= scale;
  v.im *= scale;
#ifdef CONVOLVE
  const float2 turn = along[i];
  const number re = v.im * turn.x - v.re * turn.y;
  v.im = v.im * turn.y + v.re * turn.x;
  v.re = re;
#endif
#ifdef TWIDDLE
#ifdef LOOP_SHAPE
  global const float* const p = (global const float*)(across + i * W);
  const float16 low = vload16(0, p), high = vload16(1, p);
  const number wr = (float16)(low.even, high.even), wi = (float16)(low.odd, high.odd);
#else
  const float2 turn = across[i * W + get_local_id(0)];
  const number wr = turn.x, wi = turn.y;
#endif
  const float2 common = along[i * tiles + tile];
  const number re = v.re * wr - v.im * wi, im = v.re * wi + v.im * wr;
  v.re = re * common.x - im * common.y;
  v.im = re * common.y + im * common.x;
#endif
#ifdef SWAP_OUT
  const number old = v.re;
  v.re = v.im;
  v.im = old;
#endif
  return v;
}

static inline void store_all(global const number* x, global OUT* y, layout out, int valid, float scale,
                             global const float2* across, global const float2* along, long tile, long tiles) {
  long i = 0;
#define FINISHED(i) finished(x, i, scale, across, along, tile, tiles)
#ifdef LOOP_SHAPE
  if (valid == W && out.lane == 1) {
    for (; i < out.count; ++i) {
      const value v = FINISHED(i);
#ifdef OUT_REAL
      vstore16(v.re, 0, y + out.at + i * out.index);
#else
      float16 low, high;
      low.even = v.re.lo;
      low.odd = v.im.lo;
      high.even = v.re.hi;
      high.odd = v.im.hi;
      global float* const p = (global float*)(y + out.at + i * out.index);
      vstore16(low, 0, p);
      vstore16(high, 1, p);
#endif
    }
  } else if (valid == W && out.index == 1) {
    const int step = 16 * sizeof(float) / sizeof(OUT);
    for (; i + step <= out.count; i += step) {
      float16 rows[16];
      EACH_STEP(j, step) {
        const value v = FINISHED(i + j);
#ifdef OUT_REAL
        rows[j] = v.re;
#else
        rows[2 * j] = v.re;
        rows[2 * j + 1] = v.im;
#endif
      }
      transpose16(rows);
      EACH_STEP(l, 16) vstore16(rows[l], 0, (global float*)(y + out.at + l * out.lane + i));
    }
  }
#endif
  for (; i < out.count; ++i) {
    const value v = FINISHED(i);
#ifdef LOOP_SHAPE
    float re[16], im[16];
    vstore16(v.re, 0, re);
    vstore16(v.im, 0, im);
    for (int l = 0; l < valid; ++l)
#ifdef OUT_REAL
      y[out.at + l * out.lane + i * out.index] = re[l];
#else
      y[out.at + l * out.lane + i * out.index] = (float2)(re[l], im[l]);
#endif
#else
    const int l = get_local_id(0);
    if (l < valid)
#ifdef OUT_REAL
      y[out.at + l * out.lane + i * out.index] = v.re;
#else
      y[out.at + l * out.lane + i * out.index] = (float2)(v.re, v.im);
#endif
#endif
  }
}

// `across` and `along` hold the twiddles of a long transform (for element i, those of the lanes of a tile and that of
// the tile), or the transformed chirp and the chirp.
kernel void fft(global const IN* x, long x_offset, global OUT* y, long y_offset, global const float2* w, long w_offset,
                global const float2* across, long across_offset, global const float2* along, long along_offset,
                global float* scratch, long scratch_offset, long outer, long lanes, long n, long length, ulong radices,
                long in_outer, long in_lane, long in_index, long in_count, long out_outer, long out_lane, long out_index,
                long out_count, float scale) {
  const long tiles = (lanes + W - 1) / W;
#ifdef LOOP_SHAPE
  global number* const first = (global number*)(scratch + get_global_id(0) * 4 * length * W);
  FOR_EACH(i, outer * tiles) {
#else
  global number* const first = scratch + get_group_id(0) * 4 * length * W + get_local_id(0);
  for (long i = get_group_id(0); i < outer * tiles; i += get_num_groups(0)) {
#endif
    const long row = i / tiles, tile = i - row * tiles;
    const int valid = min((long)W, lanes - tile * W);
    global number* const second = first + CELL(2 * length);
    layout in, out;
    in.at = x_offset + row * in_outer + tile * W * in_lane;
    in.lane = in_lane;
    in.index = in_index;
    in.count = in_count;
    out.at = y_offset + row * out_outer + tile * W * out_lane;
    out.lane = out_lane;
    out.index = out_index;
    out.count = out_count;
    load_all(x, in, valid, first, n, length);
#ifdef CONVOLVE
    turn_all(first, along + along_offset, n);
#endif
    global number* result = run_stages(first, second, w + w_offset, length, radices);
#ifdef CONVOLVE
    turn_and_swap_all(result, across + across_offset, length);
    result = run_stages(result, result == first ? second : first, w + w_offset, length, radices);
#endif
    store_all(result, y, out, valid, scale, across + across_offset, along + along_offset, tile, tiles);
  }
}
