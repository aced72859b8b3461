// A lowered expression: OpenCL C text with its type.
#pragma once

#include "metal/type.h"

namespace mlx::metal {

/// How tightly a text binds, for brackets.
enum Level {
  comma,
  assigns,
  chooses,
  either,
  both,
  bit_or,
  bit_xor,
  bit_and,
  equals,
  compares,
  shifts,
  adds,
  multiplies,
  prefixes,
  primary
};

struct Value {
  std::string code;
  Type type;
  Level level = primary;
  bool stored = false;          ///< `code` has the type's form in memory
  bool place = false;           ///< can be assigned to, and has an address
  Space space = Space::thread;  ///< of the place
  std::optional<int64_t> constant;
  std::optional<double> literal;  ///< a floating literal
  std::string unrounded;          ///< of a 16-bit float: the float before it is rounded
  std::string reference;          ///< of a place reached through a pointer: the pointer

  std::string at(Level least) const { return level >= least ? code : '(' + code + ')'; }
};

/// Literals of integers and of floats; 16-bit ones are rounded.
Value integer_value(int64_t value, const Type& type);
Value real_value(double value, const Type& type);

}  // namespace mlx::metal
