// Printing, streams from arguments, and small questions about shapes and dtypes.
#pragma once

#include <cstdint>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mlx/array.h"

namespace mlx {

// Shapes and strides belong to this namespace, where argument-dependent lookup finds these.
std::ostream& operator<<(std::ostream& os, const core::Shape& shape);  ///< "(2,3)"
std::ostream& operator<<(std::ostream& os, const core::Strides& strides);

}  // namespace mlx

namespace mlx::core {

Stream to_stream(StreamOrDevice s);
Stream to_stream(StreamOrDevice s, Device default_);

/// While one lives, the default device and stream are those of `s`.
class StreamContext {
 public:
  explicit StreamContext(StreamOrDevice s);
  StreamContext(const StreamContext&) = delete;
  StreamContext& operator=(const StreamContext&) = delete;
  ~StreamContext() noexcept(false);

 private:
  Device device_;
  std::thread::id owner_;
  Stream stream_;  ///< the default of the device that becomes the default
};

struct PrintOptions {
  int precision = -1;  ///< decimals; -1: six significant digits
};
/// How numbers are written.
struct PrintFormatter {
  void print(std::ostream& os, bool val) const;
  void print(std::ostream& os, int64_t val) const;
  void print(std::ostream& os, uint64_t val) const;
  void print(std::ostream& os, double val) const;
  void print(std::ostream& os, complex64_t val) const;
  bool capitalize_bool = false;
  PrintOptions format_options;
};
void set_printoptions(PrintOptions options);
PrintFormatter& get_global_formatter();

std::ostream& operator<<(std::ostream& os, const Device& d);
std::ostream& operator<<(std::ostream& os, const Stream& s);
std::ostream& operator<<(std::ostream& os, const Dtype& d);
std::ostream& operator<<(std::ostream& os, const Dtype::Kind& k);
/// "array([1, 2], dtype=int32)". Evaluates.
std::ostream& operator<<(std::ostream& os, array a);
template <typename T>
  requires(std::is_arithmetic_v<T>)
std::ostream& operator<<(std::ostream& os, const std::vector<T>& values) {
  os << '(';
  for (size_t i = 0; i < values.size(); ++i) os << (i ? "," : "") << values[i];
  return os << ')';
}

/// The dtype in which arrays meet.
inline Dtype result_type(const array& a, const array& b) {
  return promote_types(a.dtype(), b.dtype());
}
inline Dtype result_type(const array& a, const array& b, const array& c) {
  return promote_types(result_type(a, b), c.dtype());
}
Dtype result_type(const std::vector<array>& arrays);
Shape broadcast_shapes(const Shape& s1, const Shape& s2);
/// Counts a negative axis from the end. Throws std::invalid_argument that begins with `msg_prefix`.
int normalize_axis_index(int axis, int ndim, const std::string& msg_prefix = "");
/// A dimension as a shape holds it. Throws std::overflow_error when it does not fit.
template <typename T>
ShapeElem safe_cast(T dim, std::string_view op = "") {
  constexpr int64_t lo = std::numeric_limits<ShapeElem>::min();
  constexpr int64_t hi = std::numeric_limits<ShapeElem>::max();
  if (int64_t(dim) < lo || int64_t(dim) > hi)
    throw std::overflow_error("[" + std::string(op) + "] the dimension " + std::to_string(dim) +
                              " does not fit 32 bits.");
  return ShapeElem(dim);
}
inline bool is_power_of_2(int n) {
  return n > 0 && (n & (n - 1)) == 0;
}
inline int next_power_of_2(int n) {
  int power = 1;
  while (power < n) power *= 2;
  return power;
}

/// Facts of a floating dtype. Throws std::invalid_argument for others.
struct finfo {
  explicit finfo(Dtype dtype);
  Dtype dtype;
  int bits;
  double min, max, eps, smallest_normal;
};
/// Facts of an integer dtype. Throws std::invalid_argument for others.
struct iinfo {
  explicit iinfo(Dtype dtype);
  Dtype dtype;
  int bits;
  int64_t min;
  uint64_t max;
};

}  // namespace mlx::core
