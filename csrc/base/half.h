// The 16-bit floating types as the host sees them: storage plus conversion to and from float.
#pragma once

#include <bit>
#include <complex>
#include <concepts>
#include <cstdint>

namespace mlx {

/// IEEE 754 binary16; converts with round-to-nearest-even.
struct float16_t {
  uint16_t bits = 0;
  float16_t() = default;
  explicit float16_t(float value) : bits(round_from(value)) {}
  explicit operator float() const {
    const uint32_t sign = uint32_t(bits & 0x8000) << 16;
    const uint32_t exponent = (bits >> 10) & 31, mantissa = bits & 0x3ff;
    if (exponent == 0) {
      const float magnitude = float(mantissa) * 0x1p-24f;
      return sign ? -magnitude : magnitude;
    }
    const uint32_t wide = exponent == 31 ? 255 : exponent + 112;
    return std::bit_cast<float>(sign | (wide << 23) | (mantissa << 13));
  }

 private:
  static uint16_t round_from(float value) {
    const uint32_t word = std::bit_cast<uint32_t>(value);
    const uint16_t sign = uint16_t((word >> 16) & 0x8000);
    const uint32_t magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x477ff000) return sign | 0x7c00;
    if (magnitude < 0x38800000) {  // subnormal: adding 0.5 aligns the mantissa and rounds it
      const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
      return uint16_t(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000));
    }
    const uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return uint16_t(sign | ((rounded - 0x38000000) >> 13));
  }
};

/// The upper half of a binary32; converts with round-to-nearest-even.
struct bfloat16_t {
  uint16_t bits = 0;
  bfloat16_t() = default;
  explicit bfloat16_t(float value) {
    const uint32_t word = std::bit_cast<uint32_t>(value);
    const bool nan = (word & 0x7fffffff) > 0x7f800000;
    bits =
        nan ? uint16_t((word >> 16) | 0x40) : uint16_t((word + 0x7fff + ((word >> 16) & 1)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }
};

/// What the host stores in 16 bits and computes in float.
template <typename T>
concept Half = std::same_as<T, float16_t> || std::same_as<T, bfloat16_t>;

using complex64_t = std::complex<float>;

}  // namespace mlx
