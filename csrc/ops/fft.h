// Discrete Fourier transforms of any length along any axes.
//
// n and s are the lengths that axes are cropped or zero-padded to; norm says where 1/n goes: "backward" (inverse
// transforms), "forward" or "ortho" (1/sqrt(n) both ways). Results are complex64, those of irfft* float32.
#pragma once

#include "ops/types.h"

namespace mlx::fft {

using Sizes = std::optional<std::vector<int>>;

array fft(const array& a, std::optional<int> n = {}, int axis = -1, const std::string& norm = "backward", StreamOrDevice s = {});
array ifft(const array& a, std::optional<int> n = {}, int axis = -1, const std::string& norm = "backward", StreamOrDevice s = {});
/// Of real input: elements 0 … n / 2 of the last axis.
array rfft(const array& a, std::optional<int> n = {}, int axis = -1, const std::string& norm = "backward", StreamOrDevice s = {});
/// The inverse of rfft; n is 2 · (size − 1) unless given.
array irfft(const array& a, std::optional<int> n = {}, int axis = -1, const std::string& norm = "backward", StreamOrDevice s = {});

/// Of half of a Hermitian-symmetric signal, real; and its inverse, half of the spectrum of real input.
array hfft(const array& a, std::optional<int> n = {}, int axis = -1, const std::string& norm = "backward", StreamOrDevice s = {});
array ihfft(const array& a, std::optional<int> n = {}, int axis = -1, const std::string& norm = "backward", StreamOrDevice s = {});

array fftn(const array& a, const Sizes& s = {}, const Sizes& axes = {}, const std::string& norm = "backward", StreamOrDevice stream = {});
array ifftn(const array& a, const Sizes& s = {}, const Sizes& axes = {}, const std::string& norm = "backward", StreamOrDevice stream = {});
array rfftn(const array& a, const Sizes& s = {}, const Sizes& axes = {}, const std::string& norm = "backward", StreamOrDevice stream = {});
array irfftn(const array& a, const Sizes& s = {}, const Sizes& axes = {}, const std::string& norm = "backward", StreamOrDevice stream = {});

/// Sample frequencies for n samples d apart: 0 … (n − 1) / 2, −n / 2 … −1, over n · d.
array fftfreq(int n, double d = 1, StreamOrDevice s = {});
array rfftfreq(int n, double d = 1, StreamOrDevice s = {});
/// Moves frequency 0 to the middle of the axes (all of them unless given), and back.
array fftshift(const array& a, const std::optional<Axes>& axes = {}, StreamOrDevice s = {});
array ifftshift(const array& a, const std::optional<Axes>& axes = {}, StreamOrDevice s = {});

}  // namespace mlx::fft
