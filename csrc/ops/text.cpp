// Arrays as text.
#include "ops/text.h"

#include <concepts>
#include <cstdio>

#include "graph/evaluate.h"

namespace mlx {

PrintOptions print_options;

namespace {

constexpr int shown_at_each_end = 3;

std::string text_of(bool value, Bools bools) {
  if (bools == Bools::python) return value ? "True" : "False";
  return value ? "true" : "false";
}
template <std::integral T>
std::string text_of(T value) {
  return std::to_string(value);
}
std::string text_of(float value) {
  return format_number(value);
}
std::string text_of(double value) {
  return format_number(value);
}
std::string text_of(Half auto value) {
  return format_number(float(value));
}
std::string text_of(complex64_t value) {
  return format_number(value.real()) + (value.imag() < 0 ? "" : "+") + format_number(value.imag()) +
         "j";
}

template <typename T>
class Printer {
 public:
  Printer(const T* data, const array& value, const Strides& strides, Bools bools)
      : data_(data), value_(value), strides_(strides), bools_(bools) {}

  void print(std::string& out, int axis, int64_t offset) const {
    if (axis == value_.ndim()) {
      if constexpr (std::is_same_v<T, bool>)
        out += text_of(data_[offset], bools_);
      else
        out += text_of(data_[offset]);
      return;
    }
    const int length = value_.shape(axis);
    const std::string separator =
        axis + 1 == value_.ndim() ? ", " : ",\n" + std::string(7 + axis, ' ');
    out += '[';
    for (int i = 0; i < length; ++i) {
      if (i) out += separator;
      if (length > 2 * shown_at_each_end && i == shown_at_each_end) {
        out += "...";
        i = length - shown_at_each_end - 1;
        continue;
      }
      print(out, axis + 1, offset + i * strides_[axis]);
    }
    out += ']';
  }

 private:
  const T* data_;
  const array& value_;
  const Strides& strides_;
  Bools bools_;
};

}  // namespace

std::string six_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

std::string format_number(double value) {
  if (print_options.precision == -1) return six_digits(value);
  char text[400];
  std::snprintf(text, sizeof text, "%.*f",
                print_options.precision < 0 ? 6 : print_options.precision, value);
  return text;
}

std::string format_array(array value, Bools bools) {
  eval({value});
  const void* const data = value.host();
  const Strides strides = value.size() && value.ndim() ? value.strides() : row_major(value.shape());
  std::string out = "array(";
  if (value.size() == 0 && value.ndim() == 1)
    out += "[]";
  else
    visit(value.dtype(), [&](auto zero) {
      Printer(static_cast<const decltype(zero)*>(data), value, strides, bools).print(out, 0, 0);
    });
  return out + ", dtype=" + value.dtype().name() + ")";
}

}  // namespace mlx
