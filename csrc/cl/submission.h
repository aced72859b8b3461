// The lock of launching, as a value, and how threads wait.
//
// Kernel arguments, the last uses of buffers, queues and the groups of the graph have one lock.
// Whoever holds it has a Submission; a Queue, and with it everything that launches, is had from
// queue_of(const Submission&, Stream) alone. Primitives are given the queue under it.
//
// Order of locks: the submission, then those of a queue, an allocator or the kernel library, which
// are held for moments and never while something else is asked for. Python's GIL stands in no
// order: every wait, for the device or for the submission, goes through blocking(), which gives the
// GIL back for as long as it takes. So a thread may ask for the submission while it has the GIL,
// and for the GIL while it has the submission.
#pragma once

#include <mutex>
#include <optional>

namespace mlx {

class Submission {
 public:
  /// Waits until no other thread has one. Throws std::runtime_error in a forked process.
  Submission();
  /// Empty when another thread has one.
  static std::optional<Submission> attempt();

 private:
  using Lock = std::unique_lock<std::recursive_mutex>;
  explicit Submission(Lock lock) : lock_(std::move(lock)) {}
  Lock lock_;
};

/// Set by the Python floor: called between waits so that Ctrl-C can interrupt a long evaluation (it
/// may throw).
extern void (*check_interrupt)();
/// Set by the Python floor: runs something that blocks without the GIL, so that other Python
/// threads go on meanwhile.
extern void (*run_blocking)(void (*wait)(void*), void* argument);

/// Runs `wait`, which may take long.
template <typename F>
void blocking(F wait) {
  if (!run_blocking) return wait();
  run_blocking([](void* argument) { (*static_cast<F*>(argument))(); }, &wait);
}

}  // namespace mlx
