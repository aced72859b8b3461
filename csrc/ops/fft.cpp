// mx.fft: axes, sizes and norms, as transforms along one axis each.
#include "ops/fft.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "ops/elementwise.h"
#include "ops/fourier.h"
#include "ops/rearrange.h"
#include "ops/shape.h"

namespace mlx::fft {
namespace {

/// What is to be done along each axis, in the caller's order.
struct Plan {
  Axes axes;
  std::vector<int> sizes;
};

Plan make_plan(const array& a, const Sizes& s, const Sizes& axes, bool inverse_of_real) {
  if (s && !axes) fail("fftn", "`axes` should not be `None` if `s` is not `None`.");
  if (a.ndim() == 0 && (s || !axes || axes->empty()))
    fail("fftn", "Requires array with at least one dimension.");
  Plan plan{axes ? Axes(*axes) : all_axes(a.ndim()), {}};
  if (s && s->size() != plan.axes.size()) fail("fftn", "Shape and axes have different sizes.");
  for (int& axis : plan.axes) axis = normalize_axis(axis, a.ndim(), "fftn");
  Axes sorted = plan.axes;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    fail("fftn", "Duplicated axis received.");
  if (s)
    plan.sizes = *s;
  else
    for (const int axis : plan.axes) plan.sizes.push_back(a.shape(axis));
  if (!s && inverse_of_real && !plan.sizes.empty()) plan.sizes.back() = 2 * (plan.sizes.back() - 1);
  for (const int size : plan.sizes)
    if (size <= 0) fail("fftn", "Invalid FFT output size requested (", size, ").");
  return plan;
}

/// The factor of one axis.
double scale_of(const std::string& norm, bool inverse, int n) {
  if (norm == "ortho") return 1 / std::sqrt(double(n));
  if (norm != "backward" && norm != "forward")
    fail("fft", "Invalid norm. Expected one of {'backward', 'ortho', 'forward'}.");
  return (norm == "backward") == inverse ? 1.0 / n : 1.0;
}

/// The norm under which a forward transform scales as an inverse one does under `norm`.
std::string opposite(const std::string& norm) {
  return norm == "backward" ? "forward" : norm == "forward" ? "backward" : norm;
}

array transform_axes(const array& a, Ends ends, bool inverse, const Sizes& sizes, const Sizes& axes,
                     const std::string& norm, const StreamOrDevice& s) {
  const Plan plan = make_plan(a, sizes, axes, ends == Ends::hermitian);
  if (plan.axes.empty()) return a;
  const bool real_input = ends == Ends::real || (ends == Ends::complex && !a.dtype().is_complex());
  array x = astype(ends == Ends::real && a.dtype().is_complex() ? real(a, s) : a,
                   real_input ? float32 : complex64, s);
  // The real end belongs to the last axis: first in a forward transform, last in an inverse one.
  const int last = int(plan.axes.size()) - 1;
  const auto along = [&](int i, Ends kind) {
    x = transform(x, kind, inverse, plan.axes[i], plan.sizes[i],
                  scale_of(norm, inverse, plan.sizes[i]), s);
  };
  if (ends != Ends::hermitian) along(last, ends);
  for (int i = last - 1; i >= 0; --i) along(i, Ends::complex);
  if (ends == Ends::hermitian) along(last, ends);
  return x;
}

array transform_axis(const array& a, Ends ends, bool inverse, const std::optional<int>& n, int axis,
                     const std::string& norm, const StreamOrDevice& s) {
  return transform_axes(a, ends, inverse, n ? Sizes(IntSequence{*n}) : Sizes(), IntSequence{axis},
                        norm, s);
}

/// The counts over n * d. They are made on the host: only a cast or another device's memory needs a
/// stream.
array frequencies(std::vector<double> counts, int n, double d, std::optional<Dtype> dtype,
                  std::optional<DeviceType> device, const StreamOrDevice& s, const char* op) {
  if (d == 0) fail(op, "`d` must be non-zero.");
  const Dtype to = dtype.value_or(float32);
  if (!to.is_inexact())
    fail(op, "frequencies are not integers: the dtype must be floating, not ", to.name(), ".");
  for (double& count : counts) count /= double(n) * d;
  const Shape shape{int32_t(counts.size())};
  const StreamOrDevice where = device ? StreamOrDevice(*device) : s;
  if (to == float64) return copy(array::from_host(counts.data(), shape, float64), where);
  const std::vector<float> rounded(counts.begin(), counts.end());
  const array result = astype(array::from_host(rounded.data(), shape, float32), to, where);
  return device && result.device() != *device ? copy(result, *device) : result;
}

array shifted(const array& a, const std::optional<Axes>& axes, bool forward,
              const StreamOrDevice& s) {
  const char* op = forward ? "fftshift" : "ifftshift";
  Axes moved = axes ? *axes : all_axes(a.ndim());
  std::vector<int> shifts;
  for (int& axis : moved) {
    axis = normalize_axis(axis, a.ndim(), op);
    shifts.push_back(forward ? a.shape(axis) / 2 : -(a.shape(axis) / 2));
  }
  return moved.empty() ? a : roll(a, shifts, moved, s);
}

}  // namespace

#define ALONG_AXIS(name, ends, inverse)                                                     \
  array name(const array& a, std::optional<int> n, int axis, const std::string& norm,       \
             StreamOrDevice s) {                                                            \
    return transform_axis(a, ends, inverse, n, axis, norm, s);                              \
  }                                                                                         \
  array name##n(const array& a, const Sizes& s, const Sizes& axes, const std::string& norm, \
                StreamOrDevice stream) {                                                    \
    return transform_axes(a, ends, inverse, s, axes, norm, stream);                         \
  }
ALONG_AXIS(fft, Ends::complex, false)
ALONG_AXIS(ifft, Ends::complex, true)
ALONG_AXIS(rfft, Ends::real, false)
ALONG_AXIS(irfft, Ends::hermitian, true)
#undef ALONG_AXIS

array hfft(const array& a, std::optional<int> n, int axis, const std::string& norm,
           StreamOrDevice s) {
  return irfft(conjugate(a, s), n, axis, opposite(norm), s);
}

array ihfft(const array& a, std::optional<int> n, int axis, const std::string& norm,
            StreamOrDevice s) {
  return conjugate(rfft(a, n, axis, opposite(norm), s), s);
}

array fftfreq(int n, double d, StreamOrDevice s, std::optional<Dtype> dtype,
              std::optional<DeviceType> device) {
  if (n <= 0) fail("fftfreq", "`n` must be greater than 0.");
  std::vector<double> counts;
  for (int i = 0; i < n; ++i) counts.push_back(double(i < (n + 1) / 2 ? i : i - n));
  return frequencies(std::move(counts), n, d, dtype, device, s, "fftfreq");
}

array rfftfreq(int n, double d, StreamOrDevice s, std::optional<Dtype> dtype,
               std::optional<DeviceType> device) {
  if (n <= 0) fail("rfftfreq", "`n` must be greater than 0.");
  std::vector<double> counts;
  for (int i = 0; i <= n / 2; ++i) counts.push_back(double(i));
  return frequencies(std::move(counts), n, d, dtype, device, s, "rfftfreq");
}

array fftshift(const array& a, const std::optional<Axes>& axes, StreamOrDevice s) {
  return shifted(a, axes, true, s);
}
array ifftshift(const array& a, const std::optional<Axes>& axes, StreamOrDevice s) {
  return shifted(a, axes, false, s);
}

}  // namespace mlx::fft
