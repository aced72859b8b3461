// Element types: their facts, their promotion and their category tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/half.h"

namespace mlx {

enum class Kind : uint8_t { boolean, unsigned_integer, signed_integer, floating, complex };

class Dtype {
 public:
  enum Id : uint8_t {
#define DTYPE(id, ...) id,
#include "base/dtype.def"
#undef DTYPE
  };
  static constexpr int count = 14;

  constexpr Dtype(Id id) : id_(id) {}
  constexpr Id id() const { return id_; }
  int size() const;  ///< bytes an element
  Kind kind() const;
  const char* name() const;    ///< "float32"
  const char* format() const;  ///< the buffer protocol's code
  bool is_integer() const {
    return kind() == Kind::unsigned_integer || kind() == Kind::signed_integer;
  }
  bool is_inexact() const { return kind() >= Kind::floating; }
  bool is_floating() const { return kind() == Kind::floating; }
  bool is_complex() const { return kind() == Kind::complex; }
  /// float16 and bfloat16: stored in 16 bits, computed in float.
  bool is_half() const { return id_ == float16 || id_ == bfloat16; }
  friend constexpr bool operator==(Dtype a, Dtype b) { return a.id_ == b.id_; }

 private:
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
#define DTYPE(identifier, name, bytes, kind, type, format) \
  case Dtype::identifier:                                  \
    return f(type{});
#include "base/dtype.def"
#undef DTYPE
  }
  return f(float{});
}

}  // namespace mlx
