// Linear algebra and Fourier transforms of the public interface.
#include "mlx/linalg.h"

#include "api/convert.h"
#include "base/error.h"
#include "mlx/fft.h"
#include "ops/fft.h"
#include "ops/linalg.h"

namespace mlx::core::linalg {

using OptionalAxes = std::optional<std::vector<int>>;

array norm(const array& a, double ord, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) {
  return out(mlx::linalg::norm(in(a), ord, axis, keepdims, in(s)));
}
array norm(const array& a, double ord, int axis, bool keepdims, StreamOrDevice s) {
  return norm(a, ord, std::vector<int>{axis}, keepdims, s);
}
array norm(const array& a, const std::string& ord, const OptionalAxes& axis, bool keepdims,
           StreamOrDevice s) {
  return out(mlx::linalg::norm(in(a), ord, axis, keepdims, in(s)));
}
array norm(const array& a, const std::string& ord, int axis, bool keepdims, StreamOrDevice s) {
  return norm(a, ord, std::vector<int>{axis}, keepdims, s);
}
array norm(const array& a, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) {
  return out(mlx::linalg::norm(in(a), {}, axis, keepdims, in(s)));
}
array norm(const array& a, int axis, bool keepdims, StreamOrDevice s) {
  return norm(a, std::vector<int>{axis}, keepdims, s);
}

std::pair<array, array> qr(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::qr(in(a), in(s)));
}
std::vector<array> svd(const array& a, bool compute_uv, StreamOrDevice s) {
  return out(mlx::linalg::svd(in(a), compute_uv, in(s)));
}
std::vector<array> svd(const array& a, StreamOrDevice s) {
  return svd(a, true, s);
}
array inv(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::inv(in(a), in(s)));
}
array tri_inv(const array& a, bool upper, StreamOrDevice s) {
  return out(mlx::linalg::tri_inv(in(a), upper, in(s)));
}
array cholesky(const array& a, bool upper, StreamOrDevice s) {
  return out(mlx::linalg::cholesky(in(a), upper, in(s)));
}
array pinv(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::pinv(in(a), in(s)));
}
array cholesky_inv(const array& a, bool upper, StreamOrDevice s) {
  return out(mlx::linalg::cholesky_inv(in(a), upper, in(s)));
}
std::vector<array> lu(const array& a, StreamOrDevice s) {
  const auto [p, l, u] = mlx::linalg::lu(in(a), in(s));
  return {out(p), out(l), out(u)};
}
std::pair<array, array> lu_factor(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::lu_factor(in(a), in(s)));
}
array solve(const array& a, const array& b, StreamOrDevice s) {
  return out(mlx::linalg::solve(in(a), in(b), in(s)));
}
array solve_triangular(const array& a, const array& b, bool upper, StreamOrDevice s) {
  return out(mlx::linalg::solve_triangular(in(a), in(b), upper, in(s)));
}
array cross(const array& a, const array& b, int axis, StreamOrDevice s) {
  return out(mlx::linalg::cross(in(a), in(b), axis, in(s)));
}
std::pair<array, array> eig(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::eig(in(a), in(s)));
}
array eigvals(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::eigvals(in(a), in(s)));
}
array eigvalsh(const array& a, std::string UPLO, StreamOrDevice s) {
  return out(mlx::linalg::eigvalsh(in(a), UPLO, in(s)));
}
std::pair<array, array> eigh(const array& a, std::string UPLO, StreamOrDevice s) {
  return out(mlx::linalg::eigh(in(a), UPLO, in(s)));
}
array det(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::det(in(a), in(s)));
}
std::pair<array, array> slogdet(const array& a, StreamOrDevice s) {
  return out(mlx::linalg::slogdet(in(a), in(s)));
}

}  // namespace mlx::core::linalg

