// The tree that the parser makes of a Metal text: types as written, expressions, statements,
// functions and structs. Nothing in it is resolved.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "metal/token.h"

namespace mlx::metal {

enum class Space : uint8_t { any, thread, threadgroup, device, constant };

struct Node;
using NodePtr = std::shared_ptr<const Node>;
struct TypeName;
using TypePtr = std::shared_ptr<const TypeName>;

/// An argument in angle brackets: a type or an expression. `N` alone is parsed as an expression
/// that names it, and may turn out to be a type.
struct TemplateArgument {
  TypePtr type;
  NodePtr value;
};

/// A type as written: `const device T* p[4]` is name T, space device, one pointer, one extent.
struct TypeName {
  Place place;
  std::string name;  ///< without namespaces; "auto", "decltype"
  TypePtr scope;     ///< S in S::type
  std::vector<TemplateArgument> arguments;
  NodePtr measured;  ///< the operand of decltype
  Space space = Space::any;
  bool is_const = false, is_constexpr = false, reference = false;
  int pointers = 0;
  std::vector<NodePtr> extents;  ///< a null one is []
};

/// One declared name of a declaration, a parameter or a field.
struct Declared {
  Place place;
  std::string name;
  TypePtr type;
  NodePtr initial;             ///< = expression, or an `initial_list`
  std::vector<NodePtr> built;  ///< T name(a, b)
};

struct Function;
using FunctionPtr = std::shared_ptr<const Function>;
struct Struct;
using StructPtr = std::shared_ptr<const Struct>;

struct Node {
  enum Kind {
    // expressions
    number,
    name,
    unary,
    postfix,
    binary,
    assign,
    ternary,
    call,
    index,
    member,
    cast,
    construct,
    initial_list,
    lambda,
    size_of,
    // statements
    block,
    declare,
    expression,
    choose,
    loop_for,
    loop_while,
    loop_do,
    give_back,
    leave,
    proceed,
    select,
    label,
    alias,
    record,
    nothing
  };
  Kind kind = nothing;
  Place place;
  std::string text;  ///< of a name, number, operator or member; "->" members are `*a` members
  std::vector<NodePtr> children;
  TypePtr type;  ///< of casts, constructions, sizeof; the scope of a name S::n
  std::vector<TemplateArgument> arguments;  ///< of a name f<…>
  bool has_arguments = false;
  std::vector<Declared> declared;
  FunctionPtr function;  ///< of a lambda
  StructPtr structure;
  bool by_value = false;                        ///< a lambda that captures copies
  std::vector<std::string> copies, references;  ///< named captures of a lambda
  std::string unroll;                           ///< the pragma before a loop
};

/// typename T, int N, bool B = false
struct TemplateParameter {
  std::string name;
  bool is_type = true;
  TypePtr type;  ///< of a value
  TemplateArgument initial;
};

struct Function {
  Place place;
  std::string name;
  std::vector<TemplateParameter> parameters;  ///< of the template; empty for a plain function
  std::vector<Declared> arguments;
  TypePtr result;  ///< null for a lambda without ->, which returns what it returns
  NodePtr body;    ///< null for a declaration
  Space self = Space::any;
  bool is_constructor = false, is_static = false;
  std::vector<std::pair<std::string, std::vector<NodePtr>>> members;  ///< a constructor's : x(a)
};

struct Struct {
  Place place;
  std::string name;
  std::vector<TemplateParameter> parameters;
  std::vector<Declared> fields, constants;
  std::vector<NodePtr> aliases;
  std::vector<FunctionPtr> methods;
  bool is_enum = false;
  std::vector<TemplateArgument> specialised;  ///< struct S<float>
};

/// A whole text: what stands outside functions, in order.
struct Unit {
  std::vector<FunctionPtr> functions;
  std::vector<StructPtr> structs;
  std::vector<NodePtr> globals;  ///< aliases and constants, in order
};

}  // namespace mlx::metal
