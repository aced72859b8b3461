// From tokens to a tree: the subset of C++14 that Metal kernels are written in.
#pragma once

#include <set>

#include "metal/tree.h"

namespace mlx::metal {

/// Which names are types and which templates, where the grammar depends on it. Blocks open scopes.
class KnownNames {
 public:
  KnownNames();
  bool is_type(const std::string& name) const { return has(types_, name); }
  bool is_template(const std::string& name) const { return has(templates_, name); }
  void add_type(const std::string& name) { types_.back().insert(name); }
  void add_template(const std::string& name) { templates_.back().insert(name); }
  /// Makes a struct known beside the innermost scope, which is that of its template parameters.
  void add_outer(const std::string& name, bool is_template) {
    types_.front().insert(name);
    if (is_template) templates_.front().insert(name);
  }
  void open() { types_.emplace_back(), templates_.emplace_back(); }
  void close() { types_.pop_back(), templates_.pop_back(); }

 private:
  using Scopes = std::vector<std::set<std::string>>;
  static bool has(const Scopes& scopes, const std::string& name);
  Scopes types_, templates_;
};

/// The functions, structs and constants of a header.
Unit parse_header(const Tokens& tokens, KnownNames& known);
/// The statements of a body, as one block.
NodePtr parse_body(const Tokens& tokens, KnownNames& known);

}  // namespace mlx::metal
