// Functions for the types they are called with: template arguments are deduced, and each
// combination of types and address spaces becomes a C function of its own.
#include <algorithm>

#include "metal/translator.h"

namespace mlx::metal {
namespace {

bool is_parameter(const Function& function, const std::string& name) {
  for (const TemplateParameter& parameter : function.parameters)
    if (parameter.name == name) return true;
  return false;
}

bool same_memory(Space a, Space b) {
  const auto is_global = [](Space s) { return s == Space::device || s == Space::constant; };
  return a == b || (is_global(a) && is_global(b));
}

/// Runs `body` with a frame of its own that sees these scopes and nothing of the caller.
template <typename Body>
void apart(Frame*& current, const Scope& members, const Scope& scope, const Body& body) {
  Frame inner;
  inner.scopes = {members, scope};
  Frame* const outer = std::exchange(current, &inner);
  try {
    body();
  } catch (...) {
    current = outer;
    throw;
  }
  current = outer;
}

}  // namespace

void Translator::deduce(const TypeName& pattern, const Type& actual, const Function& function,
                        Scope& bound) {
  Type type = actual;
  for (size_t i = 0; i < pattern.extents.size() && type.kind == Type::array; ++i) {
    const NodePtr& extent = pattern.extents[i];
    if (extent && extent->kind == Node::name && is_parameter(function, extent->text)) {
      Symbol symbol;
      symbol.value = integer_value(type.count, integer_type(4, true));
      bound.emplace(extent->text, symbol);
    }
    type = Type(*type.element);
  }
  for (int i = 0; i < pattern.pointers; ++i) {
    if (type.kind != Type::pointer && type.kind != Type::array) return;
    type = Type(*type.element);
  }
  if (pattern.extents.empty() && !pattern.reference && type.kind == Type::array)
    type = pointer_to(*type.element, Space::thread);
  const auto bind_symbol = [&](const TemplateArgument& argument, const Type& value) {
    const std::string& name = argument.type ? argument.type->name : argument.value->text;
    if (!is_parameter(function, name)) return;
    Symbol symbol;
    symbol.kind = Symbol::type, symbol.named = value;
    bound.emplace(name, symbol);
  };
  if (pattern.name == "vec" && pattern.arguments.size() == 2 && type.is_vector()) {
    bind_symbol(pattern.arguments[0], type.scalar());
    const NodePtr& count = pattern.arguments[1].value;
    if (count && is_parameter(function, count->text)) {
      Symbol symbol;
      symbol.value = integer_value(type.lanes, integer_type(4, true));
      bound.emplace(count->text, symbol);
    }
  } else if (type.kind == Type::matrix && !pattern.arguments.empty()) {
    bind_symbol(pattern.arguments[0], *type.element);
  } else if (type.kind == Type::record && !pattern.arguments.empty() && type.of->structure &&
             type.of->structure->name == pattern.name) {
    const Scope members = scope_of(*type.of);
    for (size_t i = 0; i < pattern.arguments.size() && i < type.of->structure->parameters.size();
         ++i) {
      const auto found = members.find(type.of->structure->parameters[i].name);
      const TemplateArgument& argument = pattern.arguments[i];
      const std::string name = argument.type ? argument.type->name : argument.value->text;
      if (found != members.end() && is_parameter(function, name))
        bound.emplace(name, found->second);
    }
  } else if (pattern.arguments.empty() && is_parameter(function, pattern.name)) {
    bind_symbol({std::make_shared<TypeName>(pattern), nullptr}, type);
  }
}

std::optional<Translator::Binding> Translator::bind_parameters(const Function& function,
                                                               const Node* callee,
                                                               const std::vector<Value>& arguments,
                                                               const Value* self) {
  if (arguments.size() > function.arguments.size()) return {};
  for (size_t i = arguments.size(); i < function.arguments.size(); ++i)
    if (!function.arguments[i].initial) return {};
  Binding binding;
  const Scope members = self ? scope_of(*self->type.of) : Scope();
  const std::vector<TemplateArgument> none,
      &given = callee && callee->has_arguments ? callee->arguments : none;
  for (size_t i = 0; i < given.size() && i < function.parameters.size(); ++i) {
    Symbol symbol;
    if (function.parameters[i].is_type) {
      if (!given[i].type && !named_type(given[i].value)) return {};
      symbol.kind = Symbol::type, symbol.named = argument_type(given[i]);
    } else {
      if (!given[i].value) return {};
      symbol.value = lower(*given[i].value);
    }
    binding.scope[function.parameters[i].name] = symbol;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    Value argument = load(arguments[i]);
    Type type = argument.type;
    if (type.kind == Type::array && !function.arguments[i].type->reference &&
        function.arguments[i].type->pointers == 0 && function.arguments[i].type->extents.empty())
      type = pointer_to(*type.element, argument.space);
    deduce(*function.arguments[i].type, type, function, binding.scope);
  }
  bool complete = true;
  apart(frame_, members, binding.scope, [&] {
    for (const TemplateParameter& parameter : function.parameters) {
      Scope& scope = frame_->scopes.back();
      const auto found = scope.find(parameter.name);
      if (found == scope.end()) {
        Symbol symbol;
        if (parameter.initial.type || (parameter.is_type && parameter.initial.value))
          symbol.kind = Symbol::type, symbol.named = argument_type(parameter.initial);
        else if (parameter.initial.value)
          symbol.value = lower(*parameter.initial.value);
        else if (parameter.name.empty())
          continue;
        else
          return void(complete = false);
        scope[parameter.name] = symbol;
      }
      Symbol& symbol = scope[parameter.name];
      if (!parameter.is_type && parameter.type->name != "auto" && symbol.value.type.is_arithmetic())
        symbol.value = convert(symbol.value, resolve(*parameter.type), function.place);
      binding.key += ' ' + (symbol.kind == Symbol::type ? shown(symbol.named) : symbol.value.code);
    }
    binding.scope = scope_copy(*frame_);
  });
  if (!complete) return {};
  parameter_types(function, arguments, members, binding);
  return binding;
}

Scope Translator::scope_copy(const Frame& frame) {
  return frame.scopes.back();
}

/// The types of the parameters with the address spaces of the arguments, and how well those fit.
void Translator::parameter_types(const Function& function, const std::vector<Value>& arguments,
                                 const Scope& members, Binding& binding) {
  const Scope scope = binding.scope;
  const auto resolve_parameter = [&](const Declared& parameter, const Value* argument) {
    const TypeName& name = *parameter.type;
    Type type;
    if (name.name == "auto" && argument) {
      type = argument->type.kind == Type::array && !name.reference
                 ? pointer_to(*argument->type.element, argument->space)
                 : argument->type;
    } else {
      type = resolve(name);
    }
    bool by_reference = name.reference && (!name.is_const || type.kind == Type::array);
    if (type.kind == Type::array && !name.reference)
      type = pointer_to(*type.element, name.space == Space::any ? Space::thread : name.space);
    int fit = 0;
    if (argument) {
      const Space space =
          argument->type.kind == Type::pointer ? argument->type.space : argument->space;
      if (by_reference) {
        const bool fits = argument->type == type && (argument->place || type.kind == Type::array) &&
                          (name.space == Space::any || same_memory(name.space, argument->space));
        // A forwarding or loose reference to a computed value is a copy.
        if (!fits && argument->type == type && !argument->place && name.space == Space::any)
          by_reference = false;
        else if (!fits)
          fit = -1;
      } else if (type.kind == Type::pointer &&
                 (argument->type.kind == Type::pointer || argument->type.kind == Type::array)) {
        if (name.space == Space::any || same_memory(type.space, space)) type.space = space;
        fit = rank(*argument, type);
      } else {
        fit = rank(*argument, type);
      }
    }
    binding.parameters.push_back(type);
    binding.by_reference.push_back(by_reference);
    binding.ranks.push_back(fit);
  };
  apart(frame_, members, scope, [&] {
    for (size_t i = 0; i < function.arguments.size(); ++i)
      resolve_parameter(function.arguments[i], i < arguments.size() ? &arguments[i] : nullptr);
  });
}

Instance& Translator::instantiate(const FunctionPtr& function, const Binding& binding,
                                  const std::vector<Value>& arguments, const Value* self) {
  const bool collective = function->body && meetings_.contains(*function->body);
  std::string key = std::to_string(size_t(function.get())) + binding.key;
  for (size_t i = 0; i < binding.parameters.size(); ++i)
    key += ", " + shown(binding.parameters[i]) +
           (binding.by_reference[i] ? std::string(" in ") + space_name(arguments[i].space) : "");
  if (self) key += " of " + shown(self->type) + space_name(self->space);
  if (collective && !frame().masks.empty()) key += " masked";
  const auto found = instances_.find(key);
  if (found != instances_.end()) {
    if (defining_.count(&found->second))
      throw Untranslatable(function->place, function->name + " calls itself, which no kernel may.");
    return found->second;
  }
  Instance& made = instances_[key];
  made.collective = collective;
  made.has_self = self && !function->is_constructor && !function->is_static;
  made.parameters = binding.parameters, made.by_reference = binding.by_reference;
  std::string stem = function->name;
  if (stem.rfind("operator", 0) == 0) stem = "operator_of";
  made.name = fresh(stem);
  defining_.insert(&made);
  define_function(*function, binding, arguments, self, made);
  defining_.erase(&made);
  return made;
}

/// The members of a struct inside its methods, where `self` points to it.
Scope Translator::members_by_self(const Record& record, Space space) {
  Scope scope = scope_of(record);
  for (const Field& field : record.fields) {
    Symbol symbol;
    symbol.value.code = "self->" + variable_name(field.name);
    symbol.value.type = field.type, symbol.value.space = space;
    symbol.value.stored = symbol.value.place = true;
    if (record.lambda) {
      // A field that is a captured variable, or a pointer to one.
      const auto captured = scope.find(field.name);
      if (captured != scope.end()) continue;
    }
    scope[field.name] = symbol;
  }
  Type type;
  type.kind = Type::record, type.of = &record;
  Symbol self;
  self.value.code = "self", self.value.type = pointer_to(type, space);
  if (!record.lambda) scope["this"] = self;
  return scope;
}

void Translator::define_function(const Function& function, const Binding& binding,
                                 const std::vector<Value>& arguments, const Value* self,
                                 Instance& made) {
  Frame inner;
  inner.collective = made.collective;
  inner.divergence = Divergence(meetings_, kernel_.group);
  std::string parameters;
  const auto parameter = [&](const std::string& text) {
    parameters += (parameters.empty() ? "" : ", ") + text;
  };
  if (made.collective) {
    parameter("int active"), parameter("local long* simd_scratch");
    if (!frame().masks.empty()) inner.masks.push_back("active");
  }
  inner.scopes.emplace_back();
  if (self) {
    inner.scopes.back() = function.is_static ? scope_of(*self->type.of)
                                             : members_by_self(*self->type.of, self->space);
    if (made.has_self) parameter(declare(pointer_to(self->type, self->space), "self"));
  }
  inner.scopes.push_back(binding.scope);
  inner.scopes.emplace_back();
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const Declared& declared = function.arguments[i];
    inner.divergence.add(declared.name);
    const std::string name = declared.name.empty() ? fresh("unused") : variable_name(declared.name);
    Symbol symbol;
    Value& value = symbol.value;
    value.code = name, value.type = binding.parameters[i], value.stored = value.place = true;
    if (binding.by_reference[i]) {
      const Space space = arguments[i].space;
      value.space = space;
      if (value.type.kind == Type::array) {
        parameter(declare(pointer_to(*value.type.element, space), name));
      } else {
        parameter(declare(pointer_to(value.type, space), name));
        value.code = "*" + name, value.level = prefixes, value.reference = name;
      }
    } else {
      parameter(declare(value.type, name));
    }
    if (!declared.name.empty()) inner.scopes.back()[declared.name] = symbol;
  }
  Frame* const outer = std::exchange(frame_, &inner);
  try {
    if (function.is_constructor) {
      inner.result = self->type;
      line(declare(self->type, "made") + " = " + initial_text(Node{}, self->type) + ';');
      line(declare(pointer_to(self->type, Space::thread), "self") + " = &made;");
      for (const auto& [name, values] : function.members) {
        const Symbol* member = find_member(inner.scopes[0], name);
        if (!member || values.size() > 1)
          throw Untranslatable(function.place, "the initial value of " + name + ".");
        const Value zero = integer_value(0, integer_type(4, true));
        line(member->value.code + " = " +
             store(values.empty() ? zero : lower(*values[0]), member->value.type, function.place) +
             ';');
      }
    } else if (function.result && function.result->name != "auto") {
      inner.result = resolve(*function.result);
      if (function.result->reference && !function.result->is_const) {
        made.returns_reference = true;
        inner.result = pointer_to(*inner.result, function.result->space == Space::any
                                                     ? (self ? self->space : Space::thread)
                                                     : function.result->space);
      }
    } else if (function.result && function.result->pointers > 0) {
      inner.result.reset();
    }
    inner.returns_reference = made.returns_reference;
    body_of_function(*function.body);
    if (function.is_constructor) line("return made;");
  } catch (...) {
    frame_ = outer;
    throw;
  }
  frame_ = outer;
  made.result = inner.result.value_or(Type());
  std::string text =
      (made.collective ? "MEETING " : "static ") +
      declare(made.result, made.name + '(' + (parameters.empty() ? "void" : parameters) + ')') +
      " {\n";
  for (const std::string& each : inner.lines) text += each + '\n';
  function_text_ += text + "}\n\n";
}

