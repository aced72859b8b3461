// Roots of unity in double precision, rounded once to float32.
#include "ops/fourier_tables.h"

#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <tuple>

namespace mlx::fft {
namespace {

using Complex = std::complex<double>;

/// exp(-2πi k / n), from the nearest eighth of the circle so that symmetric roots agree to the last
/// bit.
Complex root(int64_t k, int64_t n) {
  k %= n;
  const double angle = 2 * std::numbers::pi / double(n);
  if (8 * k <= n) return {std::cos(angle * double(k)), -std::sin(angle * double(k))};
  if (4 * k <= n) {  // exp(-i(π/2 - t)) = sin t - i cos t
    const double t = angle * (double(n) / 4 - double(k));
    return {std::sin(t), -std::cos(t)};
  }
  if (2 * k <= n) {
    const Complex r = root(n - 2 * k, 2 * n);  // mirrored at the imaginary axis
    return {-r.real(), r.imag()};
  }
  return std::conj(root(n - k, n));
}

std::vector<complex64_t> rounded(const std::vector<Complex>& values) {
  return std::vector<complex64_t>(values.begin(), values.end());
}

Ref<Buffer> to_device(Device& device, const std::vector<complex64_t>& values) {
  Ref<Buffer> buffer = device.allocator().allocate(values.size() * sizeof(complex64_t));
  std::memcpy(buffer->write(), values.data(), values.size() * sizeof(complex64_t));
  return buffer;
}

/// In place, for powers of two.
void transform_in_double(std::vector<Complex>& x) {
  const size_t n = x.size();
  for (size_t i = 1, j = 0; i < n; ++i) {
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  std::vector<Complex> w(n / 2);
  for (size_t k = 0; k < n / 2; ++k) w[k] = root(int64_t(k), int64_t(n));
  for (size_t half = 1; half < n; half *= 2)
    for (size_t i = 0; i < n; i += 2 * half)
      for (size_t k = 0; k < half; ++k) {
        const Complex a = x[i + k], b = x[i + k + half] * w[k * (n / (2 * half))];
        x[i + k] = a + b;
        x[i + k + half] = a - b;
      }
}

struct ChirpValues {
  std::vector<complex64_t> factors, spectrum;
};

ChirpValues chirp_values(int64_t n, int64_t m, bool inverse) {
  std::vector<Complex> factors, wrapped(m);
  for (int64_t k = 0; k < n; ++k) {
    const Complex factor = root(int64_t(__int128(k) * k % (2 * n)), 2 * n);
    factors.push_back(inverse ? std::conj(factor) : factor);
    wrapped[k] = std::conj(factors[k]);
    if (k > 0) wrapped[m - k] = wrapped[k];
  }
  transform_in_double(wrapped);
  return {rounded(factors), rounded(wrapped)};
}

/// Keeps what was made for a key; forgets everything when there is too much.
template <typename Key, typename Value>
class Kept {
 public:
  template <typename Make>
  Value find(const Key& key, size_t weight, Make&& make) {
    const std::lock_guard lock(mutex_);
    if (const auto found = values_.find(key); found != values_.end()) return found->second;
    if ((weight_ += weight) > size_t(1) << 23) values_.clear(), weight_ = weight;
    return values_.emplace(key, make()).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<Key, Value> values_;
  size_t weight_ = 0;
};

// Never destroyed: buffers must not outlive OpenCL's drivers into static destruction.
template <typename Key, typename Value>
Kept<Key, Value>& kept() {
  static auto* const tables = new Kept<Key, Value>;
  return *tables;
}

}  // namespace

Ref<Buffer> roots(Device& device, int64_t n) {
  return kept<std::tuple<Device*, int64_t>, Ref<Buffer>>().find({&device, n}, size_t(n), [&] {
    std::vector<complex64_t> values;
    for (int64_t k = 0; k < n; ++k) values.push_back(complex64_t(root(k, n)));
    return to_device(device, values);
  });
}

Factors twiddles(Device& device, int64_t n1, int64_t n2, int64_t width) {
  const int64_t tiles = (n2 + width - 1) / width, n = n1 * n2;
  const std::tuple<Device*, int64_t, int64_t, int64_t> key{&device, n1, n2, width};
  return kept<decltype(key), Factors>().find(key, size_t(n1 * (width + tiles)), [&] {
    std::vector<complex64_t> across, along;
    for (int64_t k = 0; k < n1; ++k) {
      for (int64_t lane = 0; lane < width; ++lane) across.push_back(complex64_t(root(k * lane, n)));
      for (int64_t tile = 0; tile < tiles; ++tile)
        along.push_back(complex64_t(root(k * tile * width, n)));
    }
    return Factors{to_device(device, across), to_device(device, along)};
  });
}

Factors long_roots(Device& device, int64_t n, int64_t near) {
  const std::tuple<Device*, int64_t, int64_t, bool> key{&device, n, near, true};
  return kept<decltype(key), Factors>().find(key, size_t(near + n / near), [&] {
    std::vector<complex64_t> along, across;
    for (int64_t k = 0; k < near; ++k) along.push_back(complex64_t(root(k, n)));
    for (int64_t k = 0; k <= n / 2; k += near) across.push_back(complex64_t(root(k, n)));
    return Factors{to_device(device, across), to_device(device, along)};
  });
}

Chirp chirp(int64_t n, int64_t m, bool inverse) {
  return kept<std::tuple<int64_t, bool>, Chirp>().find({n, inverse}, size_t(n + m), [&] {
    const ChirpValues values = chirp_values(n, m, inverse);
    return Chirp{array::from_host(values.factors.data(), {int32_t(n)}, complex64),
                 array::from_host(values.spectrum.data(), {int32_t(m)}, complex64)};
  });
}

Factors chirp_factors(Device& device, int64_t n, int64_t m) {
  const std::tuple<Device*, int64_t, int64_t> key{&device, n, m};
  return kept<decltype(key), Factors>().find(key, size_t(n + m), [&] {
    const ChirpValues values = chirp_values(n, m, false);
    return Factors{to_device(device, values.spectrum), to_device(device, values.factors)};
  });
}

}  // namespace mlx::fft
