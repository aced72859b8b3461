// Values between their forms: in memory and computed, of one type and of another.
#include <cmath>

#include "base/half.h"
#include "metal/translator.h"

namespace mlx::metal {
namespace {

std::string lanes_of(const Type& type) {
  return type.is_vector() ? std::to_string(type.lanes) : "";
}

std::string float_text(double value) {
  if (std::isinf(value)) return value < 0 ? "-INFINITY" : "INFINITY";
  if (std::isnan(value)) return "NAN";
  char text[40];
  snprintf(text, sizeof text, "%.9g", value);
  std::string result = text;
  if (result.find_first_of(".e") == result.npos) result += ".0";
  return result + 'f';
}

}  // namespace

Value real_value(double value, const Type& type) {
  if (type.kind == Type::half) value = float(float16_t(float(value)));
  if (type.kind == Type::bfloat) value = float(bfloat16_t(float(value)));
  Value result;
  result.code = float_text(value), result.type = type;
  result.level = value < 0 ? prefixes : primary;
  result.literal = value;
  return result;
}

Value integer_value(int64_t value, const Type& type) {
  Value result;
  result.type = type, result.constant = value;
  if (type.kind == Type::boolean) {
    result.constant = value != 0;
    result.code = value ? "true" : "false";
    return result;
  }
  const char* suffix = type.bytes == 8 ? (type.is_signed ? "L" : "UL") : type.is_signed ? "" : "u";
  if (type.bytes == 4) value = type.is_signed ? int32_t(value) : int64_t(uint32_t(value));
  if (type.bytes == 2) value = type.is_signed ? int16_t(value) : int64_t(uint16_t(value));
  if (type.bytes == 1) value = type.is_signed ? int8_t(value) : int64_t(uint8_t(value));
  result.constant = value;
  if (value == INT64_MIN || (type.bytes == 4 && value == INT32_MIN)) {
    result.code = "(" + std::to_string(value + 1) + suffix + " - 1)";
  } else {
    result.code =
        (type.is_signed ? std::to_string(value) : std::to_string(uint64_t(value))) + suffix;
    result.level = type.is_signed && value < 0 ? prefixes : primary;
  }
  return result;
}

/// f16_value, bf16_bits4, …: the functions of kernels/metal.clh.
std::string Translator::rounded_call(const Type& type, const char* form) const {
  return (type.kind == Type::half ? "f16_" : "bf16_") + std::string(form) + lanes_of(type);
}

Value Translator::rounded(std::string code, Level level, const Type& type) {
  Value result;
  result.type = type;
  if (!type.is_sixteen()) {
    result.code = std::move(code), result.level = level;
    return result;
  }
  result.code = rounded_call(type, "round") + '(' + code + ')';
  result.unrounded = std::move(code);
  return result;
}

Value Translator::load(const Value& value) {
  if (!value.stored || !value.type.is_sixteen()) return value;
  Value result = value;
  result.code = rounded_call(value.type, "value") + '(' + value.code + ')';
  result.level = primary, result.stored = false, result.place = false;
  return result;
}

Value Translator::convert(const Value& given, const Type& type, Place place) {
  const auto impossible = [&]() -> Untranslatable {
    return Untranslatable(place,
                          "a " + shown(given.type) + " cannot become a " + shown(type) + ".");
  };
  if (type.kind == Type::pointer) {
    if (given.constant && *given.constant == 0) {
      Value null = given;
      null.type = type, null.code = '(' + declare(type, "") + ")0", null.level = prefixes;
      return null;
    }
    Value pointer = given;
    if (given.type.kind == Type::array) {
      pointer.type = pointer_to(*given.type.element, given.space);
      pointer.place = false;
    } else if (given.type.kind == Type::integer) {
      pointer.code = '(' + declare(type, "") + ')' + given.at(prefixes), pointer.level = prefixes;
      pointer.type = type;
      return pointer;
    }
    if (pointer.type.kind != Type::pointer) throw impossible();
    if (pointer.type == type) return pointer;
    Type target = type;
    if (pointer.type.space != type.space) target.space = pointer.type.space;
    pointer.code = '(' + declare(target, "") + ')' + pointer.at(prefixes), pointer.level = prefixes;
    pointer.type = target;
    return pointer;
  }
  const Value value = load(given);
  const Type& from = value.type;
  if (from == type) return value;
  if (type.kind == Type::integer && from.kind == Type::pointer && !type.is_vector()) {
    Value result = value;
    result.code = '(' + computed_name(type) + ')' + value.at(prefixes), result.level = prefixes;
    result.type = type;
    return result;
  }
  if (type.kind == Type::boolean && from.kind == Type::pointer)
    return {value.at(equals) + " != 0", type, equals, false, false, {}, {}, {}, {}, {}};
  if (!from.is_arithmetic() || !type.is_arithmetic()) throw impossible();
  if (from.is_vector() != type.is_vector()) {
    if (from.is_vector()) throw impossible();
    Value wide = convert(value, type.scalar(), place);
    wide.code = type.kind == Type::boolean
                    ? "(" + computed_name(type) + ")(-(int)" + wide.at(prefixes) + ")"
                    : "(" + computed_name(type) + ")(" + wide.code + ')';
    wide.type = type, wide.level = prefixes;
    wide.constant.reset(), wide.literal.reset(), wide.unrounded.clear();
    return wide;
  }
  if (from.lanes != type.lanes) throw impossible();
  if (value.constant && !type.is_vector()) {
    if (type.is_integral()) return integer_value(*value.constant, type);
    return real_value(double(*value.constant), type);
  }
  if (value.literal && !type.is_vector() && type.is_floating())
    return real_value(*value.literal, type);
  Value result;
  result.type = type;
  if (type.kind == Type::boolean) {
    result.code = value.at(equals) + " != 0", result.level = equals;
    return result;
  }
  if (type.is_vector()) {
    const bool same_form = from.is_floating() && type.is_floating();
    const std::string operand = from.kind == Type::boolean ? "-" + value.at(prefixes) : value.code;
    const std::string code =
        same_form ? value.code : "convert_" + computed_name(type) + '(' + operand + ')';
    return rounded(code, same_form ? value.level : primary, type);
  }
  if (from.is_floating() && type.is_floating()) {
    if (type.kind == Type::real) {  // computed in float already
      result.code = value.code, result.level = value.level;
      return result;
    }
    return rounded(value.unrounded.empty() || from.is_sixteen() ? value.code : value.unrounded,
                   value.level, type);
  }
  const std::string code = '(' + computed_name(type) + ')' + value.at(prefixes);
  return rounded(code, prefixes, type);
}

std::string Translator::store(const Value& given, const Type& type, Place place) {
  if (given.stored && given.type == type) return given.code;
  const Value value = convert(given, type, place);
  if (!type.is_sixteen()) return value.code;
  if (value.stored) return value.code;
  if (value.literal) {
    const float number = float(*value.literal);
    return std::to_string(type.kind == Type::half ? float16_t(number).bits
                                                  : bfloat16_t(number).bits);
  }
  return rounded_call(type, "bits") + '(' +
         (value.unrounded.empty() ? value.code : value.unrounded) + ')';
}

Value Translator::address_of(const Value& value, Place place) {
  if (!value.place)
    throw Untranslatable(place, "the address of a value that has none: " + value.code);
  Value pointer;
  pointer.type = pointer_to(value.type, value.space);
  if (!value.reference.empty())
    pointer.code = value.reference;
  else
    pointer.code = '&' + value.at(primary), pointer.level = prefixes;
  return pointer;
}

Value Translator::dereferenced(const Value& pointer, Place place) {
  if (pointer.type.kind == Type::array) {
    Value first = pointer;
    first.code = pointer.at(primary) + "[0]", first.type = *pointer.type.element;
    return first.stored = first.place = true, first.reference.clear(), first;
  }
  if (pointer.type.kind != Type::pointer)
    throw Untranslatable(place, "* of " + pointer.code + ", which is no pointer.");
  Value value;
  value.code = "*" + pointer.at(prefixes), value.level = prefixes;
  value.type = *pointer.type.element, value.space = pointer.type.space;
  value.stored = value.place = true;
  if (pointer.level == primary) value.reference = pointer.code;
  return value;
}

/// How far a value is from a parameter of this type: 0 is the same, -1 cannot be.
int Translator::rank(const Value& value, const Type& type) const {
  const Type& from = value.type;
  if (from == type) return 0;
  if (type.kind == Type::pointer) {
    if (from.kind == Type::array)
      return *from.element == *type.element && value.space == type.space ? 1 : -1;
    if (value.constant && *value.constant == 0) return 2;
    return from.kind == Type::pointer && *from.element == *type.element && from.space == type.space
               ? 0
               : -1;
  }
  if (!from.is_arithmetic() || !type.is_arithmetic()) return -1;
  if (from.is_vector()) return -1;
  if (type.is_vector()) return 4;
  if (from.is_floating() && type.kind == Type::real) return 1;
  if (from.is_integral() && type == integer_type(4, true) && from.bytes < 4) return 1;
  return from.is_floating() == type.is_floating() ? 2 : 3;
}

}  // namespace mlx::metal
