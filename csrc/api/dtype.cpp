// Dtypes, printing, result types and the other small questions of the public interface.
#include <algorithm>
#include <limits>

#include "api/convert.h"
#include "base/error.h"
#include "mlx/utils.h"
#include "mlx/version.h"
#include "ops/text.h"

namespace mlx::core {

const char* version() {
  static_assert(MLX_VERSION_NUMERIC == 32004);
  return "0.32.4";
}

bool issubdtype(const Dtype::Category& a, const Dtype::Category& b) {
  return mlx::is_subcategory(mlx::Category(int(a)), mlx::Category(int(b)));
}
bool issubdtype(const Dtype& a, const Dtype& b) {
  return a.val() == b.val();
}
bool issubdtype(const Dtype::Category&, const Dtype&) {
  return false;
}
bool issubdtype(const Dtype& a, const Dtype::Category& b) {
  return mlx::is_subcategory(mlx::category(in(a)), mlx::Category(int(b)));
}
Dtype promote_types(const Dtype& t1, const Dtype& t2) {
  return out(mlx::promote(in(t1), in(t2)));
}
Dtype::Kind kindof(const Dtype& t) {
  if (t.val() == Dtype::Val::bfloat16) return Dtype::Kind::V;
  switch (in(t).kind()) {
    case mlx::Kind::boolean:
      return Dtype::Kind::b;
    case mlx::Kind::unsigned_integer:
      return Dtype::Kind::u;
    case mlx::Kind::signed_integer:
      return Dtype::Kind::i;
    case mlx::Kind::floating:
      return Dtype::Kind::f;
    case mlx::Kind::complex:
      break;
  }
  return Dtype::Kind::c;
}

Dtype result_type(const std::vector<array>& arrays) {
  Dtype result = bool_;
  for (const array& a : arrays) result = promote_types(result, a.dtype());
  return result;
}
Shape broadcast_shapes(const Shape& s1, const Shape& s2) {
  return mlx::broadcast(s1, s2);
}
int normalize_axis_index(int axis, int ndim, const std::string& msg_prefix) {
  if (axis < -ndim || axis >= ndim)
    throw std::invalid_argument(msg_prefix + "Axis " + std::to_string(axis) +
                                " is out of bounds for array with " + std::to_string(ndim) +
                                " dimensions.");
  return axis < 0 ? axis + ndim : axis;
}

void set_printoptions(PrintOptions options) {
  mlx::print_options.precision = options.precision;
}
PrintFormatter& get_global_formatter() {
  static PrintFormatter formatter;
  return formatter;
}
void PrintFormatter::print(std::ostream& os, bool val) const {
  os << (val ? (capitalize_bool ? "True" : "true") : (capitalize_bool ? "False" : "false"));
}
void PrintFormatter::print(std::ostream& os, int64_t val) const {
  os << val;
}
void PrintFormatter::print(std::ostream& os, uint64_t val) const {
  os << val;
}
void PrintFormatter::print(std::ostream& os, double val) const {
  os << mlx::format_number(val);
}
void PrintFormatter::print(std::ostream& os, complex64_t val) const {
  os << mlx::format_number(val.real()) << (val.imag() < 0 ? "" : "+")
     << mlx::format_number(val.imag()) << 'j';
}

std::ostream& operator<<(std::ostream& os, const Device& d) {
  return os << "Device(" << mlx::to_string(mlx::DeviceType(int(d.type))) << ", " << d.index << ')';
}
std::ostream& operator<<(std::ostream& os, const Stream& s) {
  return os << "Stream(" << s.device << ", " << s.index << ')';
}
std::ostream& operator<<(std::ostream& os, const Dtype& d) {
  return os << in(d).name();
}
std::ostream& operator<<(std::ostream& os, const Dtype::Kind& k) {
  return os << "buifcV"[int(k)];
}
std::ostream& operator<<(std::ostream& os, array a) {
  const bool python = get_global_formatter().capitalize_bool;
  return os << mlx::format_array(in(a), python ? Bools::python : Bools::cpp);
}
namespace {

template <typename T>
void set_limits(iinfo& info) {
  info.bits = int(8 * sizeof(T));
  info.min = int64_t(std::numeric_limits<T>::min());
  info.max = uint64_t(std::numeric_limits<T>::max());
}

}  // namespace

iinfo::iinfo(Dtype dtype) : dtype(dtype), bits(0), min(0), max(0) {
  if (!in(dtype).is_integer()) fail("iinfo", in(dtype).name(), " is no integer dtype.");
  visit(in(dtype), [this](auto zero) {
    if constexpr (std::is_integral_v<decltype(zero)>) set_limits<decltype(zero)>(*this);
  });
}

finfo::finfo(Dtype dtype)
    : dtype(dtype == Dtype::Val::complex64 ? float32 : dtype), bits(8 * this->dtype.size()) {
  switch (this->dtype.val()) {
    case Dtype::Val::float32:
      max = std::numeric_limits<float>::max(), eps = 0x1p-23, smallest_normal = 0x1p-126;
      break;
    case Dtype::Val::float64:
      max = std::numeric_limits<double>::max(), eps = 0x1p-52, smallest_normal = 0x1p-1022;
      break;
    case Dtype::Val::float16:
      max = 65504, eps = 0x1p-10, smallest_normal = 0x1p-14;
      break;
    case Dtype::Val::bfloat16:
      max = 0x1.fep127, eps = 0x1p-7, smallest_normal = 0x1p-126;
      break;
    default:
      fail("finfo", in(dtype).name(), " is no floating dtype.");
  }
  min = -max;
}

}  // namespace mlx::core

namespace mlx {

std::ostream& operator<<(std::ostream& os, const core::Shape& shape) {
  return os << to_string(shape);
}
std::ostream& operator<<(std::ostream& os, const core::Strides& strides) {
  os << '(';
  for (size_t i = 0; i < strides.size(); ++i) os << (i ? "," : "") << strides[i];
  return os << ')';
}

}  // namespace mlx
