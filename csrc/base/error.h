// Building of error messages: `fail<std::invalid_argument>("take", "axis ", 3, " is …")`.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace mlx {

/// Throws `Error` with the message "[op] part part …".
template <typename Error = std::invalid_argument, typename... Parts>
[[noreturn]] void fail(const char* op, const Parts&... parts) {
  std::ostringstream text;
  text << '[' << op << "] ";
  (text << ... << parts);
  throw Error(text.str());
}

}  // namespace mlx
