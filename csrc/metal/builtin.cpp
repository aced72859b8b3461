// Built-in functions: the table of builtin.def, and what needs more than a row.
#include <cmath>

#include "metal/translator.h"

namespace mlx::metal {
namespace {

enum class Rule { floating, integral, test, fold, count };
struct Row {
  const char* name;
  size_t arguments;
  Rule rule;
  const char* text;
};

#define FLOATING(name, arguments, text) {#name, arguments, Rule::floating, text},
#define INTEGRAL(name, arguments, text) {#name, arguments, Rule::integral, text},
#define TEST(name, arguments, text) {#name, arguments, Rule::test, text},
#define FOLD(name, arguments, text) {#name, arguments, Rule::fold, text},
#define COUNT(name, arguments, text) {#name, arguments, Rule::count, text},
const Row rows[] = {
#include "metal/builtin.def"
};

/// Constants of <metal_math> by name.
const std::map<std::string, double> constants = {{"M_PI_F", 3.14159265358979323846},
                                                 {"M_PI", 3.14159265358979323846},
                                                 {"M_PI_2_F", 1.57079632679489661923},
                                                 {"M_PI_4_F", 0.785398163397448309616},
                                                 {"M_1_PI_F", 0.318309886183790671538},
                                                 {"M_2_PI_F", 0.636619772367581343076},
                                                 {"M_2_SQRTPI_F", 1.12837916709551257390},
                                                 {"M_SQRT2_F", 1.41421356237309504880},
                                                 {"M_SQRT1_2_F", 0.707106781186547524400},
                                                 {"M_E_F", 2.71828182845904523536},
                                                 {"M_LOG2E_F", 1.44269504088896340736},
                                                 {"M_LOG10E_F", 0.434294481903251827651},
                                                 {"M_LN2_F", 0.693147180559945309417},
                                                 {"M_LN10_F", 2.30258509299404568402},
                                                 {"FLT_MAX", 3.40282346638528859812e+38},
                                                 {"FLT_MIN", 1.17549435082228750797e-38},
                                                 {"FLT_EPSILON", 1.1920928955078125e-07},
                                                 {"HALF_MAX", 65504.0},
                                                 {"HALF_MIN", 6.103515625e-05}};
const std::map<std::string, int64_t> integer_constants = {{"INT_MAX", INT32_MAX},
                                                          {"INT_MIN", INT32_MIN},
                                                          {"UINT_MAX", UINT32_MAX},
                                                          {"CHAR_BIT", 8},
                                                          {"mem_none", 0},
                                                          {"mem_device", 1},
                                                          {"mem_threadgroup", 2},
                                                          {"mem_texture", 4},
                                                          {"memory_order_relaxed", 0},
                                                          {"memory_order_acquire", 0},
                                                          {"memory_order_release", 0},
                                                          {"memory_order_acq_rel", 0},
                                                          {"memory_order_seq_cst", 0},
                                                          {"thread_scope_threadgroup", 0},
                                                          {"thread_scope_device", 0},
                                                          {"thread_scope_simdgroup", 0},
                                                          {"SHRT_MAX", INT16_MAX},
                                                          {"USHRT_MAX", UINT16_MAX},
                                                          {"UCHAR_MAX", 255}};

bool all_integral(const std::vector<Value>& arguments) {
  for (const Value& argument : arguments)
    if (!argument.type.is_integral()) return false;
  return true;
}

/// Largest finite value of a floating type.
double largest(const Type& type) {
  return type.kind == Type::half     ? 65504.0
         : type.kind == Type::bfloat ? 3.3895313892515355e38
                                     : 3.40282346638528859812e+38;
}

}  // namespace

std::optional<Value> Translator::constant_name(const std::string& name) {
  if (const auto found = constants.find(name); found != constants.end())
    return real_value(found->second, real_type());
  if (const auto found = integer_constants.find(name); found != integer_constants.end())
    return integer_value(found->second, integer_type(4, name[0] != 'U' || name[1] == 'C'));
  if (name == "INFINITY" || name == "HUGE_VALF") return real_value(HUGE_VAL, real_type());
  if (name == "NAN") return real_value(std::nan(""), real_type());
  return {};
}

Value Translator::fill(const std::string& pattern, const std::vector<Value>& arguments,
                       const Type& operand, const Type& result, Place place) {
  std::string code;
  std::vector<std::string> texts;
  for (const Value& argument : arguments)
    texts.push_back(convert(argument, operand, place).at(prefixes));
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool alone =
        pattern[i] == 'T' &&
        (i == 0 || !std::isalnum(static_cast<unsigned char>(pattern[i - 1]))) &&
        (i + 1 == pattern.size() || !std::isalnum(static_cast<unsigned char>(pattern[i + 1])));
    if (pattern[i] == '$' && pattern[i + 1] == 'I')
      code += stored_name(integer_type(4, true).with_lanes(operand.lanes)), ++i;
    else if (pattern[i] == '$')
      code += texts[size_t(pattern[++i] - '0')];
    else
      code += alone ? computed_name(operand) : std::string(1, pattern[i]);
  }
  return rounded(code, pattern[0] == '$' ? multiplies : primary, result);
}

