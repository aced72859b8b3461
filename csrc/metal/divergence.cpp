// The analysis is by name and errs to the side of "differs", which costs a vote and no more.
#include "metal/divergence.h"

namespace mlx::metal {
namespace {

bool starts_with(const std::string& text, const char* start) {
  return text.rfind(start, 0) == 0;
}

template <typename Visit>
bool any_child(const Node& node, const Visit& visit) {
  for (const NodePtr& child : node.children)
    if (child && visit(*child)) return true;
  for (const Declared& declared : node.declared) {
    if (declared.initial && visit(*declared.initial)) return true;
    for (const NodePtr& argument : declared.built)
      if (visit(*argument)) return true;
  }
  return false;
}

const std::string& called(const Node& call) {
  static const std::string none;
  const Node& callee = *call.children[0];
  return callee.kind == Node::name || callee.kind == Node::member ? callee.text : none;
}

/// The variable that `a.b[i]` is a part of.
const Node* root_of(const Node& place) {
  const Node* node = &place;
  while (node->kind == Node::index || node->kind == Node::member ||
         (node->kind == Node::unary && (node->text == "*" || node->text == "&")))
    node = node->children[0].get();
  return node->kind == Node::name ? node : nullptr;
}

}  // namespace

bool Meetings::is_built_in(const std::string& name) {
  return starts_with(name, "simd_") || starts_with(name, "quad_") ||
         name == "threadgroup_barrier" || name == "simdgroup_barrier" ||
         name == "simdgroup_multiply_accumulate" || name == "simdgroup_multiply";
}

bool Meetings::named(const std::string& name) const {
  return is_built_in(name) || names_.count(name) > 0;
}

bool Meetings::contains(const Node& node) const {
  if (node.kind == Node::call && named(called(node))) return true;
  if (node.kind == Node::lambda) return false;  // where it is called
  if (node.kind == Node::construct && node.type && names_.count(node.type->name)) return true;
  return any_child(node, [&](const Node& child) { return contains(child); });
}

void Meetings::add(const std::vector<FunctionPtr>& functions) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const FunctionPtr& function : functions)
      if (function->body && !names_.count(function->name)) {
        add_lambdas(*function->body);
        if (contains(*function->body)) grown = names_.insert(function->name).second;
      }
  }
}

void Meetings::add_lambdas(const Node& body) {
  for (const Declared& declared : body.declared)
    if (declared.initial && declared.initial->kind == Node::lambda) {
      add_lambdas(*declared.initial->function->body);
      if (contains(*declared.initial->function->body)) names_.insert(declared.name);
    }
  for (const NodePtr& child : body.children)
    if (child) add_lambdas(*child);
}

void Divergence::follow(const Node& body) {
  for (size_t before = names_.size() + 1; before != names_.size();) {
    before = names_.size();
    visit(body, 0);
  }
}

bool Divergence::uniform_member(const std::string& name, const std::string& part) const {
  if (name != "thread_position_in_grid" && name != "thread_position_in_threadgroup") return false;
  const size_t at = part.size() == 1 ? std::string("xyz").find(part) : 3;
  return at < 3 && group_[at] == 1;
}

bool Divergence::uniform(const Node& node) const {
  const auto all_children = [&] {
    return !any_child(node, [&](const Node& child) { return !uniform(child); });
  };
  switch (node.kind) {
    case Node::name: {
      if (starts_with(node.text, "thread_index_in_")) return group_[0] * group_[1] * group_[2] == 1;
      if (node.text == "thread_position_in_grid" || node.text == "thread_position_in_threadgroup")
        return group_[0] * group_[1] * group_[2] == 1;
      if (node.text == "simdgroup_index_in_threadgroup")
        return group_[0] * group_[1] * group_[2] <= 32;
      if (node.text == "threads_per_threadgroup") return true;
      return !names_.count(node.text);
    }
    case Node::member:
      if (node.children[0]->kind == Node::name && uniform_member(node.children[0]->text, node.text))
        return true;
      return all_children();
    case Node::call: {
      const std::string& name = called(node);
      if (meetings_->named(name) || starts_with(name, "atomic_")) return false;
      return all_children();
    }
    case Node::assign:
    case Node::postfix:
    case Node::lambda:
      return false;
    case Node::unary:
      return node.text != "++" && node.text != "--" && all_children();
    default:
      return all_children();
  }
}

