// A thread that runs what it is given, one job after the other.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace mlx {

/// The thread starts with the first job. Jobs must not throw. A worker is never destroyed: a job
/// may be stuck in a library when the process ends.
class Worker final {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  void post(std::function<void()> job);
  /// Runs `job` after those posted before and waits for it; throws what it throws.
  void run(const std::function<void()>& job);
  /// Waits until nothing is left to do, `seconds` at most; false when something is.
  bool settle(double seconds);

 private:
  ~Worker() = default;
  void work();

  std::mutex mutex_;  ///< of everything below
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool busy_ = false;
  std::thread thread_;
};

}  // namespace mlx
