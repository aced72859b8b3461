// The facts of each dtype and the lattice of their promotion.
#include "base/dtype.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace mlx {
namespace {

Dtype integer_of(int bytes, bool is_signed) {
  if (is_signed) return bytes == 1 ? int8 : bytes == 2 ? int16 : bytes == 4 ? int32 : int64;
  return bytes == 1 ? uint8 : bytes == 2 ? uint16 : bytes == 4 ? uint32 : uint64;
}

}  // namespace

double Dtype::epsilon() const {
  return std::ldexp(1.0, 1 - facts().precision);
}
double Dtype::largest() const {
  return std::ldexp(2 - epsilon(), facts().range - 1);
}
double Dtype::smallest_normal() const {
  return std::ldexp(1.0, 2 - facts().range);
}
double Dtype::below_one() const {
  return 1 - epsilon() / 2;
}
uint64_t Dtype::infinity_bits() const {
  const int fraction = facts().precision - 1, exponent = 8 * size() - 1 - fraction;
  return ((uint64_t{1} << exponent) - 1) << fraction;
}

Dtype promote(Dtype a, Dtype b) {
  if (a == b) return a;
  if (a.kind() > b.kind()) return promote(b, a);
  // From here on, b's kind is the same or higher.
  if (b.is_complex() || a.kind() == Kind::boolean) return b;
  if (b.is_floating()) {
    if (!a.is_floating()) return b;
    if (a == float64 || b == float64) return float64;
    return float32;  // two different ones of float16, bfloat16 and float32
  }
  if (a.kind() == b.kind()) return a.size() > b.size() ? a : b;
  // Unsigned a with signed b: the narrowest signed type that holds both.
  if (b.size() > a.size()) return b;
  return a.size() == 8 ? float32 : integer_of(2 * a.size(), true);
}

Dtype dtype_named(std::string_view name) {
  for (int i = 0; i < Dtype::count; ++i)
    if (name == dtype_facts[i].name) return Dtype::Id(i);
  throw std::invalid_argument("There is no dtype named '" + std::string(name) + "'.");
}

Dtype dtype_numbered(int64_t code) {
  if (code < 0 || code >= Dtype::count)
    throw std::invalid_argument("There is no dtype with the code " + std::to_string(code) + ".");
  return Dtype::Id(code);
}

Category category(Dtype dtype) {
  switch (dtype.kind()) {
    case Kind::boolean:
      return Category::generic;
    case Kind::unsigned_integer:
      return Category::unsignedinteger;
    case Kind::signed_integer:
      return Category::signedinteger;
    case Kind::floating:
      return Category::floating;
    case Kind::complex:
      return Category::complexfloating;
  }
  return Category::generic;
}

bool is_subcategory(Category a, Category b) {
  const auto parent = [](Category c) {
    switch (c) {
      case Category::complexfloating:
      case Category::floating:
        return Category::inexact;
      case Category::signedinteger:
      case Category::unsignedinteger:
        return Category::integer;
      case Category::inexact:
      case Category::integer:
        return Category::number;
      default:
        return Category::generic;
    }
  };
  for (Category c = a;; c = parent(c)) {
    if (c == b) return true;
    if (c == Category::generic) return false;
  }
}

}  // namespace mlx
