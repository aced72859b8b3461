// The ends of a process: forks, and waiting for every queue at exit.
//
// What is used at exit is leaked: the destructors of statics run in an order that nobody knows, and
// other threads may still be at work.
#include "cl/lifetime.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "cl/blas_libraries.h"
#include "cl/queue.h"
#include "cl/submission.h"
#include "cl/trace.h"

namespace mlx {
namespace {

std::atomic<bool> forked{false};

std::mutex registry_mutex;
std::vector<Queue*>& registry() {
  static auto* const queues = new std::vector<Queue*>;
  return *queues;
}

}  // namespace

void watch_forks() {
  pthread_atfork(nullptr, nullptr, [] { forked = true; });
}

bool is_forked() {
  return forked.load(std::memory_order_relaxed);
}

void require_original_process() {
  if (!is_forked()) return;
  fail<std::runtime_error>(
      "device",
      "OpenCL cannot be used in a process forked from one that has used it. Start "
      "workers with multiprocessing's 'spawn' or 'forkserver' method, or fork before the first "
      "evaluation.");
}

void register_queue(Queue* queue) {
  const std::lock_guard lock(registry_mutex);
  registry().push_back(queue);
}

void forget_queue(Queue* queue) {
  const std::lock_guard lock(registry_mutex);
  std::erase(registry(), queue);
}

void prepare_exit() {
  if (is_forked()) return;
  const auto submission = Submission::attempt();
  if (!submission) return;  // a thread is still launching
  {
    const std::lock_guard lock(registry_mutex);
    for (Queue* const queue : registry()) queue->wait();
  }
  clblast_library::release_programs();
  if (trace::timing()) trace::collect();
  trace::save();
}

void wait_at_exit() {
  std::atexit([] {
    static bool done = false;
    if (done || is_forked()) return;
    done = true;
    try {
      prepare_exit();
    } catch (...) {  // the process ends either way
    }
  });
}

}  // namespace mlx
