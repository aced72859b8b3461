// Puts the binaries of freshly built programs into the disk cache without holding anybody up for long.
#include "cl/binary_saver.h"

#include <atomic>
#include <deque>
#include <mutex>

#include "cl/program.h"
#include "cl/queue.h"
#include "cl/trace.h"

namespace mlx {
namespace {

constexpr int64_t quiet = 500'000'000, patience_at_exit = 1'000'000'000;  // nanoseconds

struct Waiting {
  Handle<cl_program> program;
  std::string key;
};

struct Saver {
  std::mutex mutex;
  std::deque<Waiting> waiting;
  std::atomic<size_t> count{0};
  std::atomic<int64_t> last_build{0}, next_turn{0};
};

Saver& saver() {
  static auto* const instance = new Saver;  // leaked: used at exit
  return *instance;
}

void save(cl_program program, const std::string& key) {
  size_t size = 0;
  if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, 0, nullptr, &size) != CL_SUCCESS) return;
  std::vector<size_t> sizes(size / sizeof(size_t));
  if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, size, sizes.data(), nullptr) != CL_SUCCESS) return;
  // A context with two devices reports both; the program was built for one of them.
  std::vector<std::string> binaries;
  std::vector<char*> pointers;
  for (const size_t bytes : sizes) binaries.emplace_back(bytes, '\0');
  for (std::string& binary : binaries) pointers.push_back(binary.empty() ? nullptr : binary.data());
  if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, pointers.size() * sizeof(char*), pointers.data(), nullptr) !=
      CL_SUCCESS)
    return;
  for (const std::string& binary : binaries)
    if (!binary.empty()) return disk_cache::store(key, binary);
}

/// Needs the submission lock and idle queues.
void save_next(Saver& saver) {
  Waiting next;
  {
    const std::lock_guard lock(saver.mutex);
    if (saver.waiting.empty()) return;
    next = std::move(saver.waiting.front());
    saver.waiting.pop_front();
    saver.count = saver.waiting.size();
  }
  const int64_t start = trace::now();
  save(next.program.get(), next.key);
  const int64_t end = trace::now();
  saver.next_turn = end + 10 * (end - start);
  trace::say(2, "stored a program in ", (end - start) / 1000, " us");
}

}  // namespace

void save_binary_of(cl_program program, const std::string& key, bool slow) {
  if (disk_cache::folder().empty()) return;
  if (!slow) return save(program, key);
  Saver& saver = mlx::saver();
  const std::lock_guard lock(saver.mutex);
  clRetainProgram(program);
  saver.waiting.push_back({Handle(program), key});
  saver.last_build = trace::now();
  saver.count = saver.waiting.size();
}

void save_in_passing() {
  Saver& saver = mlx::saver();
  if (saver.count.load(std::memory_order_relaxed) == 0) return;
  const int64_t now = trace::now();
  if (now < saver.next_turn || now < saver.last_build + quiet) return;
  const auto lock = try_submission_lock();
  if (lock && every_queue_is_idle()) save_next(saver);
}

void save_at_exit() {
  Saver& saver = mlx::saver();
  const int64_t start = trace::now();
  while (saver.count > 0 && trace::now() < start + patience_at_exit) save_next(saver);
}

void forget_waiting_binaries() { saver().count = 0; }

}  // namespace mlx
