// Statements where all items take the same way, or where none of them meets another.
#include "metal/translator.h"

namespace mlx::metal {

void Translator::line(const std::string& text) {
  frame().lines.push_back(std::string(size_t(2 * frame().indent), ' ') + text);
}

void Translator::braces(const std::string& head, const std::function<void()>& body) {
  line(head.empty() ? "{" : head + " {");
  ++frame().indent, frame().nested += frame().in_guard;
  const bool inside = frame().in_guard;
  scoped(body);
  if (!inside) close_guard();
  --frame().indent, frame().nested -= frame().in_guard;
  line("}");
}

void Translator::scoped(const std::function<void()>& body) {
  frame().scopes.emplace_back();
  body();
  frame().scopes.pop_back();
}

void Translator::statements(const Node& block) {
  if (block.kind != Node::block) return statement(block);
  for (const NodePtr& child : block.children) statement(*child);
}

void Translator::statement(const Node& node) {
  if (frame().collective && meets(node)) {
    switch (node.kind) {
      case Node::block:
        close_guard();
        return braces("", [&] { statements(node); });
      case Node::choose:
        return masked_choose(node);
      case Node::loop_for:
      case Node::loop_while:
      case Node::loop_do:
        return masked_loop(node);
      case Node::select:
        if (!frame().masks.empty() || !uniform(*node.children[0]))
          throw Untranslatable(node.place,
                               "a switch with a simd_ function or barrier that only some "
                               "work-items may reach; write it as if and else.");
        return plain_select(node);
      default:
        break;
    }
  }
  plain_statement(node);
}

void Translator::plain_statement(const Node& node) {
  switch (node.kind) {
    case Node::block:
      return guarded([&] { braces("", [&] { statements(node); }); });
    case Node::declare:
      return declaration(node);
    case Node::expression:
      return expression_statement(node);
    case Node::choose:
      return guarded([&] { plain_choose(node); });
    case Node::loop_for:
    case Node::loop_while:
    case Node::loop_do:
      return guarded([&] { plain_loop(node); });
    case Node::select:
      return guarded([&] { plain_select(node); });
    case Node::give_back:
      return give_back(node);
    case Node::leave:
    case Node::proceed:
      return leave(node);
    case Node::alias:
      return bind_type(frame().scopes.back(), node.text, resolve(*node.type));
    case Node::record:
      if (node.structure->is_enum) return enumeration(*node.structure);
      structs_[node.structure->name] = {node.structure};
      meetings_.add(node.structure->methods);
      return;
    case Node::label: {
      const std::string value =
          node.text == "case" ? "case " + std::to_string(constant_of(node.children[0], "a case"))
                              : "default";
      --frame().indent;
      line(value + ":;");
      ++frame().indent;
      return;
    }
    default:
      return;
  }
}

/// A local variable that is the same for all is assigned by all, masked or not, so that conditions
/// on it hold for all.
void Translator::expression_statement(const Node& node) {
  const Node& inner = *node.children[0];
  const auto is_local = [&](const Node& place) {
    return place.kind == Node::name && uniform(place) && find(place.text);
  };
  const bool counts = inner.kind == Node::postfix ||
                      (inner.kind == Node::unary && (inner.text == "++" || inner.text == "--"));
  const bool by_all =
      frame().collective && !frame().masks.empty() && frame().nested == 0 &&
      ((counts && is_local(*inner.children[0])) ||
       (inner.kind == Node::assign && is_local(*inner.children[0]) && uniform(*inner.children[1])));
  const Value value = lower(inner);
  if (value.code.empty() || (value.level == primary && value.code.rfind("met_", 0) == 0)) return;
  if (by_all) {
    close_guard();
    return line(value.code + ';');
  }
  guarded([&] { line(value.code + ';'); });
}

void Translator::plain_choose(const Node& node) {
  const Value condition = convert(lower_computed(*node.children[0]), boolean_type(), node.place);
  if (condition.constant) {
    if (*condition.constant)
      braces("", [&] { statements(*node.children[1]); });
    else if (node.children.size() > 2)
      braces("", [&] { statements(*node.children[2]); });
    return;
  }
  braces("if (" + condition.code + ")", [&] { statements(*node.children[1]); });
  if (node.children.size() > 2) braces("else", [&] { statements(*node.children[2]); });
}

void Translator::plain_loop(const Node& node) {
  const auto unroll = [&] {
    if (!node.unroll.empty()) line("#pragma " + node.unroll);
  };
  const auto body = [&] {
    frame().plain_loops += frame().in_guard;
    statements(*node.children.back());
    frame().plain_loops -= frame().in_guard;
  };
  const auto condition_text = [&](const NodePtr& condition) {
    return condition ? convert(lower_computed(*condition), boolean_type(), node.place).code : "";
  };
  if (node.kind == Node::loop_while) {
    const std::string condition = condition_text(node.children[0]);
    unroll();
    return braces("while (" + condition + ")", body);
  }
  if (node.kind == Node::loop_do) {
    unroll();
    braces("do", body);
    frame().lines.back() += " while (" + condition_text(node.children[0]) + ");";
    return;
  }
  scoped([&] {
    // The variable of the loop is declared in its head where C can say it there.
    std::vector<std::string> before;
    if (node.children[0]) {
      std::vector<std::string> outer = std::exchange(frame().lines, {});
      ++frame().nested;
      plain_statement(*node.children[0]);
      --frame().nested;
      before = std::exchange(frame().lines, std::move(outer));
    }
    std::string initial;
    if (before.size() == 1) {
      initial = before[0].substr(before[0].find_first_not_of(' '));
      initial.pop_back();
    }
    const bool block = before.size() > 1;
    if (block) {
      line("{");
      frame().lines.insert(frame().lines.end(), before.begin(), before.end());
    }
    const std::string condition = condition_text(node.children[1]);
    const std::string step = node.children[2] ? lower(*node.children[2]).code : "";
    unroll();
    braces("for (" + initial + "; " + condition + "; " + step + ")", body);
    if (block) line("}");
  });
}

void Translator::plain_select(const Node& node) {
  const Value value = lower_computed(*node.children[0]);
  frame().plain_switches += frame().in_guard;
  braces("switch (" + value.code + ")", [&] { statements(*node.children[1]); });
  frame().plain_switches -= frame().in_guard;
}

void Translator::give_back(const Node& node) {
  Frame& f = frame();
  std::string text;
  if (!node.children.empty() && !(f.result && f.result->kind == Type::nothing)) {
    const Node& given = *node.children[0];
    if (given.kind == Node::initial_list && f.result) {
      const bool whole = f.result->kind == Type::record;
      text = (whole ? '(' + stored_name(*f.result) + ')' : "") + initial_text(given, *f.result);
    } else {
      const Value value = lower(given);
      if (!f.result) {
        f.result = value.type.kind == Type::array ? pointer_to(*value.type.element, value.space)
                                                  : value.type;
        if (!f.masks.empty()) {
          f.lines.insert(f.lines.begin(), "  " + declare_defined(*f.result, "given") + ';');
          f.guard_line += f.in_guard;
        }
      }
      text = f.returns_reference ? address_of(value, node.place).code
                                 : store(value, *f.result, node.place);
      if (f.returns_reference) f.result->space = value.space;
    }
  } else if (!node.children.empty()) {
    text = lower(*node.children[0]).code;  // return f(), which returns nothing
    guarded([&] { line(text + ';'); });
    text.clear();
  } else if (!f.result && !f.is_kernel) {
    f.result = Type();
  }
  if (f.masks.empty()) return line(text.empty() ? "return;" : "return " + text + ';');
  guarded([&] {
    if (!text.empty()) line("given = " + text + ';');
    exit_masks(0);
  });
}

void Translator::leave(const Node& node) {
  Frame& f = frame();
  const bool goes_on = node.kind == Node::proceed;
  const char* const plain = goes_on ? "continue;" : "break;";
  if (f.plain_loops > 0 || (!goes_on && f.plain_switches > 0) || f.loops.empty() ||
      f.loops.back().plain)
    return line(plain);
  guarded([&] { exit_masks(goes_on ? f.loops.back().turn : f.loops.back().stay); });
}

void Translator::body_of_function(const Node& body) {
  Frame& f = frame();
  if (f.collective) {
    f.divergence.follow(body);
    if (f.masks.empty() && f.divergence.some_leave(body, true)) {
      if (f.is_kernel) line("int active = 1;");
      f.masks.push_back("active");
    }
    if (!f.masks.empty() && f.result && f.result->kind != Type::nothing)
      line(declare_defined(*f.result, "given") + ';');
  }
  scoped([&] { statements(body); });
  close_guard();
  if (!f.masks.empty() && f.result && f.result->kind != Type::nothing) line("return given;");
}

}  // namespace mlx::metal