namespace mlx::core::fft {

namespace {

std::string name_of(FFTNorm norm) {
  return norm == FFTNorm::Backward ? "backward" : norm == FFTNorm::Ortho ? "ortho" : "forward";
}

mlx::fft::Sizes sizes(const Shape& n) {
  return mlx::IntSequence(std::vector<int>(n.begin(), n.end()));
}

}  // namespace

// Over several axes with sizes, with axes only, or over all; over two; over one.
#define TRANSFORM(one, two, several)                                                              \
  array several(const array& a, const Shape& n, const std::vector<int>& axes, FFTNorm norm,       \
                StreamOrDevice s) {                                                               \
    return out(mlx::fft::several(in(a), sizes(n), mlx::IntSequence(axes), name_of(norm), in(s))); \
  }                                                                                               \
  array several(const array& a, const std::vector<int>& axes, FFTNorm norm, StreamOrDevice s) {   \
    return out(mlx::fft::several(in(a), {}, mlx::IntSequence(axes), name_of(norm), in(s)));       \
  }                                                                                               \
  array several(const array& a, FFTNorm norm, StreamOrDevice s) {                                 \
    return out(mlx::fft::several(in(a), {}, {}, name_of(norm), in(s)));                           \
  }                                                                                               \
  array two(const array& a, const Shape& n, const std::vector<int>& axes, FFTNorm norm,           \
            StreamOrDevice s) {                                                                   \
    return several(a, n, axes, norm, s);                                                          \
  }                                                                                               \
  array two(const array& a, const std::vector<int>& axes, FFTNorm norm, StreamOrDevice s) {       \
    return several(a, axes, norm, s);                                                             \
  }                                                                                               \
  array one(const array& a, int n, int axis, FFTNorm norm, StreamOrDevice s) {                    \
    return out(mlx::fft::one(in(a), n, axis, name_of(norm), in(s)));                              \
  }                                                                                               \
  array one(const array& a, int axis, FFTNorm norm, StreamOrDevice s) {                           \
    return out(mlx::fft::one(in(a), {}, axis, name_of(norm), in(s)));                             \
  }
TRANSFORM(fft, fft2, fftn)
TRANSFORM(ifft, ifft2, ifftn)
TRANSFORM(rfft, rfft2, rfftn)
TRANSFORM(irfft, irfft2, irfftn)
#undef TRANSFORM

array fftfreq(int n, double d, StreamOrDevice s) {
  return out(mlx::fft::fftfreq(n, d, in(s)));
}
array rfftfreq(int n, double d, StreamOrDevice s) {
  return out(mlx::fft::rfftfreq(n, d, in(s)));
}
array fftshift(const array& a, StreamOrDevice s) {
  return out(mlx::fft::fftshift(in(a), {}, in(s)));
}
array fftshift(const array& a, const std::vector<int>& axes, StreamOrDevice s) {
  return out(mlx::fft::fftshift(in(a), axes, in(s)));
}
array ifftshift(const array& a, StreamOrDevice s) {
  return out(mlx::fft::ifftshift(in(a), {}, in(s)));
}
array ifftshift(const array& a, const std::vector<int>& axes, StreamOrDevice s) {
  return out(mlx::fft::ifftshift(in(a), axes, in(s)));
}
array stft(const array& x, int n_fft, const std::optional<int>& hop_length,
           const std::optional<int>& win_length, const std::optional<array>& window, bool center,
           const std::string& pad_mode, FFTNorm norm, const std::optional<bool>& onesided,
           StreamOrDevice s) {
  return out(mlx::fft::stft(in(x), n_fft, hop_length, win_length, in(window), center, pad_mode,
                            name_of(norm), onesided, in(s)));
}
array istft(const array& stft_matrix, const std::optional<int>& n_fft,
            const std::optional<int>& hop_length, const std::optional<int>& win_length,
            const std::optional<array>& window, bool center, FFTNorm norm,
            const std::optional<bool>& onesided, const std::optional<int>& length,
            StreamOrDevice s) {
  return out(mlx::fft::istft(in(stft_matrix), n_fft, hop_length, win_length, in(window), center,
                             name_of(norm), onesided, length, in(s)));
}

}  // namespace mlx::core::fft
