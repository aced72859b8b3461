// Element by element reductions on the host.
#include "comm/combine.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace mlx::comm {
namespace {

constexpr size_t at_once = 256;  ///< elements: the accumulators stay in the first-level cache

/// In what a dtype is combined.
template <typename T>
using Accumulator = std::conditional_t<Half<T>, float, T>;

template <typename T>
bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>)
    return std::isnan(value);
  else if constexpr (std::is_same_v<T, complex64_t>)
    return std::isnan(value.real()) || std::isnan(value.imag());
  else
    return false;
}

template <typename T>
bool is_less(T a, T b) {
  if constexpr (std::is_same_v<T, complex64_t>)
    return a.real() != b.real() ? a.real() < b.real() : a.imag() < b.imag();
  else
    return a < b;
}

template <Reduction reduction, typename A>
A combined(A a, A b) {
  if constexpr (reduction == Reduction::sum) {
    if constexpr (std::is_same_v<A, bool>)
      return a || b;
    else
      return A(a + b);
  } else {
    if (is_nan(a)) return a;
    const bool second = is_nan(b) || (reduction == Reduction::max ? is_less(a, b) : is_less(b, a));
    return second ? b : a;
  }
}

template <Reduction reduction, typename T>
void combine_all(const char* blocks, size_t step, int many, T* out, size_t count) {
  using A = Accumulator<T>;
  A sums[at_once];
  for (size_t start = 0; start < count; start += at_once) {
    const size_t n = std::min(at_once, count - start);
    for (int block = 0; block < many; ++block) {
      const T* const from = reinterpret_cast<const T*>(blocks + block * step) + start;
      if (block == 0)
        for (size_t i = 0; i < n; ++i) sums[i] = A(from[i]);
      else if (n == at_once)  // a constant count vectorises
        for (size_t i = 0; i < at_once; ++i) sums[i] = combined<reduction, A>(sums[i], A(from[i]));
      else
        for (size_t i = 0; i < n; ++i) sums[i] = combined<reduction, A>(sums[i], A(from[i]));
    }
    for (size_t i = 0; i < n; ++i) out[start + i] = T(sums[i]);
  }
}

}  // namespace

void combine(Reduction reduction, Dtype dtype, const char* blocks, size_t step, int many, void* out,
             size_t count) {
  visit(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* const to = static_cast<T*>(out);
    switch (reduction) {
      case Reduction::sum:
        return combine_all<Reduction::sum>(blocks, step, many, to, count);
      case Reduction::max:
        return combine_all<Reduction::max>(blocks, step, many, to, count);
      case Reduction::min:
        return combine_all<Reduction::min>(blocks, step, many, to, count);
    }
  });
}

}  // namespace mlx::comm
