// Fourier transforms along one axis by Stockham's self-sorting algorithm (Govindaraju et al., "High performance
// discrete Fourier transforms on graphics processors", SC 2008), decimation in frequency, W transforms side by side.
//
// On CPU devices a work-item does W transforms, one in each element of its vectors; on GPUs each work-item of a group
// of W does one. Element i of all W lies together in scratch memory: W real parts, then W imaginary parts, twice, as
// every stage reads one half and writes the other. -D IN_REAL, IN_HERMITIAN, OUT_REAL say what the ends are;
// SWAP_IN and SWAP_OUT exchange real and imaginary parts there, which turns the transform into its inverse. With
// CONVOLVE a transform of n elements is a convolution with a chirp, by transforms of a greater `length` (Bluestein, "A
// linear filtering approach to the computation of discrete Fourier transform", 1970). With HALVED two neighbours of n
// real numbers are one complex number of a transform of n / 2 (Cooley, Lewis and Welch, "The fast Fourier transform
// algorithm: programming considerations", 1970).
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
static inline value get_swapped(global const number* x, long i) {
  value v;
  v.im = x[CELL(2 * i)];
  v.re = x[CELL(2 * i + 1)];
  return v;
}
static inline value get_conjugate(global const number* x, long i) {
  value v = get(x, i);
  v.im = -v.im;
  return v;
}
static inline void put(global number* x, long i, number re, number im) {
  x[CELL(2 * i)] = re;
  x[CELL(2 * i + 1)] = im;
}
static inline void put_value(global number* x, long i, value v) { put(x, i, v.re, v.im); }
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

#include "fft_stages.clh"

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
// Elements of an end that are one element of the transform there.
#if defined(HALVED) && defined(IN_REAL)
#define IN_PAIR 2
#else
#define IN_PAIR 1
#endif
#if defined(HALVED) && defined(OUT_REAL)
#define OUT_PAIR 2
#else
#define OUT_PAIR 1
#endif

