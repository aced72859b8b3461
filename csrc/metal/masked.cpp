// The masked form: all items of a group walk through statements that hold a meeting, each with a
// mask that says whether it takes part.
//
// A block is entered when any item takes part, so what is the same for all items can be computed by
// all of them there. A branch whose meetings are in its own statements is always walked through,
// and all that it computes is under the mask: barriers in a branch that whole groups pass by are
// what PoCL may compile wrongly, and asking costs more than two meetings. break, continue and
// return clear masks: that of the loop or function and all inside it.
#include <algorithm>

#include "metal/translator.h"

namespace mlx::metal {

/// Statements under the mask; neighbours share one `if`.
void Translator::guarded(const std::function<void()>& body) {
  Frame& f = frame();
  if (f.masks.empty() || f.in_guard) return body();
  f.guard_line = f.lines.size();
  line("if (" + f.mask() + ") {");
  ++f.indent;
  f.in_guard = true, f.nested = f.plain_loops = f.plain_switches = 0;
  body();
}

void Translator::close_guard() {
  Frame& f = frame();
  if (!f.in_guard) return;
  f.in_guard = false;
  --f.indent;
  line("}");
  if (f.leave.empty()) return;
  line(std::exchange(f.leave, "") + ":;");
  // Once all items have returned, nothing they share can be computed any more.
  if (f.masks.size() == 1 && f.loops.empty())
    line(std::string("if (!any_item(") + f.mask() + ", simd_scratch)) return" +
         (f.result && f.result->kind != Type::nothing ? " given;" : ";"));
}

/// Declares for all items what is assigned under the mask.
void Translator::hoist(const std::string& declaration) {
  Frame& f = frame();
  if (!f.in_guard || f.nested > 0) return line(declaration + ';');
  f.lines.insert(f.lines.begin() + long(f.guard_line),
                 std::string(size_t(2 * (f.indent - 1)), ' ') + declaration + ';');
  ++f.guard_line;
}

/// After statements with meetings that some groups pass by. Without this barrier PoCL makes what
/// follows a part of either way, and there gives all items values of the first.
void Translator::meet_again() {
  line("barrier(CLK_LOCAL_MEM_FENCE);");
}

void Translator::exit_masks(size_t from) {
  Frame& f = frame();
  std::string text;
  for (size_t i = from; i < f.masks.size(); ++i) text += f.masks[i] + " = ";
  line(text + "0;");
  if (f.leave.empty()) f.leave = fresh("leave");
  line("goto " + f.leave + ';');
}

/// A new mask: the items of the present one for which the condition holds.
std::string Translator::condition_mask(const NodePtr& condition, const char* stem) {
  Frame& f = frame();
  const std::string name = fresh(stem);
  const Value value = convert(lower_computed(*condition), boolean_type(), condition->place);
  if (f.masks.empty()) {
    line("int " + name + " = " + value.code + ';');
    return name;
  }
  close_guard();
  line("int " + name + " = 0;");
  line("if (" + f.mask() + ") " + name + " = " + value.code + ';');
  return name;
}

/// Whether the meetings of a branch are in its own statements, and in none inside of those.
bool Translator::meets_directly(const Node& node) const {
  if (node.kind == Node::expression || node.kind == Node::declare) return true;
  if (node.kind != Node::block) return !meets(node);
  return std::all_of(node.children.begin(), node.children.end(),
                     [&](const NodePtr& child) { return !child || meets_directly(*child); });
}

void Translator::masked_choose(const Node& node) {
  Frame& f = frame();
  const NodePtr& condition = node.children[0];
  const NodePtr other = node.children.size() > 2 ? node.children[2] : nullptr;
  close_guard();
  if (uniform(*condition)) {
    const Value value = convert(lower_computed(*condition), boolean_type(), node.place);
    if (value.constant) {
      if (*value.constant)
        braces("", [&] { statements(*node.children[1]); });
      else if (other)
        braces("", [&] { statements(*other); });
      return;
    }
    braces("if (" + value.code + ")", [&] { statements(*node.children[1]); });
    if (other) braces("else", [&] { statements(*other); });
    meet_again();
    return;
  }
  const std::string taken = condition_mask(condition, "taken");
  std::string rest;
  if (other) {
    rest = fresh("rest");
    line("int " + rest + " = " + (f.masks.empty() ? "!" + taken : f.mask() + " && !" + taken) +
         ';');
  }
  const auto branch = [&](const std::string& mask, const Node& body) {
    f.masks.push_back(mask);
    if (meets_directly(body)) {
      const bool alone = std::exchange(f.alone, true);
      braces("", [&] { statements(body); });
      f.alone = alone;
      f.masks.pop_back();
      return;
    }
    braces("if (any_item(" + mask + ", simd_scratch))", [&] { statements(body); });
    f.masks.pop_back();
    meet_again();
  };
  branch(taken, *node.children[1]);
  if (other) branch(rest, *other);
}

void Translator::masked_loop(const Node& node) {
  Frame& f = frame();
  const bool is_for = node.kind == Node::loop_for;
  const NodePtr condition = node.children[is_for ? 1 : 0],
                step = is_for ? node.children[2] : nullptr;
  const Node& body = *node.children.back();
  const bool together = (!condition || (uniform(*condition) && !meets(*condition))) &&
                        !f.divergence.some_leave(body, true) &&
                        (f.masks.empty() || !f.divergence.any_leave(body));
  close_guard();
  braces("", [&] {
    if (is_for && node.children[0]) statement(*node.children[0]);
    close_guard();
    const auto truth = [&] {
      return condition ? convert(lower_computed(*condition), boolean_type(), node.place).code
                       : std::string("1");
    };
    if (together) {
      f.loops.push_back({0, 0, true});
      const auto inner = [&] { statements(body); };
      if (node.kind == Node::loop_do) {
        braces("do", inner);
        f.lines.back() += " while (" + truth() + ");";
      } else {
        const std::string held = truth();
        braces("for (; " + held + "; " + (step ? lower(*step).code : "") + ")", inner);
      }
      f.loops.pop_back();
      return;
    }
    const std::string stay = fresh("stay"), turn = fresh("turn");
    line("int " + stay + " = " + (f.masks.empty() ? "1" : f.mask()) + ';');
    f.masks.push_back(stay);
    braces("for (;;)", [&] {
      const auto test = [&] {
        if (!condition) return;
        const std::string held = truth();
        guarded([&] { line(stay + " = " + held + ';'); });
        close_guard();
      };
      const auto all_left = [&] { line("if (!any_item(" + stay + ", simd_scratch)) break;"); };
      if (node.kind != Node::loop_do) test();
      all_left();
      line("int " + turn + " = " + stay + ';');
      f.loops.push_back({f.masks.size() - 1, f.masks.size(), false});
      f.masks.push_back(turn);
      braces("", [&] { statements(body); });
      f.masks.pop_back();
      f.loops.pop_back();
      if (step) {
        const Value value = lower(*step);
        guarded([&] { line(value.code + ';'); });
        close_guard();
      }
      if (node.kind == Node::loop_do) test();
    });
    f.masks.pop_back();
    meet_again();
  });
}

}  // namespace mlx::metal
