// Tables of roots of unity, computed in double precision once and kept.
#pragma once

#include "cl/buffer.h"
#include "graph/array.h"

namespace mlx::fft {

/// exp(-2πi k / n) for k < n on that device.
Ref<Buffer> roots(Device& device, int64_t n);

/// What the elements of a launch are turned by.
struct Factors {
  Ref<Buffer> across, along;
};

/// exp(-2πi j k / n) for n = n1 · n2, k < n1, j < n2, as products of across[k][lane] and
/// along[k][tile], where j = width · tile + lane.
Factors twiddles(Device& device, int64_t n1, int64_t n2, int64_t width);

/// exp(-2πi k / n) for k ≤ n / 2 as products of along[k % near] and across[k / near].
Factors long_roots(Device& device, int64_t n, int64_t near);

/// Of Bluestein's algorithm for length n by transforms of length m: exp(∓πi k² / n) for k < n, and
/// the transform of its conjugate wrapped around m.
struct Chirp {
  array factors, spectrum;
};
Chirp chirp(int64_t n, int64_t m, bool inverse);
/// The same of a transform that is not inverse: the factors along, the spectrum across.
Factors chirp_factors(Device& device, int64_t n, int64_t m);

}  // namespace mlx::fft
