// Collects the times of launches for the debug lines and the timeline.
#include "cl/trace.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/env.h"
#include "cl/opencl.h"

namespace mlx::trace {
namespace {

struct Pending {
  std::string name;
  size_t bytes;
  const char* lane;
  Handle<cl_event> event;
  int64_t queued;  ///< host time of the enqueue
};

struct Span {
  std::string name;
  size_t bytes;
  std::string lane;
  int64_t start, end;
};

struct Record {
  std::mutex mutex;
  std::vector<Pending> pending;
  std::vector<Span> spans;
};

Record& record() {
  static auto* const instance = new Record;  // leaked: used at exit
  return *instance;
}

void cannot_write() {
  write_line("MLX_CL_TRACE: the timeline cannot be written to " + env::trace() + ": " +
             std::strerror(errno));
}

int64_t event_time(cl_event event, cl_profiling_info what) {
  cl_ulong time = 0;
  clGetEventProfilingInfo(event, what, sizeof time, &time, nullptr);
  return int64_t(time);
}

/// False when no timeline is asked for, or its file cannot be written, which the user is told
/// before anything is timed in vain.
bool can_be_saved() {
  static const bool value = [] {
    if (env::trace().empty()) return false;
    if (std::ofstream(env::trace(), std::ios::app)) return true;
    cannot_write();
    return false;
  }();
  return value;
}

void note(const Span& span) {
  const double us = double(span.end - span.start) / 1000;
  if (level() >= 2) {
    char figures[96];
    std::snprintf(figures, sizeof figures, "%10.1f us", us);
    std::string line = std::string(figures) + "  " + span.lane + "  " + span.name;
    std::snprintf(figures, sizeof figures, "  %.2f GB/s", double(span.bytes) / (us * 1000));
    write_line(span.bytes && us > 0 ? line + figures : line);
  }
  if (can_be_saved()) record().spans.push_back(span);
}

}  // namespace

int level() {
  static const int value = std::atoi(env::debug().c_str());
  return value;
}

bool timing() {
  static const bool value = level() >= 2 || can_be_saved();
  return value;
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void write_line(const std::string& line) {
  std::fprintf(stderr, "mlx: %s\n", line.c_str());
}

void launched(const char* name, size_t bytes, const char* lane, cl_event event, int64_t enqueued) {
  Record& all = record();
  const std::lock_guard lock(all.mutex);
  all.pending.push_back({name, bytes, lane, Handle(event), enqueued});
}

void ran(const char* name, size_t bytes, const char* lane, int64_t start, int64_t end) {
  const std::lock_guard lock(record().mutex);
  note({name, bytes, lane, start, end});
}

void collect() {
  Record& all = record();
  const std::lock_guard lock(all.mutex);
  std::vector<Pending> unfinished;
  for (Pending& launch : all.pending) {
    const cl_event event = launch.event.get();
    cl_int status = CL_QUEUED;
    clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr);
    if (status > CL_COMPLETE) {  // another queue's
      unfinished.push_back(std::move(launch));
      continue;
    }
    // The device has its own clock: what it calls queued is our time of the enqueue.
    const int64_t offset = launch.queued - event_time(event, CL_PROFILING_COMMAND_QUEUED);
    note({launch.name, launch.bytes, launch.lane,
          event_time(event, CL_PROFILING_COMMAND_START) + offset,
          event_time(event, CL_PROFILING_COMMAND_END) + offset});
  }
  all.pending = std::move(unfinished);
}

void save() {
  if (!can_be_saved()) return;
  const std::lock_guard lock(record().mutex);
  nlohmann::json events = nlohmann::json::array();
  std::map<std::string, int> lanes;  // the viewers want numbers, and a name for each
  for (const Span& span : record().spans) {
    const auto [lane, is_new] = lanes.try_emplace(span.lane, int(lanes.size()) + 1);
    if (is_new)
      events.push_back({{"name", "thread_name"},
                        {"ph", "M"},
                        {"pid", getpid()},
                        {"tid", lane->second},
                        {"args", {{"name", span.lane}}}});
    events.push_back({{"name", span.name},
                      {"ph", "X"},
                      {"pid", getpid()},
                      {"tid", lane->second},
                      {"ts", double(span.start) / 1000},
                      {"dur", double(span.end - span.start) / 1000},
                      {"args", {{"bytes", span.bytes}}}});
  }
  std::ofstream file(env::trace());
  file << nlohmann::json{{"traceEvents", events}};
  if (!file.flush()) cannot_write();
}

}  // namespace mlx::trace
