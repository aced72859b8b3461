// The recursive-descent parser behind parse.h; its members are spread over parse_*.cpp.
#pragma once

#include <functional>
#include <utility>

#include "metal/parse.h"

namespace mlx::metal {

class Parser {
 public:
  Parser(const Tokens& tokens, KnownNames& known) : tokens_(tokens), known_(known) {}

  // parse_declaration.cpp
  Unit unit();
  void top_level(Unit& unit);
  std::vector<TemplateParameter> template_parameters();
  void structure(Unit& unit, std::vector<TemplateParameter> parameters);
  StructPtr struct_body(std::vector<TemplateParameter> parameters);
  StructPtr enumeration();
  void struct_member(Struct& record);
  FunctionPtr function(TypePtr result, std::string name, Place place,
                       std::vector<TemplateParameter> parameters);
  std::vector<Declared> parameter_list();
  NodePtr alias();

  // parse_type.cpp
  bool at_type() const { return type_at(at_); }
  TypePtr specifiers();
  /// A type without a name: specifiers, pointers, reference.
  TypePtr type_name();
  Declared declarator(const TypePtr& base);
  std::vector<TemplateArgument> template_arguments();
  void skip_attributes();

  // parse_statement.cpp
  NodePtr block();
  NodePtr block_until(const char* end);
  NodePtr statement();
  NodePtr declaration();
  NodePtr loop(const std::string& unroll);

  // parse_expression.cpp
  NodePtr expression();  ///< with commas
  NodePtr assignment();
  NodePtr binary(int level);
  NodePtr unary();
  NodePtr postfix(NodePtr node);
  NodePtr primary();
  NodePtr typed_primary();
  NodePtr named_primary();
  NodePtr lambda();
  NodePtr initial_list();
  std::vector<NodePtr> call_arguments(const char* close = ")");
  bool at_declaration();

 private:
  const Token& peek(size_t ahead = 0) const {
    static const Token end;
    return at_ + ahead < tokens_.size() ? tokens_[at_ + ahead] : end;
  }
  bool at(const char* text) const { return peek().text == text && peek().kind != Token::string; }
  bool take(const char* text);
  void expect(const char* text);
  std::string word(const char* what);
  Place place() const;
  /// The operator here, >> and >>= joined; how many tokens it has.
  std::pair<std::string, size_t> sign() const;
  bool type_at(size_t at) const;
  std::shared_ptr<Node> node(Node::Kind kind) const;
  void scoped(const std::function<void()>& parse);

  const Tokens& tokens_;
  KnownNames& known_;
  size_t at_ = 0;
  int angles_ = 0;  ///< inside template arguments, where > closes
};

}  // namespace mlx::metal
