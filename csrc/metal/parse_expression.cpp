// Expressions, by precedence.
#include "metal/parser.h"

namespace mlx::metal {
namespace {

const std::vector<std::set<std::string>> levels = {
    {"||"},       {"&&"},     {"|"},          {"^"}, {"&"}, {"==", "!="}, {"<", ">", "<=", ">="},
    {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}};
const std::set<std::string> assignments = {
    "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="};
const std::set<std::string> prefixes = {"+", "-", "!", "~", "*", "&", "++", "--"};
/// How names begin that stand for what there is no translation of.
const std::vector<std::pair<std::string, std::string>> refused = {
    {"texture", "a texture; pass an array."},
    {"sampler", "a sampler; pass an array and interpolate in the kernel."},
    {"goto", "goto; write a loop."},
    {"union", "a union; use as_type."},
    {"asm", "assembly."}};
const std::set<std::string> casts = {"static_cast", "reinterpret_cast", "const_cast"};

}  // namespace

bool Parser::take(const char* text) {
  if (!at(text)) return false;
  ++at_;
  return true;
}

void Parser::expect(const char* text) {
  if (!take(text))
    throw Untranslatable(
        place(),
        std::string("\"") + text + "\" is expected" +
            (peek().kind == Token::end ? " before the end." : ", not \"" + peek().text + "\"."));
}

std::string Parser::word(const char* what) {
  if (peek().kind != Token::word)
    throw Untranslatable(place(), std::string(what) + " is expected, not \"" + peek().text + "\".");
  return tokens_[at_++].text;
}

Place Parser::place() const {
  return at_ < tokens_.size() ? tokens_[at_].place
         : tokens_.empty()    ? Place{}
                              : tokens_.back().place;
}

std::pair<std::string, size_t> Parser::sign() const {
  if (peek().kind != Token::punctuation) return {"", 0};
  if (at(">") && (peek(1).text == ">" || peek(1).text == ">=") && !peek(1).spaced && angles_ == 0)
    return {">" + peek(1).text, 2};
  return {peek().text, 1};
}

std::shared_ptr<Node> Parser::node(Node::Kind kind) const {
  auto result = std::make_shared<Node>();
  result->kind = kind, result->place = place();
  return result;
}

NodePtr Parser::expression() {
  NodePtr left = assignment();
  while (at(",")) {
    auto comma = node(Node::binary);
    comma->text = ",", ++at_;
    comma->children = {left, assignment()};
    left = comma;
  }
  return left;
}

NodePtr Parser::assignment() {
  if (at("{")) return initial_list();
  NodePtr left = binary(0);
  if (at("?")) {
    auto result = node(Node::ternary);
    ++at_;
    const int angles = std::exchange(angles_, 0);
    NodePtr first = assignment();
    angles_ = angles;
    expect(":");
    result->children = {left, first, assignment()};
    return result;
  }
  const auto [sign, length] = this->sign();
  if (!assignments.count(sign)) return left;
  auto result = node(Node::assign);
  result->text = sign, at_ += length;
  result->children = {left, assignment()};
  return result;
}

NodePtr Parser::binary(int level) {
  if (level == int(levels.size())) return unary();
  NodePtr left = binary(level + 1);
  for (;;) {
    const auto [sign, length] = this->sign();
    if (!levels[size_t(level)].count(sign) || (angles_ > 0 && sign == ">")) return left;
    auto result = node(Node::binary);
    result->text = sign, at_ += length;
    result->children = {left, binary(level + 1)};
    left = result;
  }
}

NodePtr Parser::unary() {
  if (peek().kind == Token::punctuation && prefixes.count(peek().text)) {
    auto result = node(Node::unary);
    result->text = tokens_[at_++].text;
    result->children = {unary()};
    return result;
  }
  if (at("sizeof")) {
    auto result = node(Node::size_of);
    ++at_;
    const bool type = at("(") && type_at(at_ + 1);
    if (type) {
      ++at_;
      result->type = type_name();
      expect(")");
    } else {
      result->children = {unary()};
    }
    return result;
  }
  if (at("(") && type_at(at_ + 1)) {
    const size_t start = at_;
    auto result = node(Node::cast);
    ++at_;
    const int angles = std::exchange(angles_, 0);
    result->type = type_name();
    angles_ = angles;
    if (take(")")) {
      result->children = {at("{") ? initial_list() : unary()};
      return result;
    }
    at_ = start;  // (T(x) + 1)
  }
  return postfix(primary());
}

std::vector<NodePtr> Parser::call_arguments(const char* close) {
  std::vector<NodePtr> arguments;
  const int angles = std::exchange(angles_, 0);
  ++at_;
  while (!at(close)) {
    arguments.push_back(assignment());
    if (!take(",")) break;
  }
  angles_ = angles;
  expect(close);
  return arguments;
}

NodePtr Parser::postfix(NodePtr left) {
  for (;;) {
    if (at("(")) {
      auto result = node(Node::call);
      result->place = left->place;
      result->children = {left};
      for (NodePtr& argument : call_arguments()) result->children.push_back(std::move(argument));
      left = result;
    } else if (at("[")) {
      auto result = node(Node::index);
      result->children = {left};
      const std::vector<NodePtr> inner = call_arguments("]");
      if (inner.size() != 1) throw Untranslatable(result->place, "an index is one expression.");
      result->children.push_back(inner[0]);
      left = result;
    } else if (at(".") || at("->")) {
      auto result = node(Node::member);
      if (at("->")) {
        auto star = node(Node::unary);
        star->text = "*", star->children = {left};
        left = star;
      }
      ++at_;
      take("template");
      result->text =
          at("operator") ? (++at_, expect("("), expect(")"), "operator()") : word("a member");
      if (at("<") && known_.is_template(result->text))
        result->arguments = template_arguments(), result->has_arguments = true;
      result->children = {left};
      left = result;
    } else if (at("++") || at("--")) {
      auto result = node(Node::postfix);
      result->text = tokens_[at_++].text;
      result->children = {left};
      left = result;
    } else {
      return left;
    }
  }
}

NodePtr Parser::primary() {
  const Token& token = peek();
  if (token.kind == Token::number) {
    auto result = node(Node::number);
    result->text = tokens_[at_++].text;
    return result;
  }
  if (at("(")) {
    ++at_;
    const int angles = std::exchange(angles_, 0);
    const NodePtr inner = expression();
    angles_ = angles;
    expect(")");
    return inner;
  }
  if (at("[")) return lambda();
  if (token.kind == Token::word && casts.count(token.text)) {
    auto result = node(Node::cast);
    result->text = tokens_[at_++].text;
    expect("<");
    ++angles_;
    result->type = type_name();
    --angles_;
    expect(">");
    result->children = call_arguments();
    if (result->children.size() != 1)
      throw Untranslatable(result->place, result->text + " takes one expression.");
    return result;
  }
  if (at_type()) return typed_primary();
  if (token.kind == Token::word) return named_primary();
  throw Untranslatable(place(), token.kind == Token::end
                                    ? "an expression is expected before the end."
                                    : "an expression is expected, not \"" + token.text + "\".");
}

/// T(…), T{…}, S::constant, S::function(…).
NodePtr Parser::typed_primary() {
  auto result = node(Node::construct);
  const int angles = std::exchange(angles_, 0);
  const TypePtr type = specifiers();
  angles_ = angles;
  result->type = type;
  if (at("::")) {
    ++at_;
    result->kind = Node::name;
    result->text = word("a member");
    if (at("<") && known_.is_template(result->text))
      result->arguments = template_arguments(), result->has_arguments = true;
    return result;
  }
  if (at("(")) {
    result->children = call_arguments();
  } else if (at("{")) {
    result->children = call_arguments("}");
    result->text = "{";
  } else {
    throw Untranslatable(result->place,
                         "the type " + type->name + " stands where a value is expected.");
  }
  return result;
}

NodePtr Parser::named_primary() {
  auto result = node(Node::name);
  for (const auto& [name, instead] : refused)
    if (peek().text.rfind(name, 0) == 0) throw Untranslatable(place(), instead);
  while (peek(1).text == "::") at_ += 2;  // namespaces
  if (at("operator")) throw Untranslatable(place(), "operators are called by their sign.");
  result->text = word("a name");
  if (at("<") && known_.is_template(result->text))
    result->arguments = template_arguments(), result->has_arguments = true;
  return result;
}

NodePtr Parser::initial_list() {
  auto result = node(Node::initial_list);
  result->children = call_arguments("}");
  return result;
}

NodePtr Parser::lambda() {
  auto result = node(Node::lambda);
  ++at_;
  while (!at("]")) {
    if (take("=")) {
      result->by_value = true;
    } else if (at("&") && (peek(1).text == "," || peek(1).text == "]")) {
      ++at_;
    } else if (take("&")) {
      result->references.push_back(word("a name"));
    } else {
      result->copies.push_back(word("a name"));
      if (at("="))
        throw Untranslatable(place(), "a capture with a value; make it a variable before.");
    }
    if (!take(",")) break;
  }
  expect("]");
  auto function = std::make_shared<Function>();
  function->place = result->place, function->name = "operator()";
  const int angles = std::exchange(angles_, 0);
  scoped([&] {
    if (at("(")) function->arguments = parameter_list();
    skip_attributes();
    take("mutable");
    if (take("->")) function->result = type_name();
    function->body = block();
  });
  angles_ = angles;
  result->function = function;
  return result;
}

}  // namespace mlx::metal
