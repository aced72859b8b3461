// Names and arithmetic of types.
#include "metal/type.h"

namespace mlx::metal {
namespace {

std::string with_lanes(const std::string& name, int lanes) {
  return lanes > 1 ? name + std::to_string(lanes) : name;
}

std::string integer_name(const Type& type) {
  const char* const names[] = {"", "char", "short", "", "int", "", "", "", "long"};
  return (type.is_signed ? "" : "u") + std::string(names[type.bytes]);
}

}  // namespace

bool Type::operator==(const Type& other) const {
  if (kind != other.kind || lanes != other.lanes || bytes != other.bytes) return false;
  switch (kind) {
    case integer:
      return is_signed == other.is_signed;
    case pointer:
      return space == other.space && *element == *other.element;
    case array:
      return count == other.count && *element == *other.element;
    case matrix:
      return *element == *other.element;
    case record:
      return of == other.of;
    default:
      return true;
  }
}

Type integer_type(int bytes, bool is_signed) {
  Type type;
  type.kind = Type::integer, type.bytes = bytes, type.is_signed = is_signed;
  return type;
}

Type boolean_type() {
  Type type;
  type.kind = Type::boolean;
  return type;
}

Type real_type() {
  Type type;
  type.kind = Type::real;
  return type;
}

Type pointer_to(const Type& element, Space space) {
  Type type;
  type.kind = Type::pointer, type.space = space;
  type.element = std::make_shared<Type>(element);
  return type;
}

Type array_of(const Type& element, int64_t count) {
  Type type;
  type.kind = Type::array, type.count = count;
  type.element = std::make_shared<Type>(element);
  return type;
}

std::optional<Type> built_in_type(const std::string& name) {
  static const std::map<std::string, Type> scalars = [] {
    std::map<std::string, Type> types;
    const auto integers = [&](int bytes, bool is_signed, std::vector<const char*> names) {
      for (const char* name : names) types[name] = integer_type(bytes, is_signed);
    };
    integers(1, true, {"char", "int8_t"});
    integers(1, false, {"uchar", "uint8_t"});
    integers(2, true, {"short", "int16_t"});
    integers(2, false, {"ushort", "uint16_t"});
    integers(4, true, {"int", "int32_t", "atomic_int"});
    integers(4, false, {"uint", "uint32_t", "atomic_uint", "mem_flags", "memory_order"});
    integers(8, true, {"long", "int64_t", "ptrdiff_t", "intptr_t"});
    integers(8, false, {"ulong", "uint64_t", "size_t", "uintptr_t", "atomic_ulong"});
    types["bool"] = types["atomic_bool"] = boolean_type();
    types["float"] = types["atomic_float"] = real_type();
    types["void"] = Type();
    types["half"].kind = types["float16_t"].kind = Type::half;
    types["bfloat"].kind = types["bfloat16_t"].kind = Type::bfloat;
    return types;
  }();
  if (const auto found = scalars.find(name); found != scalars.end()) return found->second;
  const char last = name.empty() ? 0 : name.back();
  if (last < '2' || last > '4') return {};
  const auto found = scalars.find(name.substr(0, name.size() - 1));
  if (found == scalars.end() || name.find("_t") != name.npos) return {};
  return found->second.with_lanes(last - '0');
}

Type common_type(const Type& a, const Type& b) {
  if (a.is_vector() || b.is_vector()) {
    if (!b.is_vector()) return a;
    if (!a.is_vector()) return b;
    return common_type(a.scalar(), b.scalar()).with_lanes(a.lanes);
  }
  if (a.is_floating() || b.is_floating()) {
    if (!b.is_floating() || a.kind == b.kind) return a;
    return !a.is_floating() ? b : real_type();
  }
  const auto promoted = [](const Type& type) {
    return type.kind == Type::integer && type.bytes >= 4 ? type : integer_type(4, true);
  };
  const Type first = promoted(a), second = promoted(b);
  if (first.bytes != second.bytes) return first.bytes > second.bytes ? first : second;
  return first.is_signed ? second : first;
}

std::string stored_name(const Type& type) {
  switch (type.kind) {
    case Type::nothing:
      return "void";
    case Type::boolean:
      return type.is_vector() ? with_lanes("int", type.lanes) : "uchar";
    case Type::integer:
      return with_lanes(integer_name(type), type.lanes);
    case Type::half:
    case Type::bfloat:
      return with_lanes("ushort", type.lanes);
    case Type::real:
      return with_lanes("float", type.lanes);
    case Type::record:
      return type.of->name;
    case Type::matrix:
      return "float2";
    default:
      return declare(type, "");
  }
}

std::string computed_name(const Type& type) {
  if (type.is_sixteen()) return with_lanes("float", type.lanes);
  if (type.kind == Type::boolean && !type.is_vector()) return "bool";
  return stored_name(type);
}

const char* space_name(Space space) {
  return space == Space::device        ? "global "
         : space == Space::constant    ? "constant "
         : space == Space::threadgroup ? "local "
                                       : "";
}

std::string declare(const Type& type, const std::string& name) {
  if (type.kind == Type::array)
    return declare(*type.element, name + '[' + std::to_string(type.count) + ']');
  if (type.kind != Type::pointer) return stored_name(type) + (name.empty() ? "" : " " + name);
  const Type& element = *type.element;
  if (element.kind == Type::array)
    return space_name(type.space) + declare(element, "(*" + name + ")");
  if (element.kind == Type::pointer) return declare(element, space_name(type.space) + ("*" + name));
  return space_name(type.space) + stored_name(element) + "*" + (name.empty() ? "" : " " + name);
}

std::string declare_defined(const Type& type, const std::string& name) {
  if (type.kind == Type::record) return declare(type, name) + " = {0}";
  const bool wide = type.is_vector() || type.kind == Type::matrix;
  return declare(type, name) + " = " + (wide ? '(' + stored_name(type) + ")(0)" : "0");
}

std::string shown(const Type& type) {
  switch (type.kind) {
    case Type::boolean:
      return with_lanes("bool", type.lanes);
    case Type::half:
      return with_lanes("half", type.lanes);
    case Type::bfloat:
      return with_lanes("bfloat", type.lanes);
    case Type::matrix:
      return "simdgroup_matrix<" + shown(*type.element) + ", 8, 8>";
    case Type::array:
      return shown(*type.element) + '[' + std::to_string(type.count) + ']';
    case Type::pointer:
      return (type.space == Space::device        ? "device "
              : type.space == Space::constant    ? "constant "
              : type.space == Space::threadgroup ? "threadgroup "
                                                 : "thread ") +
             shown(*type.element) + '*';
    default:
      return stored_name(type);
  }
}

}  // namespace mlx::metal
