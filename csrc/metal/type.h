// Resolved types, and how OpenCL C spells them: in memory, where 16-bit floats are bits and bools
// bytes, and in computation, where they are float and bool.
#pragma once

#include <memory>
#include <optional>

#include "metal/tree.h"

namespace mlx::metal {

struct Record;

struct Type {
  enum Kind : uint8_t {
    nothing,
    boolean,
    integer,
    half,
    bfloat,
    real,
    pointer,
    array,
    record,
    matrix
  };
  Kind kind = nothing;
  int bytes = 0;  ///< of an integer
  bool is_signed = true;
  int lanes = 1;                        ///< 2, 3 or 4 for vectors
  Space space = Space::thread;          ///< where a pointer points
  int64_t count = 0;                    ///< elements of an array
  std::shared_ptr<const Type> element;  ///< of pointers, arrays and matrices
  const Record* of = nullptr;

  bool is_vector() const { return lanes > 1; }
  bool is_sixteen() const { return kind == half || kind == bfloat; }
  bool is_floating() const { return is_sixteen() || kind == real; }
  bool is_integral() const { return kind == integer || kind == boolean; }
  bool is_arithmetic() const { return is_floating() || is_integral(); }
  /// The memory's form is that of computation.
  bool is_direct() const { return !is_sixteen() && kind != boolean; }
  Type scalar() const { return with_lanes(1); }
  Type with_lanes(int n) const {
    Type type = *this;
    type.lanes = n;
    return type;
  }
  bool operator==(const Type& other) const;
};

struct Field {
  std::string name;
  Type type;
  NodePtr initial;
};

/// A struct with its template arguments filled in, or the captures of a lambda.
struct Record {
  std::string name;  ///< in OpenCL C
  StructPtr structure;
  FunctionPtr lambda;
  std::vector<Field> fields;
  std::string key;
};

Type integer_type(int bytes, bool is_signed);
Type boolean_type();
Type real_type();
Type pointer_to(const Type& element, Space space);
Type array_of(const Type& element, int64_t count);
/// A type of Metal's own by name: float, uint3, int64_t, bfloat16_t, packed vectors apart.
std::optional<Type> built_in_type(const std::string& name);

/// The type of a + b: integers are promoted as in C, 16-bit floats stay what they are beside
/// integers, a scalar takes the type of the vector beside it.
Type common_type(const Type& a, const Type& b);

std::string stored_name(const Type& type);
std::string computed_name(const Type& type);
/// `type name` as a C declaration.
std::string declare(const Type& type, const std::string& name);
/// A declaration with a value that means nothing: undefined ones may not be passed on.
std::string declare_defined(const Type& type, const std::string& name);
/// What a message calls it, and part of the keys of instances.
std::string shown(const Type& type);
const char* space_name(Space space);

}  // namespace mlx::metal
