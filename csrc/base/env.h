// The environment variables that a user can turn, read once.
#pragma once

#include <string>
#include <vector>

namespace mlx::env {

#define ENV(identifier, name, fallback, meaning) const std::string& identifier();
#include "base/env.def"
#undef ENV

/// The user's home folder; empty when unknown.
std::string home();
/// A variable that belongs to another program; empty when it is not set.
std::string of_others(const char* name);

struct Variable {
  const char* name;
  const char* fallback;
  const char* meaning;
  std::string value;
};
/// Every variable with the value in force, for `python -m mlx`.
std::vector<Variable> all();

}  // namespace mlx::env
