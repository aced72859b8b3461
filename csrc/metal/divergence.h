// Which statements hold a meeting of work-items, and which variables may differ between them.
#pragma once

#include <array>
#include <map>
#include <set>

#include "metal/tree.h"

namespace mlx::metal {

/// The names of functions that make the items of a group meet: barriers, simd_ functions, and the
/// functions and lambdas that call them.
class Meetings {
 public:
  static bool is_built_in(const std::string& name);
  /// Adds those of `functions` that call one.
  void add(const std::vector<FunctionPtr>& functions);
  /// Adds the lambdas of a body that call one, by the names of their variables.
  void add_lambdas(const Node& body);
  bool named(const std::string& name) const;
  bool contains(const Node& node) const;

 private:
  std::set<std::string> names_;
};

/// By name, which variables of a function differ between the items that run together. What is
/// assigned under a condition that differs, differs.
class Divergence {
 public:
  Divergence() = default;
  Divergence(const Meetings& meetings, const std::array<int64_t, 3>& group)
      : meetings_(&meetings), group_(group) {}
  void add(const std::string& name) { names_.insert(name); }
  /// Follows the assignments of `body` until nothing is added.
  void follow(const Node& body);
  bool uniform(const Node& expression) const;
  /// Whether break, continue or return in `body` is reached by some items and not by others.
  bool some_leave(const Node& body, bool returns) const;
  /// The same, whether or not they all do.
  bool any_leave(const Node& body) const { return leaves(body, true, true, false); }

 private:
  void visit(const Node& node, int depth);
  void visit_inside(const Node& node, int depth);
  void assigned(const Node& place, bool value_is_uniform, int depth);
  bool uniform_member(const std::string& name, const std::string& part) const;
  bool leaves(const Node& node, bool returns, bool diverged, bool inside) const;

  const Meetings* meetings_ = nullptr;
  std::array<int64_t, 3> group_{1, 1, 1};
  std::set<std::string> names_;
  std::map<std::string, int> declared_at_;  ///< depth of differing conditions at the declaration
};

}  // namespace mlx::metal
