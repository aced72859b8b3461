// A thread that runs what it is given, one job after the other.
#include "cl/worker.h"

#include <chrono>
#include <exception>
#include <future>

namespace mlx {

void Worker::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  changed_.notify_all();
}

void Worker::run(const std::function<void()>& job) {
  std::promise<void> done;
  post([&] {
    try {
      job();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

bool Worker::settle(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                           [this] { return jobs_.empty() && !busy_; });
}

void Worker::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !jobs_.empty(); });
    {
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      busy_ = true;
      lock.unlock();
      job();
    }
    lock.lock();
    busy_ = false;
    if (jobs_.empty()) changed_.notify_all();
  }
}

}  // namespace mlx
