// Structs with their template arguments filled in.
#include "metal/translator.h"

namespace mlx::metal {

const Record* Translator::record_named(const TypeName& type) {
  const std::vector<StructPtr>& candidates = structs_.at(type.name);
  std::vector<std::pair<Symbol, std::string>> given;
  for (const TemplateArgument& argument : type.arguments) {
    Symbol symbol;
    if (argument.type || named_type(argument.value)) {
      symbol.kind = Symbol::type, symbol.named = argument_type(argument);
      given.emplace_back(symbol, shown(symbol.named));
    } else {
      symbol.value = lower(*argument.value);
      given.emplace_back(symbol, symbol.value.code);
    }
  }
  const auto specialised = [&](const Struct& structure) {
    if (structure.specialised.size() != given.size()) return false;
    for (size_t i = 0; i < given.size(); ++i) {
      const TemplateArgument& wanted = structure.specialised[i];
      const bool is_type = wanted.type || named_type(wanted.value);
      if ((is_type ? shown(argument_type(wanted)) : lower(*wanted.value).code) != given[i].second)
        return false;
    }
    return true;
  };
  StructPtr chosen;
  for (const StructPtr& each : candidates) {
    if (!each->specialised.empty() && specialised(*each)) {
      chosen = each;
      break;
    }
    if (each->specialised.empty() && !chosen) chosen = each;
  }
  if (!chosen)
    throw Untranslatable(type.place, "no struct " + type.name + " fits these template arguments.");
  std::string key = type.name;
  Scope bound;
  for (size_t i = 0; i < chosen->parameters.size(); ++i) {
    const TemplateParameter& parameter = chosen->parameters[i];
    if (i >= given.size()) {
      if (!parameter.initial.type && !parameter.initial.value)
        throw Untranslatable(type.place,
                             type.name + " needs a template argument " + parameter.name + ".");
      Symbol symbol;
      if (parameter.is_type)
        symbol.kind = Symbol::type, symbol.named = argument_type(parameter.initial);
      else
        symbol.value = lower(*parameter.initial.value);
      given.emplace_back(symbol, parameter.is_type ? shown(symbol.named) : symbol.value.code);
    }
    if (!parameter.is_type && parameter.type->name != "auto")
      given[i].first.value = convert(given[i].first.value, resolve(*parameter.type), type.place);
    bound[parameter.name] = given[i].first;
  }
  for (const auto& [symbol, text] : given) key += ' ' + text;
  return record_of(chosen, std::move(bound), key);
}

const Record* Translator::record_of(const StructPtr& structure, Scope bound,
                                    const std::string& key) {
  std::unique_ptr<Record>& made = records_[key + '#' + std::to_string(size_t(structure.get()))];
  if (made) return made.get();
  made = std::make_unique<Record>();
  Record* record = made.get();
  record->name = fresh(structure->name.empty() ? "record" : structure->name);
  record->structure = structure, record->key = key;
  Type self;
  self.kind = Type::record, self.of = record;
  bind_type(bound, structure->name, self);
  Frame inner;
  inner.scopes = {bound};
  if (frame_ && frame_->scopes.size() > 0)
    inner.scopes.insert(inner.scopes.begin(), frame_->scopes.begin(), frame_->scopes.end());
  Frame* const outer = std::exchange(frame_, &inner);
  for (const NodePtr& alias : structure->aliases)
    bind_type(inner.scopes.back(), alias->text, resolve(*alias->type));
  for (const Declared& constant : structure->constants) {
    if (!constant.initial) continue;
    Symbol symbol;
    const Type type = constant.type->name == "auto" ? Type() : resolve(*constant.type);
    if (type.kind == Type::array) continue;
    symbol.value = lower(*constant.initial);
    if (type.kind != Type::nothing) symbol.value = convert(symbol.value, type, constant.place);
    inner.scopes.back()[constant.name] = symbol;
  }
  std::string text = "typedef struct {\n";
  for (const Declared& field : structure->fields) {
    if (field.type->reference)
      throw Untranslatable(field.place, "a member that is a reference; make it a pointer.");
    const Type type = resolve(*field.type);
    record->fields.push_back({field.name, type, field.initial});
    text += "  " + declare(type, variable_name(field.name)) + ";\n";
  }
  if (record->fields.empty()) text += "  uchar nothing;\n";
  frame_ = outer;
  record_text_ += text + "} " + record->name + ";\n\n";
  record_scopes_[record] = inner.scopes.back();
  return record;
}

Scope Translator::scope_of(const Record& record) {
  const auto found = record_scopes_.find(&record);
  return found == record_scopes_.end() ? Scope() : found->second;
}

std::vector<FunctionPtr> Translator::methods_of(const Record& record,
                                                const std::string& name) const {
  std::vector<FunctionPtr> methods;
  if (record.lambda && name == "operator()") methods.push_back(record.lambda);
  if (record.structure)
    for (const FunctionPtr& method : record.structure->methods)
      if (method->name == name) methods.push_back(method);
  return methods;
}

std::optional<Value> Translator::constant_in(const Record& record, const std::string& name) {
  const Scope members = scope_of(record);
  const auto found = members.find(name);
  if (found == members.end() || found->second.kind != Symbol::variable) return {};
  return found->second.value;
}

/// The names of an enum are constants of int.
void Translator::enumeration(const Struct& structure) {
  int64_t next = 0;
  for (const Declared& constant : structure.constants) {
    if (constant.initial) next = constant_of(constant.initial, "a value of an enum");
    Symbol symbol;
    symbol.value = integer_value(next++, integer_type(4, true));
    (frame_ ? frame_->scopes.back() : globals_)[constant.name] = symbol;
  }
  if (!structure.name.empty())
    bind_type(frame_ ? frame_->scopes.back() : globals_, structure.name, integer_type(4, true));
}

}  // namespace mlx::metal
