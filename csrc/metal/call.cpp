// Calls: of functions, methods and lambdas of the text, and of what Metal has built in.
#include "metal/translator.h"

namespace mlx::metal {

std::vector<Value> Translator::lower_arguments(const Node& call) {
  std::vector<Value> arguments;
  for (size_t i = 1; i < call.children.size(); ++i) arguments.push_back(lower(*call.children[i]));
  return arguments;
}

Value Translator::call(const Node& node) {
  const Node& callee = *node.children[0];
  if (callee.kind == Node::member) {
    const Value object = lower(*callee.children[0]);
    const std::vector<Value> arguments = lower_arguments(node);
    if (object.type.kind == Type::matrix && callee.text == "thread_elements") return object;
    return call_method(object, callee.text, &callee, arguments, node.place);
  }
  if (callee.kind != Node::name) {
    const Value object = lower(callee);
    return call_method(object, "operator()", nullptr, lower_arguments(node), node.place);
  }
  if (callee.type) {  // S::f(…)
    if (const auto value = limit(*callee.type, callee.text, node.place)) return *value;
    const Type owner = resolve_base(*callee.type);
    if (owner.kind != Type::record)
      throw Untranslatable(node.place, callee.type->name + " has no function " + callee.text + ".");
    Value object;
    object.type = owner;
    return call_method(object, callee.text, &callee, lower_arguments(node), node.place);
  }
  if (const Symbol* symbol = find(callee.text); symbol && symbol->kind == Symbol::variable)
    return call_method(symbol->value, "operator()", nullptr, lower_arguments(node), node.place);
  // Inside a method, the methods of its struct.
  if (const Symbol* self = find("this"); self && self->value.type.kind == Type::pointer) {
    const Value object = dereferenced(self->value, node.place);
    if (!methods_of(*object.type.of, callee.text).empty())
      return call_method(object, callee.text, &callee, lower_arguments(node), node.place);
  }
  const auto found = functions_.find(callee.text);
  if (found != functions_.end()) {
    const std::vector<Value> arguments = lower_arguments(node);
    return call_function(found->second, &callee, arguments, nullptr, callee.text, node.place);
  }
  if (const auto type = built_in_type(callee.text)) {
    Node made = node;
    made.kind = Node::construct;
    auto name = std::make_shared<TypeName>();
    name->name = callee.text, name->place = node.place;
    made.type = name;
    made.children.erase(made.children.begin());
    return construct(made);
  }
  if (const auto value = builtin(callee.text, node, lower_arguments(node))) return *value;
  throw Untranslatable(
      node.place,
      "the function " + callee.text +
          " is neither in the header nor one that is translated; write it in the header.");
}

Value Translator::call_method(const Value& object, const std::string& name, const Node* callee,
                              const std::vector<Value>& arguments, Place place) {
  if (object.type.kind != Type::record)
    throw Untranslatable(place,
                         object.code + " is a " + shown(object.type) + " and cannot be called.");
  const std::vector<FunctionPtr> methods = methods_of(*object.type.of, name);
  if (methods.empty()) throw Untranslatable(place, "the struct has no function " + name + ".");
  return call_function(methods, callee, arguments, &object, name, place);
}

Value Translator::call_function(const std::vector<FunctionPtr>& candidates, const Node* callee,
                                const std::vector<Value>& arguments, const Value* self,
                                const std::string& shown_name, Place place) {
  FunctionPtr best;
  Binding chosen;
  int least = -1;
  for (const FunctionPtr& candidate : candidates) {
    if (!candidate->body) continue;
    const auto binding = bind_parameters(*candidate, callee, arguments, self);
    if (!binding) continue;
    int distance = candidate->parameters.empty() ? 0 : 1;
    for (const int each : binding->ranks)
      distance = each < 0 || distance < 0 ? -1 : distance + 8 * each;
    if (distance < 0 || (best && distance >= least)) continue;
    best = candidate, chosen = *binding, least = distance;
  }
  if (!best) {
    std::string types;
    for (const Value& argument : arguments)
      types += (types.empty() ? "" : ", ") + shown(argument.type);
    throw Untranslatable(place, "no " + shown_name + " of the header takes (" + types + ").");
  }
  std::vector<Value> all = arguments;
  for (size_t i = all.size(); i < best->arguments.size(); ++i)
    all.push_back(lower(*best->arguments[i].initial));
  const Instance& instance = instantiate(best, chosen, all, self);
  return call_instance(instance, all, self, place);
}

Value Translator::call_instance(const Instance& instance, const std::vector<Value>& arguments,
                                const Value* self, Place place) {
  std::string text;
  const auto add = [&](const std::string& argument) {
    text += (text.empty() ? "" : ", ") + argument;
  };
  const auto guard = [&](const std::string& code, const Type& type) {
    return instance.collective ? for_meeting(code, type) : code;
  };
  if (instance.collective) add(present_mask()), add("simd_scratch");
  if (self && instance.has_self) {
    Value object = *self;
    if (!object.place) {
      const std::string name = fresh("object");
      hoist(declare(object.type, name));
      guarded([&] { line(name + " = " + object.code + ';'); });
      object.code = name, object.place = true, object.level = primary;
    }
    add(address_of(object, place).code);
  }
  for (size_t i = 0; i < instance.parameters.size(); ++i) {
    const Type& type = instance.parameters[i];
    if (!instance.by_reference[i])
      add(guard(store(arguments[i], type, place), type));
    else if (type.kind == Type::array)
      add(arguments[i].code);
    else
      add(guard(address_of(arguments[i], place).code, pointer_to(type, arguments[i].space)));
  }
  Value result;
  result.code = instance.name + '(' + text + ')', result.type = instance.result,
  result.stored = true;
  if (instance.collective) return meet(result.code, instance.result);
  if (instance.returns_reference) {
    const Type pointer = result.type;
    Value target;
    target.code = "*" + result.code, target.level = prefixes, target.reference = result.code;
    target.type = *pointer.element, target.space = pointer.space,
    target.stored = target.place = true;
    return target;
  }
  return result;
}

/// What some items may not compute is computed under their mask, before the meeting.
std::string Translator::for_meeting(const std::string& code, const Type& type) {
  if (frame().masks.empty() || type.kind == Type::array) return code;
  const std::string name = fresh("argument");
  hoist(declare_defined(type, name));
  guarded([&] { line(name + " = " + code + ';'); });
  return name;
}

/// A call that all items make, before the statement that holds it; its value has the stored form.
Value Translator::meet(const std::string& call, const Type& type) {
  close_guard();
  Value result;
  result.type = type, result.stored = true;
  if (type.kind == Type::nothing) {
    line(call + ';');
    return result;
  }
  result.code = fresh("met");
  line(declare(type, result.code) + " = " + call + ';');
  return result;
}

}  // namespace mlx::metal
