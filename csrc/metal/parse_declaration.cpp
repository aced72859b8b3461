// What stands outside functions: functions, templates, structs, enums, aliases and constants.
#include "metal/parser.h"

namespace mlx::metal {

Unit parse_header(const Tokens& tokens, KnownNames& known) {
  return Parser(tokens, known).unit();
}

Unit Parser::unit() {
  Unit result;
  while (peek().kind != Token::end) top_level(result);
  return result;
}

void Parser::top_level(Unit& unit) {
  skip_attributes();
  if (take(";") || take("}")) return;  // } closes a namespace, which opens no scope here
  if (peek().kind == Token::pragma) return void(++at_);
  if (at("namespace") || (at("inline") && peek(1).text == "namespace") ||
      (at("extern") && peek(1).kind == Token::string)) {
    while (!take("{")) ++at_;
    return;
  }
  if (at("using") && peek(1).text == "namespace") {
    while (!take(";")) ++at_;
    return;
  }
  if (at("static_assert")) {
    while (!take(";")) ++at_;
    return;
  }
  if (at("using") || at("typedef")) return unit.globals.push_back(alias());
  std::vector<TemplateParameter> parameters;
  const bool is_template = at("template");
  if (is_template) {
    ++at_;
    if (!at("<")) {  // an explicit instantiation
      while (!take(";")) ++at_;
      return;
    }
    known_.open();
    parameters = template_parameters();
  }
  struct Close {
    KnownNames* known;
    ~Close() {
      if (known) known->close();
    }
  } close{is_template ? &known_ : nullptr};
  if (at("enum")) {
    unit.structs.push_back(enumeration());
    return;
  }
  if (at("using")) throw Untranslatable(place(), "a template of a type alias; write the type out.");
  if (at("union")) throw Untranslatable(place(), "a union; use as_type.");
  if ((at("struct") || at("class")) && peek(1).kind == Token::word &&
      (peek(2).text == "{" || peek(2).text == ":" || peek(2).text == ";" || peek(2).text == "<"))
    return structure(unit, std::move(parameters));
  const TypePtr base = specifiers();
  Declared declared = declarator(base);
  if (at("operator")) {
    ++at_;
    declared.name = "operator";
    while (!at("(") || declared.name == "operator") declared.name += tokens_[at_++].text;
  }
  if (at("(")) {
    if (is_template) {
      // The name must be known outside of the template's own scope.
      close.known = nullptr;
      const FunctionPtr made = function(declared.type, declared.name, declared.place, parameters);
      known_.close();
      known_.add_template(declared.name);
      unit.functions.push_back(made);
      return;
    }
    unit.functions.push_back(
        function(declared.type, declared.name, declared.place, std::move(parameters)));
    return;
  }
  if (is_template) throw Untranslatable(declared.place, "a template of a variable.");
  auto result = node(Node::declare);
  result->place = declared.place;
  for (;;) {
    if (take("="))
      declared.initial = assignment();
    else if (at("{"))
      declared.initial = initial_list();
    result->declared.push_back(declared);
    if (!take(",")) break;
    declared = declarator(base);
  }
  expect(";");
  unit.globals.push_back(result);
}

std::vector<TemplateParameter> Parser::template_parameters() {
  std::vector<TemplateParameter> parameters;
  expect("<");
  ++angles_;
  while (!at(">")) {
    TemplateParameter parameter;
    if (take("typename") || take("class")) {
      if (at("...")) throw Untranslatable(place(), "a pack of template parameters.");
      if (peek().kind == Token::word) parameter.name = word("a name");
      known_.add_type(parameter.name);
      if (take("=")) parameter.initial.type = type_name();
    } else {
      parameter.is_type = false;
      const Declared declared = declarator(specifiers());
      parameter.name = declared.name, parameter.type = declared.type;
      if (take("=")) parameter.initial.value = assignment();
    }
    parameters.push_back(std::move(parameter));
    if (!take(",")) break;
  }
  --angles_;
  expect(">");
  return parameters;
}

FunctionPtr Parser::function(TypePtr result, std::string name, Place place,
                             std::vector<TemplateParameter> parameters) {
  auto made = std::make_shared<Function>();
  made->place = place, made->name = std::move(name), made->result = std::move(result);
  made->parameters = std::move(parameters);
  scoped([&] {
    made->arguments = parameter_list();
    while (at("const") || at("thread") || at("device") || at("threadgroup") || at("constant") ||
           at("noexcept"))
      ++at_;
    skip_attributes();
    if (take("->")) made->result = type_name();
    if (take(":")) {
      do {
        const std::string member = word("a member");
        made->members.emplace_back(member, call_arguments(at("{") ? "}" : ")"));
      } while (take(","));
    }
    if (!take(";")) made->body = block();
  });
  return made;
}

std::vector<Declared> Parser::parameter_list() {
  std::vector<Declared> arguments;
  expect("(");
  while (!at(")")) {
    if (at("void") && peek(1).text == ")") {
      ++at_;
      break;
    }
    Declared declared = declarator(specifiers());
    if (take("=")) declared.initial = assignment();
    arguments.push_back(std::move(declared));
    if (!take(",")) break;
  }
  expect(")");
  return arguments;
}

NodePtr Parser::alias() {
  auto result = node(Node::alias);
  if (take("typedef")) {
    const Declared declared = declarator(specifiers());
    result->text = declared.name, result->type = declared.type;
  } else {
    ++at_;
    if (take("namespace")) {
      while (!take(";")) ++at_;
      return node(Node::nothing);
    }
    while (peek(1).text == "::") at_ += 2;
    result->text = word("a name");
    if (take(";")) return node(Node::nothing);  // using metal::exp;
    expect("=");
    result->type = type_name();
  }
  expect(";");
  known_.add_type(result->text);
  return result;
}

void Parser::structure(Unit& unit, std::vector<TemplateParameter> parameters) {
  ++at_;
  const bool is_template = !parameters.empty() || peek(1).text == "<";
  const std::string name = peek().text;
  const StructPtr made = struct_body(std::move(parameters));
  // Its name is known outside of the scope of its parameters, which stays open a moment longer.
  if (made) unit.structs.push_back(made);
  known_.add_outer(name, is_template);
  expect(";");
}

StructPtr Parser::struct_body(std::vector<TemplateParameter> parameters) {
  auto made = std::make_shared<Struct>();
  made->place = place();
  made->name = word("a name of a struct");
  const bool is_template = !parameters.empty();
  made->parameters = std::move(parameters);
  known_.add_type(made->name);
  if (is_template) known_.add_template(made->name);
  if (at("<")) made->specialised = template_arguments();
  if (at(";")) return nullptr;
  if (at(":")) throw Untranslatable(place(), "a struct with a base; make the base a member.");
  expect("{");
  scoped([&] {
    while (!at("}")) struct_member(*made);
  });
  expect("}");
  return made;
}

StructPtr Parser::enumeration() {
  auto made = std::make_shared<Struct>();
  made->place = place(), made->is_enum = true;
  expect("enum");
  take("class") || take("struct");
  if (peek().kind == Token::word) made->name = word("a name");
  if (take(":")) specifiers();
  expect("{");
  while (!at("}")) {
    Declared constant;
    constant.place = place();
    constant.name = word("a name");
    if (take("=")) constant.initial = assignment();
    made->constants.push_back(std::move(constant));
    if (!take(",")) break;
  }
  expect("}"), expect(";");
  if (!made->name.empty()) known_.add_type(made->name);
  return made;
}

void Parser::struct_member(Struct& record) {
  skip_attributes();
  if (take(";")) return;
  if ((at("public") || at("private") || at("protected")) && peek(1).text == ":")
    return void(at_ += 2);
  if (at("using") || at("typedef")) {
    record.aliases.push_back(alias());
    return known_.add_outer(record.aliases.back()->text, false);  // S::name elsewhere
  }
  if (at("static_assert")) {
    while (!take(";")) ++at_;
    return;
  }
  std::vector<TemplateParameter> parameters;
  const bool is_template = take("template");
  if (is_template) known_.open(), parameters = template_parameters();
  bool is_static = false;
  for (size_t i = 0; peek(i).kind == Token::word; ++i) is_static |= peek(i).text == "static";
  const auto method = [&](const TypePtr& result, const std::string& name, bool constructs) {
    auto made = std::make_shared<Function>(*function(result, name, place(), parameters));
    made->is_static = is_static, made->is_constructor = constructs;
    if (is_template) known_.close(), known_.add_template(name);
    record.methods.push_back(made);
  };
  const auto skip_words = [&] {
    while (at("METAL_FUNC") || at("inline") || at("constexpr") || at("explicit")) ++at_;
  };
  const size_t start = at_;
  skip_words();
  if (at(record.name.c_str()) && peek(1).text == "(") {
    ++at_;
    return method(nullptr, record.name, true);
  }
  at_ = start;
  const TypePtr base = specifiers();
  Declared declared = declarator(base);
  if (at("operator")) {
    ++at_;
    declared.name = "operator";
    while (!at("(") || declared.name == "operator") {
      declared.name += tokens_[at_++].text;
      if (declared.name == "operator(") declared.name += tokens_[at_++].text;
    }
  }
  if (at("(")) return method(declared.type, declared.name, false);
  for (;;) {
    if (take("="))
      declared.initial = assignment();
    else if (at("{"))
      declared.initial = initial_list();
    (is_static ? record.constants : record.fields).push_back(declared);
    if (!take(",")) break;
    declared = declarator(base);
  }
  expect(";");
}

}  // namespace mlx::metal
