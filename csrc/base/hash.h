// Hashing: a fast mixer for table keys and a stable 128-bit digest for file names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mlx {

inline uint64_t mix(uint64_t seed, uint64_t value) {
  seed ^= value + 0x9e3779b97f4a7c15ull + (seed << 6) + (seed >> 2);
  seed *= 0xff51afd7ed558ccdull;
  return seed ^ (seed >> 32);
}

/// For tables whose keys are sequences of integers. Tables compare whole keys: hashes of different
/// keys may be equal.
struct HashNumbers {
  template <typename Numbers>
  size_t operator()(const Numbers& numbers) const {
    uint64_t seed = numbers.size();
    for (const auto number : numbers) seed = mix(seed, uint64_t(number));
    return seed;
  }
};

inline uint64_t hash_text(std::string_view text, uint64_t seed = 0xcbf29ce484222325ull) {
  for (const unsigned char c : text) seed = (seed ^ c) * 0x100000001b3ull;
  return mix(seed, text.size());
}

/// 32 hexadecimal digits, the same on every run and machine.
inline std::string digest(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (const uint64_t seed : {0xcbf29ce484222325ull, 0x84222325cbf29ce4ull})
    for (uint64_t word = hash_text(text, seed), i = 0; i < 16; ++i, word >>= 4)
      result += digits[word & 15];
  return result;
}

}  // namespace mlx
