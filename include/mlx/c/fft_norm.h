// How Fourier transforms are scaled.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/** Which direction divides by the number of points, or by its root. */
typedef enum mlx_fft_norm_ {
  MLX_FFT_NORM_BACKWARD,
  MLX_FFT_NORM_ORTHO,
  MLX_FFT_NORM_FORWARD
} mlx_fft_norm;

#ifdef __cplusplus
}
#endif
