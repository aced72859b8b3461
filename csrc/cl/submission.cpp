// The lock of launching.
#include "cl/submission.h"

#include "cl/lifetime.h"

namespace mlx {
namespace {

std::recursive_mutex& mutex() {
  static auto* const mutex = new std::recursive_mutex;  // leaked: used at exit
  return *mutex;
}

}  // namespace

void (*check_interrupt)() = nullptr;
void (*run_blocking)(void (*)(void*), void*) = nullptr;

Submission::Submission() {
  require_original_process();
  lock_ = Lock(mutex(), std::try_to_lock);
  if (!lock_) blocking([&] { lock_.lock(); });
}

std::optional<Submission> Submission::attempt() {
  Lock lock(mutex(), std::try_to_lock);
  if (!lock) return std::nullopt;
  return Submission(std::move(lock));
}

}  // namespace mlx
