// Expressions that name, take apart and make values.
#include <cstdlib>

#include "metal/translator.h"

namespace mlx::metal {
namespace {

std::string component(char letter) {
  static const std::string names[] = {"xyzw", "rgba"};
  for (const std::string& each : names)
    if (const size_t at = each.find(letter); at != each.npos) return std::string(1, "xyzw"[at]);
  return "";
}

}  // namespace

Value Translator::lower(const Node& node) {
  switch (node.kind) {
    case Node::number:
      return number(node);
    case Node::name:
      return name(node);
    case Node::unary:
      if (node.text == "++" || node.text == "--") return step(node, false);
      return unary(node);
    case Node::postfix:
      return step(node, true);
    case Node::binary:
      return binary(node);
    case Node::assign:
      return assign(node);
    case Node::ternary:
      return ternary(node);
    case Node::call:
      return call(node);
    case Node::index:
      return index(node);
    case Node::member:
      return member(node);
    case Node::cast:
      return cast(node);
    case Node::construct:
      return construct(node);
    case Node::lambda:
      return result_of_lambda(node);
    case Node::size_of:
      return size_of(node);
    case Node::initial_list:
      throw Untranslatable(node.place,
                           "{…} stands where its type is not known; write the type before it.");
    default:
      throw Untranslatable(node.place, "a statement stands where a value is expected.");
  }
}

Value Translator::number(const Node& node) {
  std::string text;
  for (const char c : node.text)
    if (c != '\'') text += c;
  const bool hexadecimal = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  if (!hexadecimal && text.find_first_of(".eEfFhH") != text.npos) {
    Type type = real_type();
    if (text.back() == 'h' || text.back() == 'H') type.kind = Type::half;
    if (text.size() > 2 && text.substr(text.size() - 2) == "bf") type.kind = Type::bfloat;
    return real_value(std::strtod(text.c_str(), nullptr), type);
  }
  const size_t digits = hexadecimal ? text.find_first_not_of("0123456789abcdefABCDEF", 2)
                                    : text.find_first_not_of("0123456789bB");
  std::string suffix = digits == text.npos ? "" : text.substr(digits);
  for (char& c : suffix) c = char(std::tolower(c));
  Token token;
  token.text = text.substr(0, digits), token.place = node.place;
  const int64_t value = integer_value(token);
  const bool is_unsigned = suffix.find('u') != suffix.npos;
  const bool is_long =
      suffix.find('l') != suffix.npos ||
      uint64_t(value) > (is_unsigned || hexadecimal ? UINT32_MAX : uint64_t(INT32_MAX));
  const bool above = !is_unsigned && hexadecimal && !is_long && uint64_t(value) > INT32_MAX;
  return integer_value(value, integer_type(is_long ? 8 : 4, !is_unsigned && !above));
}

Value Translator::name(const Node& node) {
  if (node.type) {  // S::name
    if (const auto value = limit(*node.type, node.text, node.place)) return *value;
    const Type owner = resolve_base(*node.type);
    if (owner.kind == Type::record)
      if (const auto value = constant_in(*owner.of, node.text)) return *value;
    throw Untranslatable(node.place, node.type->name + " has no member " + node.text + ".");
  }
  if (node.has_arguments) {
    TypeName scope;
    scope.place = node.place, scope.arguments = node.arguments;
    if (node.text.size() > 2 && node.text.substr(node.text.size() - 2) == "_v") {
      scope.name = node.text.substr(0, node.text.size() - 2);
      if (const auto value = limit(scope, "value", node.place)) return *value;
    }
  }
  if (const Symbol* symbol = find(node.text)) {
    if (symbol->kind == Symbol::variable) return symbol->value;
    throw Untranslatable(node.place,
                         "the type " + node.text + " stands where a value is expected.");
  }
  if (node.text == "true" || node.text == "false")
    return integer_value(node.text == "true", boolean_type());
  if (node.text == "nullptr") return integer_value(0, integer_type(4, true));
  if (const auto value = constant_name(node.text)) return *value;
  throw Untranslatable(node.place, node.text + " is not declared.");
}

Value Translator::index(const Node& node) {
  const Value base = lower(*node.children[0]);
  const Value at = lower_computed(*node.children[1]);
  if (base.type.kind == Type::record) {
    if (const auto value = overloaded("[]", {base, at}, node.place)) return *value;
  }
  if (base.type.is_vector() || base.type.kind == Type::matrix) {
    Value part = base;
    part.type = base.type.kind == Type::matrix ? real_type() : base.type.scalar();
    part.reference.clear(), part.unrounded.clear();
    if (at.constant) {
      if (*at.constant < 0 || *at.constant > 3)
        throw Untranslatable(node.place, "a vector has no component " + at.code + ".");
      part.code = base.at(primary) + '.' + "xyzw"[*at.constant], part.level = primary;
    } else if (base.place) {
      const Type element = part.type;
      part.code = "((" + declare(pointer_to(element, base.space), "") + ")&" + base.at(primary) +
                  ")[" + at.code + ']';
      part.level = primary;
    } else {
      throw Untranslatable(
          node.place, "a computed vector is indexed by a variable; keep it in a variable first.");
    }
    return part;
  }
  if (base.type.kind != Type::pointer && base.type.kind != Type::array)
    throw Untranslatable(node.place,
                         base.code + " is a " + shown(base.type) + " and has no elements.");
  Value element;
  element.code = base.at(primary) + '[' + at.code + ']';
  element.type = *base.type.element;
  element.space = base.type.kind == Type::pointer ? base.type.space : base.space;
  element.stored = element.place = true;
  return element;
}

Value Translator::member(const Node& node) {
  const Value base = lower(*node.children[0]);
  if (base.type.kind == Type::record) {
    for (const Field& field : base.type.of->fields)
      if (field.name == node.text) {
        Value value = base;
        value.code = base.at(primary) + '.' + variable_name(node.text);
        if (!base.reference.empty()) value.code = base.reference + "->" + variable_name(node.text);
        value.level = primary, value.type = field.type;
        value.stored = value.place = true, value.reference.clear();
        return value;
      }
    if (const auto value = constant_in(*base.type.of, node.text)) return *value;
    throw Untranslatable(node.place, "the struct has no member " + node.text + ".");
  }
  if (!base.type.is_arithmetic() || node.text.size() > 4)
    throw Untranslatable(node.place, base.code + " is a " + shown(base.type) +
                                         " and has no member " + node.text + ".");
  Value part = base;
  std::string letters;
  for (const char letter : node.text) letters += component(letter);
  if (letters.size() != node.text.size())
    throw Untranslatable(node.place, "a vector has no component " + node.text + ".");
  if (!base.type.is_vector()) {  // thread_position_in_grid declared as a scalar, and the like
    if (letters == "x") return base;
    throw Untranslatable(node.place, base.code + " is no vector.");
  }
  part.code = base.at(primary) + '.' + letters, part.level = primary;
  part.type = base.type.with_lanes(int(letters.size()));
  part.reference.clear(), part.unrounded.clear();
  return part;
}

Value Translator::ternary(const Node& node) {
  const Value condition = lower_computed(*node.children[0]);
  if (condition.constant) return lower(*node.children[*condition.constant ? 1 : 2]);
  for (size_t i = 1; i < 3; ++i)
    if (meets(*node.children[i]))
      throw Untranslatable(node.place,
                           "a simd_ function or barrier inside ?:, which some work-items may not "
                           "reach; write an if statement.");
  const Value first = lower(*node.children[1]), second = lower(*node.children[2]);
  Value result;
  result.level = chooses;
  if (first.type.is_arithmetic() && second.type.is_arithmetic()) {
    result.type = first.type == second.type ? first.type : common_type(first.type, second.type);
    const Value a = convert(first, result.type, node.place),
                b = convert(second, result.type, node.place);
    result.code = convert(condition, boolean_type(), node.place).at(either) + " ? " + a.at(either) +
                  " : " + b.at(chooses);
    return result;
  }
  const Type& type = first.type.kind == Type::array ? pointer_to(*first.type.element, first.space)
                     : first.constant               ? second.type
                                                    : first.type;
  result.type = type, result.stored = true;
  result.code = condition.at(either) + " ? " + store(first, type, node.place) + " : " +
                store(second, type, node.place);
  return result;
}

/// reinterpret_cast<T&>(x) is *reinterpret_cast<T*>(&x). The elements of a matrix are a float2.
Value Translator::cast_to_reference(const Node& node) {
  const Value value = lower(*node.children[0]);
  TypeName named = *node.type;
  named.reference = false;
  const Type type = resolve(named);
  if (value.type == type) return value;
  if (value.type.kind == Type::matrix && type == real_type().with_lanes(2)) {
    Value elements = value;
    elements.type = type;
    return elements;
  }
  const Value address = address_of(value, node.place);
  return dereferenced(convert(address, pointer_to(type, address.type.space), node.place),
                      node.place);
}

Value Translator::cast(const Node& node) {
  if (node.type->reference) return cast_to_reference(node);
  const Node& operand = *node.children[0];
  if (operand.kind == Node::initial_list) {
    Node made = node;
    made.kind = Node::construct, made.children = operand.children, made.text = "{";
    return construct(made);
  }
  const Value value = lower(operand);
  Type type = resolve(*node.type);
  if (type.kind == Type::nothing) return value;
  if (type.kind == Type::pointer) {
    // Where the cast names no space, the pointer stays in its own.
    if (value.type.kind == Type::pointer) type.space = value.type.space;
    if (value.type.kind == Type::array) type.space = value.space;
  }
  if (type.kind == Type::record && !(value.type == type)) {
    Node made = node;
    made.kind = Node::construct, made.text.clear();
    return construct(made);
  }
  Value result = convert(value, type, node.place);
  result.place = false;
  return result;
}

Value Translator::construct(const Node& node) {
  const Type type = resolve(*node.type);
  if (type.kind == Type::record) {
    const std::vector<FunctionPtr> constructors =
        methods_of(*type.of, type.of->structure ? type.of->structure->name : "");
    if (!constructors.empty() && !(node.children.empty() && node.text == "{")) {
      std::vector<Value> arguments;
      for (const NodePtr& child : node.children) arguments.push_back(lower(*child));
      Value made;
      made.type = type;
      return call_function(constructors, nullptr, arguments, &made, shown(type), node.place);
    }
    if (node.children.size() == 1 && node.text.empty())
      return convert(lower(*node.children[0]), type, node.place);
    Value result;
    result.code = '(' + stored_name(type) + ')' + initial_text(node, type);
    result.type = type, result.stored = true, result.level = prefixes;
    return result;
  }
  if (node.children.empty()) {
    if (type.kind == Type::matrix)
      return {"(float2)(0.0f)", type, primary, false, false, {}, {}, {}, {}, {}};
    return convert(integer_value(0, integer_type(4, true)), type, node.place);
  }
  if (type.kind == Type::matrix) {
    const Value value = convert(lower(*node.children[0]), real_type(), node.place);
    return {"(float2)(" + value.code + ')', type, prefixes, false, false, {}, {}, {}, {}, {}};
  }
  std::vector<Value> parts;
  for (const NodePtr& child : node.children) parts.push_back(lower(*child));
  if (parts.size() == 1) {
    Value result = convert(parts[0], type, node.place);
    result.place = false;
    return result;
  }
  if (!type.is_vector()) throw Untranslatable(node.place, shown(type) + " is made of one value.");
  return construct_vector(type, parts, node.place);
}

Value Translator::construct_vector(const Type& type, const std::vector<Value>& parts, Place place) {
  std::string code;
  int lanes = 0;
  for (const Value& part : parts) {
    const Type wanted = type.with_lanes(part.type.lanes);
    const Value value = convert(part, wanted, place);
    lanes += part.type.lanes;
    code += (code.empty() ? "" : ", ") + (type.kind == Type::boolean && !part.type.is_vector()
                                              ? "-(int)(" + value.code + ')'
                                              : value.code);
  }
  if (lanes != type.lanes)
    throw Untranslatable(place,
                         shown(type) + " is made of " + std::to_string(lanes) + " components.");
  Value result;
  result.code = '(' + computed_name(type) + ")(" + code + ')', result.type = type,
  result.level = prefixes;
  return result;
}

/// `{a, b}` for a variable of an array, a struct or a scalar.
std::string Translator::initial_text(const Node& list, const Type& type) {
  if (type.kind != Type::array && type.kind != Type::record)
    return list.children.empty() ? store(integer_value(0, integer_type(4, true)), type, list.place)
                                 : store(lower(*list.children[0]), type, list.place);
  std::string text;
  const std::vector<Field>* fields = type.kind == Type::record ? &type.of->fields : nullptr;
  for (size_t i = 0; i < list.children.size(); ++i) {
    const Node& child = *list.children[i];
    if (fields && i >= fields->size())
      throw Untranslatable(list.place, "too many values for the struct.");
    const bool nested = child.kind == Node::initial_list;
    Type part = fields ? (*fields)[i].type : *type.element;
    while (!nested && part.kind == Type::array) part = Type(*part.element);  // braces left out
    text += (i ? ", " : "") +
            (nested ? initial_text(child, part) : store(lower(child), part, child.place));
  }
  if (list.children.empty() && fields && !fields->empty()) {
    for (size_t i = 0; i < fields->size(); ++i) {
      const Field& field = (*fields)[i];
      text += i ? ", " : "";
      if (field.initial && field.initial->kind != Node::initial_list)
        text += store(lower(*field.initial), field.type, list.place);
      else
        text += field.type.kind == Type::array || field.type.kind == Type::record ? "{0}" : "0";
    }
  }
  return '{' + (text.empty() ? "0" : text) + '}';
}

Value Translator::size_of(const Node& node) {
  const Type type = node.type ? resolve(*node.type) : lower(*node.children[0]).type;
  Value result;
  result.type = integer_type(8, false);
  const std::function<int64_t(const Type&)> bytes = [&](const Type& each) -> int64_t {
    const int lanes = each.lanes == 3 ? 4 : each.lanes;
    if (each.kind == Type::boolean) return lanes;
    if (each.kind == Type::integer) return int64_t(each.bytes) * lanes;
    if (each.is_sixteen()) return int64_t(2) * lanes;
    if (each.kind == Type::real) return int64_t(4) * lanes;
    if (each.kind == Type::array) return each.count * bytes(*each.element);
    return 0;
  };
  if (const int64_t size = bytes(type)) return integer_value(size, result.type);
  result.code = "sizeof(" + declare(type, "") + ')';
  return result;
}

}  // namespace mlx::metal
