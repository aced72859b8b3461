// Operators: arithmetic with C's and Metal's conversions, assignment, pointers.
#include "metal/translator.h"

namespace mlx::metal {
namespace {

const std::map<std::string, Level> levels = {
    {"||", either},    {"&&", both},      {"|", bit_or},    {"^", bit_xor},  {"&", bit_and},
    {"==", equals},    {"!=", equals},    {"<", compares},  {">", compares}, {"<=", compares},
    {">=", compares},  {"<<", shifts},    {">>", shifts},   {"+", adds},     {"-", adds},
    {"*", multiplies}, {"/", multiplies}, {"%", multiplies}};

bool compares_values(const std::string& sign) {
  return levels.at(sign) == equals || levels.at(sign) == compares;
}

std::optional<int64_t> folded(const std::string& sign, int64_t a, int64_t b, const Type& type) {
  const bool u = !type.is_signed;
  const uint64_t x = uint64_t(a), y = uint64_t(b);
  if (sign == "+") return int64_t(x + y);
  if (sign == "-") return int64_t(x - y);
  if (sign == "*") return int64_t(x * y);
  if (sign == "/" && b != 0) return u ? int64_t(x / y) : a / b;
  if (sign == "%" && b != 0) return u ? int64_t(x % y) : a % b;
  if (sign == "<<" && y < 64) return int64_t(x << y);
  if (sign == ">>" && y < 64) return u ? int64_t(x >> y) : a >> b;
  if (sign == "&") return a & b;
  if (sign == "|") return a | b;
  if (sign == "^") return a ^ b;
  if (sign == "==") return a == b;
  if (sign == "!=") return a != b;
  if (sign == "<") return u ? x < y : a < b;
  if (sign == ">") return u ? x > y : a > b;
  if (sign == "<=") return u ? x <= y : a <= b;
  if (sign == ">=") return u ? x >= y : a >= b;
  return {};
}

Value decayed(const Value& value) {
  if (value.type.kind != Type::array) return value;
  Value pointer = value;
  pointer.type = pointer_to(*value.type.element, value.space), pointer.place = false;
  return pointer;
}

}  // namespace

Value Translator::unary(const Node& node) {
  if (node.text == "&") return address_of(lower(*node.children[0]), node.place);
  const Value value = lower_computed(*node.children[0]);
  if (node.text == "*") return dereferenced(value, node.place);
  if (value.type.kind == Type::record) {
    if (const auto result = overloaded(node.text, {value}, node.place)) return *result;
  }
  Value result;
  result.level = prefixes;
  if (node.text == "!") {
    const Value truth = convert(value, boolean_type().with_lanes(value.type.lanes), node.place);
    if (truth.constant) return integer_value(!*truth.constant, boolean_type());
    result.type = truth.type, result.code = "!" + truth.at(prefixes);
    return result;
  }
  if (!value.type.is_arithmetic())
    throw Untranslatable(node.place, node.text + " of a " + shown(value.type) + ".");
  result.type = value.type.is_integral() && !value.type.is_vector()
                    ? common_type(value.type, value.type)
                    : value.type;
  if (value.constant && node.text != "+") {
    const int64_t number = node.text == "-" ? -*value.constant : ~*value.constant;
    return integer_value(number, result.type);
  }
  if (value.literal && node.text == "-") return real_value(-*value.literal, result.type);
  if (node.text == "+") return value;
  result.code = node.text + (value.code[0] == '-' ? "(" + value.code + ")" : value.at(primary));
  return result;
}

Value Translator::binary(const Node& node) {
  const Node &first = *node.children[0], &second = *node.children[1];
  if (node.text == ",") {
    const Value left = lower(first), right = lower(second);
    Value result = right;
    result.code = left.code + ", " + right.code, result.level = comma, result.place = false;
    result.reference.clear();
    return result;
  }
  const Value left = lower(first);
  if (node.text != "&&" && node.text != "||")
    return arithmetic(node.text, left, lower(second), node.place);
  const bool decides = node.text == "||";
  const Type truth = boolean_type().with_lanes(left.type.lanes);
  const Value a = convert(left, truth, node.place);
  if (a.constant) {
    if ((*a.constant != 0) == decides) return integer_value(decides, boolean_type());
    return convert(lower(second), boolean_type(), node.place);
  }
  if (meets(second))
    throw Untranslatable(node.place, "a simd_ function or barrier after " + node.text +
                                         ", which some work-items may not reach; call it before.");
  const Value b = convert(lower(second), truth, node.place);
  if (b.constant && (*b.constant != 0) != decides) return a;
  Value result;
  result.type = truth, result.level = levels.at(node.text);
  result.code = a.at(equals) + ' ' + node.text + ' ' + b.at(equals);
  return result;
}

Value Translator::arithmetic(const std::string& sign, const Value& first, const Value& second,
                             Place place) {
  const Value left = load(decayed(first)), right = load(decayed(second));
  if (left.type.kind == Type::record || right.type.kind == Type::record) {
    if (const auto value = overloaded(sign, {first, second}, place)) return *value;
    throw Untranslatable(place, "there is no operator " + sign + " for " + shown(left.type) +
                                    " and " + shown(right.type) + ".");
  }
  const Level level = levels.at(sign);
  Value result;
  result.level = level;
  const auto text = [&](const Value& a, const Value& b) {
    // Brackets where C compilers warn, too.
    const Level least = level == multiplies || level == adds ? level : level < shifts ? adds : adds;
    return a.at(least) + ' ' + sign + ' ' + b.at(Level(std::max(int(least), int(level) + 1)));
  };
  if (left.type.kind == Type::pointer || right.type.kind == Type::pointer) {
    result.code = text(left, right);
    if (compares_values(sign))
      result.type = boolean_type();
    else if (left.type.kind == Type::pointer && right.type.kind == Type::pointer)
      result.type = integer_type(8, true);
    else
      result.type = left.type.kind == Type::pointer ? left.type : right.type;
    return result;
  }
  if (!left.type.is_arithmetic() || !right.type.is_arithmetic())
    throw Untranslatable(
        place, shown(left.type) + ' ' + sign + ' ' + shown(right.type) + " has no meaning.");
  if ((sign == "%" || level == shifts || (level >= bit_or && level <= bit_and)) &&
      (left.type.is_floating() || right.type.is_floating()))
    throw Untranslatable(place, sign + " of floating values" + (sign == "%" ? "; use fmod." : "."));
  const Type common = level == shifts && !right.type.is_vector()
                          ? common_type(left.type, left.type)
                          : common_type(left.type, right.type);
  if (left.constant && right.constant && !common.is_vector()) {
    const Value a = integer_value(*left.constant, common),
                b = integer_value(*right.constant, level == shifts ? right.type : common);
    if (const auto number = folded(sign, *a.constant, *b.constant, common))
      return integer_value(*number, compares_values(sign) ? boolean_type() : common);
  }
  Value a = left, b = right;
  if (common.is_vector()) {
    a = convert(left, common, place), b = convert(right, common, place);
  } else if (common.is_floating()) {
    if (left.constant || left.literal) a = convert(left, common, place);
    if (right.constant || right.literal) b = convert(right, common, place);
  }
  if (compares_values(sign)) {
    result.code = text(a, b), result.type = boolean_type().with_lanes(common.lanes);
    if (common.is_vector() && (common.bytes == 8 || common.bytes == 1 || common.bytes == 2))
      result.code = "convert_int" + std::to_string(common.lanes) + '(' + result.code + ')',
      result.level = primary;
    return result;
  }
  return rounded(text(a, b), level, common);
}

std::optional<Value> Translator::overloaded(const std::string& sign,
                                            const std::vector<Value>& operands, Place place) {
  const std::string name = "operator" + sign;
  const Value& first = operands[0];
  if (first.type.kind == Type::record)
    if (const auto methods = methods_of(*first.type.of, name);
        !methods.empty() && methods[0]->arguments.size() + 1 == operands.size())
      return call_method(first, name, nullptr, {operands.begin() + 1, operands.end()}, place);
  const auto found = functions_.find(name);
  if (found == functions_.end()) return {};
  return call_function(found->second, nullptr, operands, nullptr, name, place);
}

Value Translator::assign(const Node& node) {
  const Value left = lower(*node.children[0]);
  const std::string sign = node.text.substr(0, node.text.size() - 1);
  Value result = left;
  result.level = assigns, result.place = false, result.reference.clear(), result.constant.reset();
  const Node& source = *node.children[1];
  if (!left.place) throw Untranslatable(node.place, left.code + " cannot be assigned to.");
  if (source.kind == Node::initial_list) {
    const bool whole = left.type.kind == Type::record || left.type.kind == Type::array;
    result.code = left.code + " = " + (whole ? '(' + stored_name(left.type) + ')' : "") +
                  initial_text(source, left.type);
    return result;
  }
  const Value right = lower(source);
  if (left.type.kind == Type::record && !sign.empty()) {
    if (const auto value = overloaded(node.text, {left, right}, node.place)) return *value;
  }
  if (sign.empty()) {
    result.code = left.at(prefixes) + " = " + store(right, left.type, node.place);
  } else if (left.type.is_direct() && right.type.kind != Type::record) {
    const Value operand =
        left.type.is_vector() ? convert(right, left.type, node.place) : load(right);
    result.code = left.at(prefixes) + ' ' + node.text + ' ' + operand.at(assigns);
  } else {
    const Value value = arithmetic(sign, left, right, node.place);
    result.code = left.at(prefixes) + " = " + store(value, left.type, node.place);
  }
  return result;
}

Value Translator::step(const Node& node, bool after) {
  const Value value = lower(*node.children[0]);
  if (!value.place) throw Untranslatable(node.place, value.code + " cannot be counted up or down.");
  Value result = value;
  result.place = false, result.reference.clear(), result.constant.reset();
  if (value.type.is_sixteen()) {
    const Value next =
        arithmetic(node.text.substr(1), value, integer_value(1, integer_type(4, true)), node.place);
    result.code = value.code + " = " + store(next, value.type, node.place), result.level = assigns;
    return result;
  }
  result.code = after ? value.at(primary) + node.text : node.text + value.at(primary);
  result.level = after ? primary : prefixes;
  return result;
}

}  // namespace mlx::metal
