// One Fourier transform along one axis: what mx.fft is built from.
#pragma once

#include "ops/types.h"

namespace mlx::fft {

enum class Ends {
  complex,    ///< complex64 or float32 → complex64
  real,       ///< float32 → elements 0 … n / 2, complex64
  hermitian,  ///< elements 0 … n / 2, complex64 → float32
};

/// scale · sum over j of x[j] · exp(∓2πi j k / n) for every k, where x is cropped or zero-padded to
/// length n.
array transform(const array& x, Ends ends, bool inverse, int axis, int n, double scale,
                const StreamOrDevice& s = {});

/// Radices of the stages for a length, the first stage's in the lowest four bits; 0 when a prime
/// above 13 divides it.
uint64_t radices_of(int64_t n);

}  // namespace mlx::fft
