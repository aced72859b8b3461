// Debug lines on stderr (MLX_CL_DEBUG) and the timeline of launches (MLX_CL_TRACE).
#pragma once

#include <cstdint>
#include <sstream>
#include <string>

#include "cl/handle.h"

namespace mlx::trace {

int level();    ///< MLX_CL_DEBUG as a number
bool timing();  ///< true when launches are to be timed: level 2 and up, or a timeline is asked for

void write_line(const std::string& line);
/// Prints the parts as one line when MLX_CL_DEBUG is at least `least`.
template <typename... Parts>
void say(int least, const Parts&... parts) {
  if (level() < least) return;
  std::ostringstream text;
  (text << ... << parts);
  write_line(text.str());
}

/// Takes over the event of a launch that was enqueued at that host time; collect() will read its
/// times.
void launched(const char* name, size_t bytes, const char* lane, cl_event event, int64_t enqueued);
/// Something timed on the host, in nanoseconds of the steady clock.
void ran(const char* name, size_t bytes, const char* lane, int64_t start, int64_t end);
int64_t now();
/// Reads the times of finished launches.
void collect();
/// Writes the timeline's file.
void save();

}  // namespace mlx::trace