void Divergence::assigned(const Node& place, bool value_is_uniform, int depth) {
  const Node* root = root_of(place);
  if (!root) return;
  const auto declared = declared_at_.find(root->text);
  bool part_is_uniform = true;
  for (const Node* node = &place; node != root; node = node->children[0].get())
    if (node->kind == Node::index) part_is_uniform &= uniform(*node->children[1]);
  if (!value_is_uniform || !part_is_uniform ||
      depth > (declared == declared_at_.end() ? 0 : declared->second))
    names_.insert(root->text);
}

void Divergence::visit(const Node& node, int depth) {
  if (node.kind != Node::block && node.kind != Node::loop_for) return visit_inside(node, depth);
  // What is declared inside hides what has the same name outside until the end of the scope.
  const std::map<std::string, int> outside = declared_at_;
  visit_inside(node, depth);
  declared_at_ = outside;
}

void Divergence::visit_inside(const Node& node, int depth) {
  const auto children = [&](int at) {
    any_child(node, [&](const Node& child) { return visit(child, at), false; });
  };
  switch (node.kind) {
    case Node::declare:
      for (const Declared& declared : node.declared) {
        declared_at_[declared.name] = depth;
        bool same = !declared.initial || uniform(*declared.initial);
        for (const NodePtr& argument : declared.built) same &= uniform(*argument);
        if (!same) names_.insert(declared.name);
      }
      return children(depth);
    case Node::assign:
      assigned(*node.children[0], uniform(*node.children[1]), depth);
      return children(depth);
    case Node::postfix:
      assigned(*node.children[0], true, depth);
      return children(depth);
    case Node::unary:
      if (node.text == "++" || node.text == "--") assigned(*node.children[0], true, depth);
      return children(depth);
    case Node::call:
      // A function may write through what it is given.
      for (size_t i = 1; i < node.children.size(); ++i)
        if (const Node* root = root_of(*node.children[i]); root && !uniform(node))
          assigned(*root, false, depth);
      if (node.children[0]->kind == Node::member)
        if (const Node* root = root_of(*node.children[0]->children[0]); root && !uniform(node))
          assigned(*root, false, depth);
      return children(depth);
    case Node::lambda:
      return visit(*node.function->body, depth + 1);
    case Node::choose:
      return children(depth + !uniform(*node.children[0]));
    case Node::select:
      return children(depth + !uniform(*node.children[0]));
    case Node::ternary:
      return children(depth + !uniform(*node.children[0]));
    case Node::loop_while:
    case Node::loop_do:
      return children(depth + (!uniform(*node.children[0]) || some_leave(*node.children[1], true)));
    case Node::loop_for: {
      if (node.children[0]) visit(*node.children[0], depth);
      const bool differs =
          (node.children[1] && !uniform(*node.children[1])) || some_leave(*node.children[3], true);
      for (size_t i = 1; i < 4; ++i)
        if (node.children[i]) visit(*node.children[i], depth + differs);
      return;
    }
    default:
      return children(depth);
  }
}

bool Divergence::some_leave(const Node& body, bool returns) const {
  return leaves(body, returns, false, false);
}

bool Divergence::leaves(const Node& node, bool returns, bool diverged, bool inside) const {
  switch (node.kind) {
    case Node::give_back:
      return diverged && returns;
    case Node::leave:
    case Node::proceed:
      return diverged && !inside;
    case Node::loop_for:
    case Node::loop_while:
    case Node::loop_do: {
      const NodePtr& condition = node.children[node.kind == Node::loop_for ? 1 : 0];
      diverged |= condition && !uniform(*condition);
      diverged |= leaves(*node.children.back(), false, false, false);
      inside = true;
      break;
    }
    case Node::choose:
    case Node::select:
      diverged |= !uniform(*node.children[0]);
      inside |= node.kind == Node::select;
      break;
    case Node::lambda:
      return false;
    default:
      break;
  }
  return any_child(node,
                   [&](const Node& child) { return leaves(child, returns, diverged, inside); });
}

}  // namespace mlx::metal
