// Quantisation and its reverse, and conversion to and from e4m3 bytes. T is the dtype of the floats.
#include "quantized.clh"

#ifdef MODE
// One work-item does whole groups: finds the scale, then rounds and packs.
#if IS_AFFINE
// The edge of larger magnitude is hit exactly: scale = edge / round(edge / scale), bias = edge. One bit hits both edges.
kernel void quantize_affine(global const STORED(T)* w, long w_offset, global uint* packed, long packed_offset,
                            global STORED(T)* scales, long scales_offset, global STORED(T)* biases, long biases_offset,
                            long groups, int group_bits) {
  const float top = (1 << BITS) - 1;
  const int chunks = 1 << group_bits >> 4, units = 1 << group_bits >> 5;
  FOR_EACH(group, groups) {
    float16 v[8], low = INFINITY, high = -INFINITY;
    for (int i = 0; i < chunks; ++i) {
      v[i] = CAT(load16_, T)(w + w_offset + (group << group_bits) + 16 * i);
      low = fmin(low, v[i]);
      high = fmax(high, v[i]);
    }
    const float least = -largest16(-low), greatest = largest16(high);
#if BITS == 1
    const float scale = fmax(greatest - least, 1e-7f), bias = least;
#else
    const bool from_least = fabs(least) > fabs(greatest);
    float scale = fmax((greatest - least) / top, 1e-7f), bias = from_least ? least : greatest;
    if (!from_least) scale = -scale;
    const float steps = rint(bias / scale);
    if (steps != 0) scale = bias / steps;
    else bias = 0;
#endif
    STORE(T, scales, scales_offset + group, scale);
    STORE(T, biases, biases_offset + group, bias);
    for (int unit = 0; unit < units; ++unit) {
      uint words[UNIT_WORDS] = {0};
      EACH(part, HALVES) {
        const float16 steps = clamp(rint((v[unit * HALVES + part] - bias) / scale), 0.0f, top);
        pack(words, part, as_uint16(convert_int16(steps)));
      }
      EACH(i, UNIT_WORDS) packed[packed_offset + (group * units + unit) * UNIT_WORDS + i] = words[i];
    }
  }
}
#else
// The nearest code; ties go to the smaller magnitude and zeros have no sign.
static inline uint16 codes_of(float16 v) {
#if CAT(MODE_, MODE) == MODE_e2m1
  const float16 size = fabs(v);
  const int16 above = (size > 0.25f) + (size > 0.75f) + (size > 1.25f) + (size > 1.75f) + (size > 2.5f) + (size > 3.5f) +
                      (size > 5.0f);
  const uint16 code = as_uint16(-above);
  return select(code, code | 8u, as_uint16((v < 0.0f) & (above != 0)));
#else
  return e4m3_codes(v);
#endif
}

#if CAT(SCALE_, SCALE) == SCALE_e8m0
// The least power of two that keeps `wanted` times the largest code in range, as a byte; 1 for a group of zeros.
static inline uchar scale_code(float wanted) {
  const uint bits = as_uint(wanted), exponent = (bits >> 23) + ((bits & 0x7fffffu) != 0);
  return bits == 0 ? 127 : bits <= 0x400000u ? 0 : min(exponent, 254u);
}
#else
static inline uchar scale_code(float wanted) { return e4m3_code(wanted); }
#endif

// A positive global scale makes the groups' scales relative to it.
kernel void quantize_float(global const STORED(T)* w, long w_offset, global uint* packed, long packed_offset,
                           global uchar* scales, long scales_offset, global const float* global_scale,
                           long global_scale_offset, int has_global_scale, long groups) {
#if CAT(MODE_, MODE) == MODE_e2m1
  const float top = 6;
#else
  const float top = 448;
#endif
  const float encode = has_global_scale ? 2688.0f / global_scale[global_scale_offset] : 1.0f;
  FOR_EACH(group, groups) {
    float16 v[GROUP / 16], size = 0;
    EACH(i, GROUP / 16) {
      v[i] = CAT(load16_, T)(w + w_offset + group * GROUP + 16 * i);
      size = fmax(size, fabs(v[i]));
    }
    // MLX finds e4m3 scales in the precision of the weights.
    const float wanted = CAT(round16_, T)((float16)(largest16(size) / top)).s0;
    scales[scales_offset + group] = scale_code(wanted * encode);
    // Where the scale is 0 all codes are.
    const float stored = scale_at(scales, scales_offset + group), factor = stored == 0 ? 0 : encode;
    const float scale = stored == 0 ? 1 : stored;
    EACH(unit, GROUP / UNIT) {
      uint words[UNIT_WORDS] = {0};
      EACH(part, HALVES) pack(words, part, codes_of(v[unit * HALVES + part] * factor / scale));
      EACH(i, UNIT_WORDS) packed[packed_offset + (group * (GROUP / UNIT) + unit) * UNIT_WORDS + i] = words[i];
    }
  }
}
#endif

#ifdef PRODUCT
// Units [first, first + units) of each of `rows` rows, dense: value = (code * scale + bias) * factor / 2688,
// rounded to PRODUCT after the multiplication, to SUM after the addition and to T.
kernel void dequantize(global const uint* packed, long packed_offset, global const stored_scale* scales,
                       long scales_offset, global const stored_scale* biases, long biases_offset,
                       global const float* factor, long factor_offset, int has_factor, global STORED(T)* out,
                       long out_offset, long rows, long row_units, long first, long units, int group_bits) {
  const float common = has_factor ? factor[factor_offset] / 2688.0f : 1.0f;
  FOR_EACH(i, rows * units) {
    const long row = i / units, unit = row * row_units + first + (i - row * units);
    const long group = unit * UNIT >> group_bits;
    uint words[UNIT_WORDS];
    EACH(j, UNIT_WORDS) words[j] = packed[packed_offset + unit * UNIT_WORDS + j];
    const float scale = scale_at(scales, scales_offset + group) * common;
#if IS_AFFINE
    const float bias = scale_at(biases, biases_offset + group);
#else
    const float bias = 0;
#endif
    EACH(part, HALVES)
      CAT(store16_, T)(out + out_offset + i * UNIT + 16 * part,
                       CAT(round16_, SUM)(CAT(round16_, PRODUCT)(values_of(unpack(words, part)) * scale) + bias));
  }
}
#endif
#else

// Work-items share out vectors of 16; what is left goes one by one.
kernel void to_fp8(global const STORED(T)* x, long x_offset, global uchar* y, long y_offset, long size) {
  FOR_EACH(i, (size + 15) / 16) {
    if (16 * i + 16 <= size) {
      vstore16(convert_uchar16(e4m3_codes(CAT(load16_, T)(x + x_offset + 16 * i))), 0, y + y_offset + 16 * i);
    } else {
      for (long j = 16 * i; j < size; ++j) y[y_offset + j] = e4m3_code(LOAD(T, x, x_offset + j));
    }
  }
}

kernel void from_fp8(global const uchar* x, long x_offset, global STORED(T)* y, long y_offset, long size) {
  FOR_EACH(i, (size + 15) / 16) {
    if (16 * i + 16 <= size) {
      CAT(store16_, T)(y + y_offset + 16 * i, e4m3_values(convert_uint16(vload16(0, x + x_offset + 16 * i))));
    } else {
      for (long j = 16 * i; j < size; ++j) STORE(T, y, y_offset + j, e4m3_value(x[x_offset + j]));
    }
  }
}
#endif
