// Local variables. In masked form they are declared for all items and given their value under the
// mask, unless the value is the same for all.
#include <algorithm>

#include "metal/translator.h"

namespace mlx::metal {

void Translator::declaration(const Node& node) {
  for (const Declared& declared : node.declared) declare_one(declared);
}

void Translator::declare_one(const Declared& declared) {
  const TypeName& name = *declared.type;
  if (name.space == Space::threadgroup && name.pointers == 0 && !name.reference)
    return declare_threadgroup(declared, resolve(name));
  std::optional<Value> initial;
  const bool is_list = declared.initial && declared.initial->kind == Node::initial_list;
  if (declared.initial && !is_list) initial = lower(*declared.initial);
  if (name.reference && initial && (initial->place || initial->type.kind == Type::array))
    return declare_reference(declared, *initial);
  Type type;
  if (name.name == "auto" && !initial)
    throw Untranslatable(declared.place, declared.name + " is auto and has no value to go by.");
  if (name.name == "auto") {
    type = initial->type.kind == Type::array ? pointer_to(*initial->type.element, initial->space)
                                             : initial->type;
  } else {
    type = resolve(name);
    if (type.kind == Type::pointer && initial && name.space == Space::any) {
      if (initial->type.kind == Type::pointer) type.space = initial->type.space;
      if (initial->type.kind == Type::array) type.space = initial->space;
    }
    if (type.kind == Type::pointer && initial && initial->type.kind == Type::pointer &&
        type.space == Space::constant)
      type.space = initial->type.space;
  }
  if (type.kind == Type::nothing)
    throw Untranslatable(declared.place, declared.name + " would be void.");
  if (type.kind == Type::array && type.count == 0 && is_list)
    type.count = int64_t(declared.initial->children.size());
  // A constant needs no variable; neither does what is built by a constructor need a list.
  if (initial && type.is_arithmetic() && !type.is_vector() && name.is_const) {
    const Value value = convert(*initial, type, declared.place);
    if (value.constant || (value.literal && name.is_constexpr)) {
      Symbol symbol;
      symbol.value = value;
      return bind(declared.name, symbol);
    }
  }
  if (type.kind == Type::record && (!declared.built.empty() || !initial)) {
    const bool constructs =
        !methods_of(*type.of, type.of->structure ? type.of->structure->name : "").empty();
    if (constructs) {
      Node made;
      made.kind = Node::construct, made.place = declared.place, made.type = declared.type;
      made.children = is_list ? declared.initial->children : declared.built;
      return declare_variable(declared, type, construct(made));
    }
  }
  if (!declared.built.empty()) {
    Node made;
    made.kind = Node::construct, made.place = declared.place, made.type = declared.type;
    made.children = declared.built;
    initial = construct(made);
  }
  declare_variable(declared, type, initial);
}

/// A reference is a pointer to what it refers to.
void Translator::declare_reference(const Declared& declared, const Value& initial) {
  const std::string name = variable_name(declared.name);
  Symbol symbol;
  Value& value = symbol.value;
  value = initial;
  value.stored = value.place = true;
  std::string pointer;
  if (initial.type.kind == Type::array) {
    value.code = name, value.level = primary;
    pointer = declare(pointer_to(*initial.type.element, initial.space), name);
  } else {
    value.code = "*" + name, value.level = prefixes, value.reference = name;
    pointer = declare(pointer_to(initial.type, initial.space), name);
  }
  const std::string source =
      initial.type.kind == Type::array ? initial.code : address_of(initial, declared.place).code;
  if (is_masked()) {
    hoist(pointer);
    guarded([&] { line(name + " = " + source + ';'); });
  } else {
    line(pointer + " = " + source + ';');
  }
  bind(declared.name, symbol);
}

void Translator::declare_variable(const Declared& declared, Type type,
                                  const std::optional<Value>& initial) {
  const std::string name = variable_name(declared.name);
  const bool is_list = !initial && declared.initial;
  Symbol symbol;
  Value& value = symbol.value;
  value.code = name, value.stored = value.place = true;
  std::string text;
  if (initial && type.kind == Type::pointer) {
    const Value pointer = convert(*initial, type, declared.place);
    type = pointer.type, text = pointer.code;
  } else if (initial) {
    text = store(*initial, type, declared.place);
  }
  value.type = type;
  if (is_list) {
    const Node& list = *declared.initial;
    if (is_masked() && !uniform(list)) {
      hoist(declare(type, name));
      guarded([&] { declare_list(name, type, list); });
    } else {
      close_if_masked();
      line(declare(type, name) + " = " + initial_text(list, type) + ';');
    }
  } else if (!initial) {
    const bool defaults = type.kind == Type::record &&
                          std::any_of(type.of->fields.begin(), type.of->fields.end(),
                                      [](const Field& f) { return f.initial != nullptr; });
    if (defaults) {
      close_if_masked();
      line(declare(type, name) + " = " + initial_text(Node{}, type) + ';');
    } else if (is_masked()) {
      hoist(declare(type, name));
    } else {
      line(declare(type, name) + ';');
    }
  } else if (is_masked() && !(declared.initial && uniform(*declared.initial))) {
    hoist(declare(type, name));
    guarded([&] { line(name + " = " + text + ';'); });
  } else {
    close_if_masked();
    line(declare(type, name) + " = " + text + ';');
  }
  bind(declared.name, symbol);
}

void Translator::close_if_masked() {
  if (is_masked()) close_guard();
}

/// Assigns {…} to a variable that is declared already.
void Translator::declare_list(const std::string& name, const Type& type, const Node& list) {
  if (type.kind != Type::array) {
    const bool whole = type.kind == Type::record;
    return line(name + " = " + (whole ? '(' + stored_name(type) + ')' : "") +
                initial_text(list, type) + ';');
  }
  if (type.element->kind == Type::array && !list.children.empty() &&
      list.children[0]->kind != Node::initial_list) {
    size_t next = 0;
    return declare_flat(name, type, list, next);
  }
  for (int64_t i = 0; i < type.count; ++i) {
    const std::string element = name + '[' + std::to_string(i) + ']';
    const NodePtr child = size_t(i) < list.children.size() ? list.children[size_t(i)] : nullptr;
    if (child && child->kind == Node::initial_list)
      declare_list(element, *type.element, *child);
    else if (type.element->kind == Type::array)
      declare_list(element, *type.element, Node{});
    else
      line(element + " = " + (child ? store(lower(*child), *type.element, child->place) : "0") +
           ';');
  }
}

/// The same for arrays of arrays whose inner braces are left out; `next` is the value that is due.
void Translator::declare_flat(const std::string& name, const Type& type, const Node& list,
                              size_t& next) {
  if (type.kind == Type::array) {
    for (int64_t i = 0; i < type.count; ++i)
      declare_flat(name + '[' + std::to_string(i) + ']', *type.element, list, next);
    return;
  }
  const NodePtr child = next < list.children.size() ? list.children[next++] : nullptr;
  line(name + " = " + (child ? store(lower(*child), type, child->place) : "0") + ';');
}

/// Local memory belongs to the kernel, whose outermost block declares it.
void Translator::declare_threadgroup(const Declared& declared, Type type) {
  if (declared.initial)
    throw Untranslatable(declared.place,
                         "a threadgroup variable with a value; assign it and meet at a barrier.");
  if (!frame().is_kernel)
    throw Untranslatable(
        declared.place,
        "a threadgroup variable in a function; declare it in the kernel and pass a pointer.");
  Symbol symbol;
  symbol.value.code = fresh(declared.name);
  symbol.value.type = type, symbol.value.space = Space::threadgroup;
  symbol.value.stored = symbol.value.place = true;
  threadgroup_text_ += "  local " + declare(type, symbol.value.code) + ";\n";
  bind(declared.name, symbol);
}

}  // namespace mlx::metal