// Brings elements 0 … in.count - 1 to scratch memory, mirrored elements after them up to n, zeros up to `length`.
static inline void load_all(global const IN* x, layout in, int valid, global number* y, long n, long length) {
  long i = 0;
  const long whole = in.count / IN_PAIR;
#ifdef LOOP_SHAPE
  if (valid == W && in.lane == 1) {
    for (; i < whole; ++i) {
      global const IN* const from = x + in.at + i * IN_PAIR * in.index;
#if IN_PAIR == 2
      put(y, i, vload16(0, from), vload16(0, from + in.index));
#elif defined(IN_REAL)
      PUT_IN(i, vload16(0, from), (float16)(0.0f));
#else
      global const float* const p = (global const float*)from;
      const float16 low = vload16(0, p), high = vload16(1, p);
      PUT_IN(i, (float16)(low.even, high.even), (float16)(low.odd, high.odd));
#endif
    }
  } else if (valid == W && in.index == 1) {
    const int step = 16 * sizeof(float) / sizeof(IN) / IN_PAIR;
    for (; i + step <= whole; i += step) {
      float16 rows[16];
      EACH_STEP(l, 16) rows[l] = vload16(0, (global const float*)(x + in.at + l * in.lane + i * IN_PAIR));
      transpose16(rows);
#if IN_PAIR == 2
      EACH_STEP(j, 8) put(y, i + j, rows[2 * j], rows[2 * j + 1]);
#elif defined(IN_REAL)
      EACH_STEP(j, 16) PUT_IN(i + j, rows[j], (float16)(0.0f));
#else
      EACH_STEP(j, 8) PUT_IN(i + j, rows[2 * j], rows[2 * j + 1]);
#endif
    }
  }
#endif
#if IN_PAIR == 2
  for (; 2 * i < in.count; ++i) {
    const int both = 2 * i + 1 < in.count;
#else
  for (; i < in.count; ++i) {
#endif
#ifdef LOOP_SHAPE
    float re[16] = {0}, im[16] = {0};
    for (int l = 0; l < valid; ++l) {
      global const IN* const from = x + in.at + l * in.lane + i * IN_PAIR * in.index;
#if IN_PAIR == 2
      re[l] = from[0];
      if (both) im[l] = from[in.index];
#elif defined(IN_REAL)
      re[l] = from[0];
#else
      re[l] = from[0].x;
      im[l] = from[0].y;
#endif
    }
#if IN_PAIR == 2
    put(y, i, vload16(0, re), vload16(0, im));
#else
    PUT_IN(i, vload16(0, re), vload16(0, im));
#endif
#else
    const int l = get_local_id(0);
    global const IN* const from = x + in.at + l * in.lane + i * IN_PAIR * in.index;
    const IN v = l < valid ? from[0] : (IN)(0.0f);
#if IN_PAIR == 2
    put(y, i, v, l < valid && both ? from[in.index] : 0.0f);
#elif defined(IN_REAL)
    PUT_IN(i, v, 0.0f);
#else
    PUT_IN(i, v.x, v.y);
#endif
#endif
  }
#if defined(IN_HERMITIAN) && !defined(HALVED)
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
#if OUT_PAIR == 2
  for (; i <= length; ++i) put(y, i, 0, 0);
#else
  for (; i < length; ++i) put(y, i, 0, 0);
#endif
}

#if OUT_PAIR == 2
// From elements 0 … length of a spectrum with twice as many, to that of the complex numbers which pairs of the result
// are: even + i odd elements. w holds the roots of twice the length. Real and imaginary parts end up exchanged.
static inline void join_halves(global number* y, global const float2* w, long length) {
#ifdef SWAP_IN
#define SPECTRUM(k) get_swapped(y, k)
#else
#define SPECTRUM(k) get_conjugate(y, k)
#endif
  const number first = SPECTRUM(0).re, middle = SPECTRUM(length).re;
  put(y, 0, first - middle, first + middle);
  for (long k = 1; 2 * k <= length; ++k) {
    const value a = SPECTRUM(k), b = SPECTRUM(length - k);
    const number sum_re = a.re + b.re, sum_im = a.im - b.im, re = a.re - b.re, im = a.im + b.im;
    const number turned_re = re * w[k].y - im * w[k].x, turned_im = re * w[k].x + im * w[k].y;
    put(y, k, sum_im + turned_im, sum_re + turned_re);
    put(y, length - k, turned_im - sum_im, sum_re - turned_re);
  }
}
#endif

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

// Scales element i; turns it by the chirp, or by the twiddles between the two steps of a long transform; or makes it of
// two of a halved one, whose roots are `along`.
static inline value finished(global const number* x, long i, float scale, global const float2* across,
                             global const float2* along, long tile, long tiles, long length) {
#if IN_PAIR == 2
  const value a = get(x, i == length ? 0 : i), b = get(x, i == 0 ? 0 : length - i);
  const float2 w = along[i];
  const number re = a.re - b.re, im = a.im + b.im;
  value v;
  v.re = 0.5f * (a.re + b.re + im * w.x + re * w.y);
  v.im = 0.5f * (a.im - b.im + im * w.y - re * w.x);
#else
  value v = get(x, i);
#endif
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
#if IN_PAIR == 2
#ifdef SWAP_OUT
  v.im = -v.im;
#endif
#elif OUT_PAIR == 2 || defined(SWAP_OUT)
  const number old = v.re;
  v.re = v.im;
  v.im = old;
#endif
  return v;
}

static inline void store_all(global const number* x, global OUT* y, layout out, int valid, float scale,
                             global const float2* across, global const float2* along, long tile, long tiles,
                             long length) {
  long i = 0;
  const long count = out.count / OUT_PAIR;
#define FINISHED(i) finished(x, i, scale, across, along, tile, tiles, length)
#ifdef LOOP_SHAPE
  if (valid == W && out.lane == 1) {
    for (; i < count; ++i) {
      const value v = FINISHED(i);
      global OUT* const to = y + out.at + i * OUT_PAIR * out.index;
#if OUT_PAIR == 2
      vstore16(v.re, 0, to);
      vstore16(v.im, 0, to + out.index);
#elif defined(OUT_REAL)
      vstore16(v.re, 0, to);
#else
      float16 low, high;
      low.even = v.re.lo;
      low.odd = v.im.lo;
      high.even = v.re.hi;
      high.odd = v.im.hi;
      global float* const p = (global float*)to;
      vstore16(low, 0, p);
      vstore16(high, 1, p);
#endif
    }
  } else if (valid == W && out.index == 1) {
    const int step = 16 * sizeof(float) / sizeof(OUT) / OUT_PAIR;
    for (; i + step <= count; i += step) {
      float16 rows[16];
      EACH_STEP(j, step) {
        const value v = FINISHED(i + j);
#if OUT_PAIR == 1 && defined(OUT_REAL)
        rows[j] = v.re;
#else
        rows[2 * j] = v.re;
        rows[2 * j + 1] = v.im;
#endif
      }
      transpose16(rows);
      EACH_STEP(l, 16) vstore16(rows[l], 0, (global float*)(y + out.at + l * out.lane + i * OUT_PAIR));
    }
  }
#endif
  for (; i < count; ++i) {
    const value v = FINISHED(i);
#ifdef LOOP_SHAPE
    float re[16], im[16];
    vstore16(v.re, 0, re);
    vstore16(v.im, 0, im);
    for (int l = 0; l < valid; ++l) {
      global OUT* const to = y + out.at + l * out.lane + i * OUT_PAIR * out.index;
#if OUT_PAIR == 2
      to[0] = re[l];
      to[out.index] = im[l];
#elif defined(OUT_REAL)
      to[0] = re[l];
#else
      to[0] = (float2)(re[l], im[l]);
#endif
    }
#else
    const int l = get_local_id(0);
    global OUT* const to = y + out.at + l * out.lane + i * OUT_PAIR * out.index;
    if (l < valid) {
#if OUT_PAIR == 2
      to[0] = v.re;
      to[out.index] = v.im;
#elif defined(OUT_REAL)
      to[0] = v.re;
#else
      to[0] = (float2)(v.re, v.im);
#endif
    }
#endif
  }
}

// `across` and `along` hold the twiddles of a long transform (for element i, those of the lanes of a tile and that of
// the tile), or the transformed chirp and the chirp; `along` holds the roots for n when the stages have half its length.
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
#elif OUT_PAIR == 2
    join_halves(first, along + along_offset, length);
#endif
    global number* result = run_stages(first, second, w + w_offset, length, radices);
#ifdef CONVOLVE
    turn_and_swap_all(result, across + across_offset, length);
    result = run_stages(result, result == first ? second : first, w + w_offset, length, radices);
#endif
    store_all(result, y, out, valid, scale, across + across_offset, along + along_offset, tile, tiles,
              length);
  }
}