const Symbol* Translator::find_member(const Scope& scope, const std::string& name) {
  const auto found = scope.find(name);
  return found == scope.end() ? nullptr : &found->second;
}

/// A lambda is a struct of what it captures, pointers to variables or copies, with operator().
Value Translator::result_of_lambda(const Node& node) {
  const std::string key = "lambda " + std::to_string(++name_counts_["lambda key"]);
  std::unique_ptr<Record>& made = records_[key];
  made = std::make_unique<Record>();
  made->name = fresh("lambda"), made->lambda = node.function, made->key = key;
  std::set<std::string> names;
  free_names(*node.function->body, names);
  Scope scope;
  std::string text = "typedef struct {\n", initial;
  const auto is_copy = [&](const std::string& name) {
    const auto in = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    return in(node.copies) || (node.by_value && !in(node.references));
  };
  for (const std::string& name : names) {
    const Symbol* symbol = find(name);
    if (!symbol || (frame_ && globals_.count(name) && symbol == &globals_.at(name))) continue;
    if (symbol->kind == Symbol::type || !symbol->value.place) {
      scope[name] = *symbol;
      continue;
    }
    const Value& value = symbol->value;
    const std::string field = variable_name(name);
    Symbol inside;
    inside.value = value;
    if (value.type.kind == Type::array) {
      text += "  " + declare(pointer_to(*value.type.element, value.space), field) + ";\n";
      initial += (initial.empty() ? "" : ", ") + value.code;
      inside.value.code = "self->" + field, inside.value.level = primary;
    } else if (is_copy(name)) {
      text += "  " + declare(value.type, field) + ";\n";
      initial += (initial.empty() ? "" : ", ") + value.code;
      inside.value.code = "self->" + field, inside.value.level = primary;
      inside.value.space = Space::thread, inside.value.reference.clear();
    } else {
      text += "  " + declare(pointer_to(value.type, value.space), field) + ";\n";
      initial += (initial.empty() ? "" : ", ") + address_of(value, node.place).code;
      inside.value.reference = "self->" + field;
      inside.value.code = "*self->" + field, inside.value.level = prefixes;
    }
    scope[name] = inside;
  }
  if (initial.empty()) text += "  uchar nothing;\n", initial = "0";
  record_text_ += text + "} " + made->name + ";\n\n";
  record_scopes_[made.get()] = scope;
  Value value;
  value.type.kind = Type::record, value.type.of = made.get();
  value.code = '(' + made->name + "){" + initial + '}', value.level = prefixes, value.stored = true;
  return value;
}

void Translator::free_names(const Node& node, std::set<std::string>& names) const {
  if (node.kind == Node::name && !node.type) names.insert(node.text);
  const auto of_type = [&](const TypePtr& type) {
    if (!type) return;
    names.insert(type->name);
    for (const TemplateArgument& argument : type->arguments) {
      if (argument.value) free_names(*argument.value, names);
      if (argument.type) names.insert(argument.type->name);
    }
    for (const NodePtr& extent : type->extents)
      if (extent) free_names(*extent, names);
  };
  of_type(node.type);
  for (const TemplateArgument& argument : node.arguments) {
    if (argument.value) free_names(*argument.value, names);
    of_type(argument.type);
  }
  for (const NodePtr& child : node.children)
    if (child) free_names(*child, names);
  for (const Declared& declared : node.declared) {
    of_type(declared.type);
    if (declared.initial) free_names(*declared.initial, names);
    for (const NodePtr& argument : declared.built) free_names(*argument, names);
  }
  if (node.function) free_names(*node.function->body, names);
}

}  // namespace mlx::metal
