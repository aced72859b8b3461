// The environment variables that a user can turn, read once.
#include "base/env.h"

#include <cstdlib>

namespace mlx::env {
namespace {

std::string read(const char* name, const char* fallback) {
  const char* const value = std::getenv(name);
  return value ? value : fallback;
}

}  // namespace

// The values are never destroyed: what runs at exit, after static objects are gone, needs them.
#define ENV(identifier, name, fallback, meaning)                              \
  const std::string& identifier() {                                           \
    static const std::string& value = *new std::string(read(name, fallback)); \
    return value;                                                             \
  }
#include "base/env.def"
#undef ENV

std::string home() {
  return of_others("HOME");
}

std::string of_others(const char* name) {
  return read(name, "");
}

std::vector<Variable> all() {
  return {
#define ENV(identifier, name, fallback, meaning) {name, fallback, meaning, identifier()},
#include "base/env.def"
#undef ENV
  };
}

}  // namespace mlx::env
