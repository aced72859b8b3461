// Apple's Metal, which is not there.
#pragma once

#include <string>

namespace mlx::core::metal {

inline bool is_available() {
  return false;
}
/// Captures nothing.
inline void start_capture(const std::string& = "") {}
inline void stop_capture() {}

}  // namespace mlx::core::metal
