// Statements and local declarations.
#include "metal/parser.h"

namespace mlx::metal {

void Parser::scoped(const std::function<void()>& parse) {
  known_.open();
  parse();
  known_.close();
}

NodePtr Parser::block() {
  expect("{");
  return block_until("}");
}

NodePtr Parser::block_until(const char* end) {
  auto result = node(Node::block);
  scoped([&] {
    while (*end ? !at(end) : peek().kind != Token::end) {
      if (peek().kind == Token::end) expect(end);
      const NodePtr inner = statement();
      if (inner->kind != Node::nothing) result->children.push_back(inner);
    }
  });
  if (*end) expect(end);
  return result;
}

/// Whether a statement that begins with a type declares: `T x`, not `T(x).y = 1`.
bool Parser::at_declaration() {
  if (!at_type()) return false;
  const size_t start = at_;
  bool result = true;
  try {
    specifiers();
    result = peek().kind == Token::word || at("*") || at("&") || at("&&") ||
             (at("(") && (peek(1).text == "&" || peek(1).text == "*"));
  } catch (const Untranslatable&) {  // the declaration says why
  }
  at_ = start;
  return result;
}

NodePtr Parser::declaration() {
  auto result = node(Node::declare);
  const TypePtr base = specifiers();
  do {
    Declared declared = declarator(base);
    if (declared.name.empty())
      throw Untranslatable(declared.place, "a name is expected, not \"" + peek().text + "\".");
    if (take("=")) {
      declared.initial = assignment();
    } else if (at("{")) {
      declared.initial = initial_list();
    } else if (at("(")) {
      declared.built = call_arguments();
    }
    result->declared.push_back(std::move(declared));
  } while (take(","));
  expect(";");
  return result;
}

NodePtr Parser::loop(const std::string& unroll) {
  auto result = node(Node::loop_for);
  result->unroll = unroll;
  if (take("while")) {
    result->kind = Node::loop_while;
    expect("(");
    result->children.push_back(expression());
    expect(")");
    result->children.push_back(statement());
    return result;
  }
  if (take("do")) {
    result->kind = Node::loop_do;
    const NodePtr body = statement();
    expect("while"), expect("(");
    result->children = {expression(), body};
    expect(")"), expect(";");
    return result;
  }
  expect("for"), expect("(");
  scoped([&] {
    NodePtr initial, condition, step;
    if (at_declaration())
      initial = declaration();
    else if (!take(";")) {
      auto statement = node(Node::expression);
      statement->children = {expression()};
      initial = statement;
      expect(";");
    }
    if (!at(";")) condition = expression();
    expect(";");
    if (!at(")")) step = expression();
    expect(")");
    result->children = {initial, condition, step, statement()};
  });
  return result;
}

NodePtr Parser::statement() {
  if (peek().kind == Token::pragma) {
    const std::string unroll = tokens_[at_++].text;
    if (at("for") || at("while") || at("do")) return loop(unroll);
    return statement();
  }
  if (at("_Pragma")) {
    ++at_, expect("(");
    const std::string text = tokens_[at_++].text;
    expect(")");
    if (at("for") || at("while") || at("do"))
      return loop(text.find("unroll") != text.npos ? text.substr(1, text.size() - 2) : "");
    return node(Node::nothing);
  }
  skip_attributes();
  if (at("{")) return block();
  if (at("for") || at("while") || at("do")) return loop("");
  auto result = node(Node::nothing);
  if (take(";")) return result;
  if (take("if")) {
    take("constexpr");
    result->kind = Node::choose;
    expect("(");
    result->children = {expression()};
    expect(")");
    scoped([&] { result->children.push_back(statement()); });
    if (take("else")) scoped([&] { result->children.push_back(statement()); });
    return result;
  }
  if (take("return")) {
    result->kind = Node::give_back;
    if (!at(";")) result->children = {expression()};
    expect(";");
    return result;
  }
  if (at("break") || at("continue")) {
    result->kind = at("break") ? Node::leave : Node::proceed;
    ++at_, expect(";");
    return result;
  }
  if (take("switch")) {
    result->kind = Node::select;
    expect("(");
    result->children = {expression()};
    expect(")");
    result->children.push_back(block());
    return result;
  }
  if (at("case") || at("default")) {
    result->kind = Node::label;
    result->text = tokens_[at_++].text;
    if (result->text == "case") result->children = {binary(0)};
    expect(":");
    return result;
  }
  if (at("using") || at("typedef")) return alias();
  if (at("static_assert")) {
    while (!at(";")) ++at_;
    ++at_;
    return result;
  }
  if (at("struct") && (peek(2).text == "{" || peek(2).text == ":")) {
    result->kind = Node::record;
    ++at_;
    result->structure = struct_body({});
    expect(";");
    return result;
  }
  if (at("enum")) {
    result->kind = Node::record;
    result->structure = enumeration();
    return result;
  }
  if (at_declaration()) return declaration();
  result->kind = Node::expression;
  result->children = {expression()};
  expect(";");
  return result;
}

NodePtr parse_body(const Tokens& tokens, KnownNames& known) {
  return Parser(tokens, known).block_until("");
}

}  // namespace mlx::metal
