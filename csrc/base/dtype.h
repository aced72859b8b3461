// Element types: their facts, their promotion and their category tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/half.h"

namespace mlx {

enum class Kind : uint8_t { boolean, unsigned_integer, signed_integer, floating, complex };

/// A row of dtype.def.
struct DtypeFacts {
  const char* name;
  int bytes;
  Kind kind;
  const char *format, *stored, *computed;
  int precision, range;
};
inline constexpr DtypeFacts dtype_facts[] = {
#define DTYPE(id, name, bytes, kind, type, ...) {name, bytes, Kind::kind, __VA_ARGS__},
#include "base/dtype.def"
#undef DTYPE
};

class Dtype {
 public:
  enum Id : uint8_t {
#define DTYPE(id, ...) id,
#include "base/dtype.def"
#undef DTYPE
  };
  static constexpr int count = std::size(dtype_facts);

  constexpr Dtype(Id id) : id_(id) {}
  constexpr Id id() const { return id_; }
  constexpr int size() const { return facts().bytes; }  ///< bytes an element
  constexpr Kind kind() const { return facts().kind; }
  constexpr const char* name() const { return facts().name; }      ///< "float32"
  constexpr const char* format() const { return facts().format; }  ///< the buffer protocol's code
  /// The OpenCL type of its memory; for bfloat16 ushort, its bits.
  constexpr const char* stored() const { return facts().stored; }
  /// The OpenCL type that kernels compute it in; for complex values that of their parts.
  constexpr const char* computed() const { return facts().computed; }
  constexpr bool is_integer() const {
    return kind() == Kind::unsigned_integer || kind() == Kind::signed_integer;
  }
  constexpr bool is_inexact() const { return kind() >= Kind::floating; }
  constexpr bool is_floating() const { return kind() == Kind::floating; }
  constexpr bool is_complex() const { return kind() == Kind::complex; }
  /// float16 and bfloat16: stored in 16 bits, computed in float.
  constexpr bool is_half() const { return is_floating() && size() == 2; }
  // Of floating types, and of the parts of complex ones:
  double epsilon() const;          ///< from 1 to the next value
  double largest() const;          ///< the largest finite value
  double smallest_normal() const;  ///< the smallest positive value of full precision
  double below_one() const;        ///< the largest value below 1
  uint64_t infinity_bits() const;  ///< the word that stands for infinity; floating types only
  friend constexpr bool operator==(Dtype a, Dtype b) { return a.id_ == b.id_; }

 private:
  constexpr const DtypeFacts& facts() const { return dtype_facts[id_]; }
  Id id_;
};

#define DTYPE(id, ...) inline constexpr Dtype id{Dtype::id};
#include "base/dtype.def"
#undef DTYPE

/// The dtype two arrays meet in.
Dtype promote(Dtype a, Dtype b);
/// float32 for integers and bool, the dtype itself otherwise.
inline Dtype at_least_float(Dtype dtype) {
  return dtype.is_inexact() ? dtype : float32;
}
/// Finds a dtype by its name; throws std::invalid_argument.
Dtype dtype_named(std::string_view name);
/// The dtype of a public code that comes from outside; throws std::invalid_argument.
Dtype dtype_numbered(int64_t code);

/// The category tree of `issubdtype`.
enum class Category : uint8_t {
  complexfloating,
  floating,
  inexact,
  signedinteger,
  unsignedinteger,
  integer,
  number,
  generic
};
Category category(Dtype dtype);
bool is_subcategory(Category a, Category b);

/// Calls `f` with a value of the C type of `dtype`: `visit(dtype, [&](auto zero) {…})`.
template <typename F>
decltype(auto) visit(Dtype dtype, F&& f) {
  switch (dtype.id()) {
#define DTYPE(identifier, name, bytes, kind, type, ...) \
  case Dtype::identifier:                               \
    return f(type{});
#include "base/dtype.def"
#undef DTYPE
  }
  return f(float{});
}

}  // namespace mlx
