// Types as written: qualifiers, address spaces, names with template arguments, declarators.
#include <algorithm>

#include "metal/parser.h"

namespace mlx::metal {
namespace {

const std::set<std::string> ignored = {"static", "inline",   "volatile", "METAL_FUNC", "typename",
                                       "struct", "register", "mutable",  "extern",     "kernel"};
const std::set<std::string> sized = {"unsigned", "signed", "long", "short", "int", "char"};

bool address_space(const std::string& word, Space& space) {
  if (word == "device") return space = Space::device, true;
  if (word == "constant") return space = Space::constant, true;
  if (word == "threadgroup") return space = Space::threadgroup, true;
  if (word == "thread") return space = Space::thread, true;
  return false;
}

/// `unsigned long`, `short int` and their kin under their short names.
std::string short_name(const std::vector<std::string>& words) {
  const auto has = [&](const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const std::string base = has("char")    ? "char"
                           : has("short") ? "short"
                           : has("long")  ? "long"
                                          : "int";
  return has("unsigned") ? "u" + base : base;
}

}  // namespace

KnownNames::KnownNames() {
  open();
  for (const char* name : {"void",
                           "bool",
                           "auto",
                           "size_t",
                           "ptrdiff_t",
                           "int8_t",
                           "uint8_t",
                           "int16_t",
                           "uint16_t",
                           "int32_t",
                           "uint32_t",
                           "int64_t",
                           "uint64_t",
                           "uintptr_t",
                           "intptr_t",
                           "decltype",
                           "float16_t",
                           "bfloat16_t",
                           "unsigned",
                           "signed",
                           "double",
                           "atomic_int",
                           "atomic_uint",
                           "atomic_float",
                           "atomic_bool",
                           "atomic_ulong",
                           "simdgroup_float8x8",
                           "simdgroup_half8x8",
                           "simdgroup_bfloat8x8"})
    add_type(name);
  for (const char* name :
       {"vec", "atomic", "array", "simdgroup_matrix", "numeric_limits", "is_same", "conditional",
        "conditional_t", "enable_if_t", "remove_cv_t", "make_unsigned_t", "integral_constant",
        "pointer_element_t", "is_integral", "is_floating_point"})
    add_type(name), add_template(name);
  for (const char* name : {"as_type", "is_same_v", "is_integral_v", "is_floating_point_v"})
    add_template(name);
  for (const char* base : {"bool", "char", "uchar", "short", "ushort", "int", "uint", "long",
                           "ulong", "half", "bfloat", "float"}) {
    add_type(base);
    for (const char* lanes : {"2", "3", "4"}) {
      add_type(base + std::string(lanes));
      add_type("packed_" + (base + std::string(lanes)));
    }
  }
}

bool KnownNames::has(const Scopes& scopes, const std::string& name) {
  return std::any_of(scopes.begin(), scopes.end(),
                     [&](const auto& scope) { return scope.count(name) > 0; });
}

bool Parser::type_at(size_t at) const {
  if (at >= tokens_.size() || tokens_[at].kind != Token::word) return false;
  Space space;
  const std::string& text = tokens_[at].text;
  if (ignored.count(text) || text == "const" || text == "constexpr" || address_space(text, space))
    return true;
  if (at + 1 < tokens_.size() && tokens_[at + 1].text == "::" && !known_.is_type(text))
    return type_at(at + 2);
  return known_.is_type(text);
}

void Parser::skip_attributes() {
  while (at("[") && peek(1).text == "[") {
    for (int depth = 0;;) {
      if (peek().kind == Token::end) throw Untranslatable(place(), "an attribute does not end.");
      depth += at("["), depth -= at("]");
      ++at_;
      if (depth == 0) break;
    }
  }
  while (at("__attribute__") || at("alignas")) {
    ++at_;
    int depth = 0;
    do {
      depth += at("("), depth -= at(")");
      ++at_;
    } while (depth > 0 && peek().kind != Token::end);
  }
}

TypePtr Parser::specifiers() {
  auto type = std::make_shared<TypeName>();
  type->place = place();
  std::vector<std::string> words;
  for (;; ++at_) {
    skip_attributes();
    const std::string& text = peek().text;
    if (peek().kind != Token::word) break;
    if (text == "const")
      type->is_const = true;
    else if (text == "constexpr")
      type->is_constexpr = type->is_const = true;
    else if (sized.count(text) && type->name.empty())
      words.push_back(text);
    else if (!ignored.count(text) && !address_space(text, type->space)) {
      if (!type->name.empty() || !words.empty()) break;
      while (peek(1).text == "::" && !known_.is_type(peek().text)) at_ += 2;  // namespaces
      if (!type_at(at_))
        throw Untranslatable(place(), "a type is expected, not " + peek().text + ".");
      type->name = peek().text;
      if (type->name == "decltype") {
        ++at_, expect("(");
        type->measured = expression();
        if (!at(")")) expect(")");
      } else if (peek(1).text == "<") {
        ++at_;
        type->arguments = template_arguments();
        --at_;
      }
      while (peek(1).text == "::" && peek(2).kind == Token::word && peek(3).text != "(") {
        if (peek(2).text != "type" && !known_.is_type(peek(2).text)) break;
        auto inner = std::make_shared<TypeName>();
        inner->place = type->place, inner->space = type->space, inner->is_const = type->is_const;
        inner->name = peek(2).text;
        auto scope = std::make_shared<TypeName>(*type);
        inner->scope = scope, type = inner;
        at_ += 2;
      }
    }
  }
  if (!words.empty()) type->name = short_name(words);
  if (type->name.empty() && type->is_constexpr) type->name = "auto";
  if (type->name.empty())
    throw Untranslatable(place(), "a type is expected before " + peek().text + ".");
  return type;
}

std::vector<TemplateArgument> Parser::template_arguments() {
  std::vector<TemplateArgument> arguments;
  expect("<");
  ++angles_;
  while (!at(">")) {
    // S<T>::value is a value, T::type a type; `N` alone is a value that may name a type.
    const size_t start = at_;
    if (at_type()) {
      const TypePtr type = type_name();
      if (at(",") || at(">")) {
        arguments.push_back({type, nullptr});
      } else {
        at_ = start;
        arguments.push_back({nullptr, assignment()});
      }
    } else {
      arguments.push_back({nullptr, assignment()});
    }
    if (!take(",")) break;
  }
  --angles_;
  expect(">");
  return arguments;
}

TypePtr Parser::type_name() {
  Declared declared = declarator(specifiers());
  return declared.type;
}

Declared Parser::declarator(const TypePtr& base) {
  Declared result;
  auto type = std::make_shared<TypeName>(*base);
  for (;; ++at_) {
    Space pointer_space;
    if (at("*"))
      ++type->pointers;
    else if (at("&") || at("&&"))
      type->reference = true;
    else if (!at("const") && !at("volatile") && !at("restrict") && !at("__restrict") &&
             !at("__restrict__") && !(address_space(peek().text, pointer_space)))
      break;
  }
  // (&name)[N]: a reference to an array.
  const bool bracket = at("(") && (peek(1).text == "&" || peek(1).text == "*");
  if (bracket) {
    ++at_;
    at("&") ? void(type->reference = true) : void(++type->pointers);
    ++at_;
  }
  result.place = place();
  if (peek().kind == Token::word && !at("operator")) result.name = word("a name");
  if (bracket) expect(")");
  skip_attributes();
  while (at("[") && !(peek(1).text == "[")) {
    ++at_;
    const int angles = std::exchange(angles_, 0);
    type->extents.push_back(at("]") ? nullptr : assignment());
    angles_ = angles;
    expect("]");
  }
  skip_attributes();
  result.type = type;
  return result;
}

}  // namespace mlx::metal