std::optional<Value> Translator::from_table(const std::string& name,
                                            const std::vector<Value>& arguments, Place place) {
  const Row* chosen = nullptr;
  for (const Row& row : rows) {
    if (name != row.name || row.arguments != arguments.size()) continue;
    const bool integral = row.rule == Rule::integral || row.rule == Rule::count;
    if (!chosen || integral == all_integral(arguments)) chosen = &row;
  }
  if (!chosen) return {};
  Type type = arguments[0].type;
  for (size_t i = 1; i < arguments.size(); ++i) type = common_type(type, arguments[i].type);
  if (!type.is_arithmetic()) return {};
  if (chosen->rule == Rule::count) {
    type = arguments[0].type;
    if (!type.is_integral()) throw Untranslatable(place, name + " of floating values.");
    return fill(chosen->text, arguments, type, type, place);
  }
  if (chosen->rule == Rule::integral) {
    if (type.kind == Type::boolean) type = integer_type(4, true).with_lanes(type.lanes);
    std::vector<int64_t> numbers;
    for (const Value& argument : arguments)
      if (argument.constant) numbers.push_back(*argument.constant);
    if (numbers.size() == 2 && arguments.size() == 2 && (name == "min" || name == "max"))
      return integer_value(
          name == "min" ? std::min(numbers[0], numbers[1]) : std::max(numbers[0], numbers[1]),
          type);
    return fill(chosen->text, arguments, type, type, place);
  }
  if (type.is_integral()) type = real_type().with_lanes(type.lanes);
  const Type result = chosen->rule == Rule::test   ? boolean_type().with_lanes(type.lanes)
                      : chosen->rule == Rule::fold ? type.scalar()
                                                   : type;
  return fill(chosen->text, arguments, type, result, place);
}

/// numeric_limits<T>::max(), is_same<A, B>::value and their kin.
std::optional<Value> Translator::limit(const TypeName& scope, const std::string& name,
                                       Place place) {
  const auto truth = [&](bool value) { return integer_value(value, boolean_type()); };
  if (name == "value" && scope.name == "is_same")
    return truth(argument_type(scope.arguments.at(0)) == argument_type(scope.arguments.at(1)));
  if (name == "value" && scope.name == "is_integral")
    return truth(argument_type(scope.arguments.at(0)).is_integral());
  if (name == "value" && scope.name == "is_floating_point")
    return truth(argument_type(scope.arguments.at(0)).is_floating());
  if (scope.name != "numeric_limits") {
    if (const Symbol* symbol = find(name);
        symbol && !structs_.count(scope.name) && symbol->kind == Symbol::variable)
      if (const Symbol* type = find(scope.name);
          type && type->kind == Symbol::type && type->named.kind == Type::integer)
        return symbol->value;  // a name of an enum
    return {};
  }
  const Type type = argument_type(scope.arguments.at(0));
  if (type.is_floating()) {
    if (name == "max") return real_value(largest(type), type);
    if (name == "lowest") return real_value(-largest(type), type);
    if (name == "infinity") return real_value(HUGE_VAL, type);
    if (name == "quiet_NaN") return real_value(std::nan(""), type);
    if (name == "min")
      return real_value(type.kind == Type::half ? 6.103515625e-05 : 1.17549435082228750797e-38,
                        type);
    if (name == "epsilon")
      return real_value(type.kind == Type::half     ? 0x1p-10
                        : type.kind == Type::bfloat ? 0x1p-7
                                                    : 0x1p-23,
                        type);
  } else if (type.kind == Type::integer || type.kind == Type::boolean) {
    const int bits = type.kind == Type::boolean ? 1 : 8 * type.bytes;
    const bool is_signed = type.kind == Type::integer && type.is_signed;
    if (name == "max") return integer_value(int64_t(~uint64_t(0) >> (64 - bits + is_signed)), type);
    if (name == "min" || name == "lowest")
      return integer_value(is_signed ? int64_t(~uint64_t(0) << (bits - 1)) : 0, type);
  }
  throw Untranslatable(place, "numeric_limits<" + shown(type) + "> has no " + name + ".");
}

std::optional<Value> Translator::builtin(const std::string& name, const Node& call,
                                         const std::vector<Value>& arguments) {
  const Place place = call.place;
  if (const auto value = matrix(name, call, arguments)) return value;
  if (const auto value = simd(name, call, arguments)) return value;
  if (const auto value = memory(name, call, arguments)) return value;
  if (name == "select" && arguments.size() == 3) {
    const Type type = arguments[0].type == arguments[1].type
                          ? arguments[0].type
                          : common_type(arguments[0].type, arguments[1].type);
    const Value a = convert(arguments[0], type, place), b = convert(arguments[1], type, place);
    const Value c = convert(arguments[2], boolean_type().with_lanes(type.lanes), place);
    Value result;
    result.type = type;
    result.code = type.is_vector()
                      ? "select(" + a.code + ", " + b.code + ", " + c.code + ')'
                      : '(' + c.at(either) + " ? " + b.at(either) + " : " + a.at(either) + ')';
    return result;
  }
  if ((name == "any" || name == "all") && arguments.size() == 1) {
    const Value value =
        convert(arguments[0], boolean_type().with_lanes(arguments[0].type.lanes), place);
    if (!value.type.is_vector()) return value;
    Value result;
    result.type = boolean_type(), result.code = name + '(' + value.code + ')';
    return result;
  }
  if (name == "dot" && arguments.size() == 2 && all_integral(arguments)) return {};
  return from_table(name, arguments, place);
}

}  // namespace mlx::metal
