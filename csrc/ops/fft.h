// Discrete Fourier transforms of any length along any axes.
//
// n and s are the lengths that axes are cropped or zero-padded to; norm says where 1/n goes:
// "backward" (inverse transforms), "forward" or "ortho" (1/sqrt(n) both ways). Results are
// complex64, those of irfft* float32.
#pragma once

#include "ops/types.h"

namespace mlx::fft {

using Sizes = std::optional<IntSequence>;

array fft(const array& a, std::optional<int> n = {}, int axis = -1,
          const std::string& norm = "backward", StreamOrDevice s = {});
array ifft(const array& a, std::optional<int> n = {}, int axis = -1,
           const std::string& norm = "backward", StreamOrDevice s = {});
/// Of real input: elements 0 … n / 2 of the last axis.
array rfft(const array& a, std::optional<int> n = {}, int axis = -1,
           const std::string& norm = "backward", StreamOrDevice s = {});
/// The inverse of rfft; n is 2 · (size − 1) unless given.
array irfft(const array& a, std::optional<int> n = {}, int axis = -1,
            const std::string& norm = "backward", StreamOrDevice s = {});

/// Of half of a Hermitian-symmetric signal, real; and its inverse, half of the spectrum of real
/// input.
array hfft(const array& a, std::optional<int> n = {}, int axis = -1,
           const std::string& norm = "backward", StreamOrDevice s = {});
array ihfft(const array& a, std::optional<int> n = {}, int axis = -1,
            const std::string& norm = "backward", StreamOrDevice s = {});

array fftn(const array& a, const Sizes& s = {}, const Sizes& axes = {},
           const std::string& norm = "backward", StreamOrDevice stream = {});
array ifftn(const array& a, const Sizes& s = {}, const Sizes& axes = {},
            const std::string& norm = "backward", StreamOrDevice stream = {});
array rfftn(const array& a, const Sizes& s = {}, const Sizes& axes = {},
            const std::string& norm = "backward", StreamOrDevice stream = {});
array irfftn(const array& a, const Sizes& s = {}, const Sizes& axes = {},
             const std::string& norm = "backward", StreamOrDevice stream = {});

/// Sample frequencies for n samples d apart: 0 … (n − 1) / 2, −n / 2 … −1, over n · d.
array fftfreq(int n, double d = 1, StreamOrDevice s = {}, std::optional<Dtype> dtype = {},
              std::optional<DeviceType> device = {});
array rfftfreq(int n, double d = 1, StreamOrDevice s = {}, std::optional<Dtype> dtype = {},
               std::optional<DeviceType> device = {});
/// Moves frequency 0 to the middle of the axes (all of them unless given), and back.
array fftshift(const array& a, const std::optional<Axes>& axes = {}, StreamOrDevice s = {});
array ifftshift(const array& a, const std::optional<Axes>& axes = {}, StreamOrDevice s = {});

/// Spectra (..., frequencies, frames) of frames of n_fft samples of the last axis, every hop_length
/// (n_fft / 4) samples, times a window that is centred in the frame; `center` pads the signal by
/// n_fft / 2 at both ends.
array stft(const array& x, int n_fft = 2048, std::optional<int> hop_length = {},
           std::optional<int> win_length = {}, const std::optional<array>& window = {},
           bool center = true, const std::string& pad_mode = "reflect",
           const std::string& norm = "backward", std::optional<bool> onesided = {},
           StreamOrDevice s = {});
/// The signal behind such spectra, by overlap-add of the windowed frames over the sum of the
/// squared windows.
array istft(const array& stft_matrix, std::optional<int> n_fft = {},
            std::optional<int> hop_length = {}, std::optional<int> win_length = {},
            const std::optional<array>& window = {}, bool center = true,
            const std::string& norm = "backward", std::optional<bool> onesided = {},
            std::optional<int> length = {}, StreamOrDevice s = {});

}  // namespace mlx::fft
