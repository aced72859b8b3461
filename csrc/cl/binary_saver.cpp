// Puts the binaries of freshly built programs into the disk cache without holding anybody up.
#include "cl/binary_saver.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "cl/program.h"
#include "cl/queue.h"
#include "cl/trace.h"

namespace mlx {
namespace {

constexpr auto quiet = std::chrono::milliseconds(500);
constexpr auto patience_at_exit = std::chrono::milliseconds(300);

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

struct Waiting {
  Handle<cl_program> program;
  std::string key;
};

struct Saver {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Waiting> waiting;
  std::chrono::steady_clock::time_point last_build;
  std::thread thread;
  bool stopping = false;
  std::chrono::steady_clock::time_point deadline;  ///< of the stopping

  bool is_over() const {
    return stopping && (waiting.empty() || std::chrono::steady_clock::now() >= deadline);
  }

  void loop() {
    setpriority(PRIO_PROCESS, id_t(gettid()), 10);  // on Linux: of this thread alone
    std::unique_lock lock(mutex);
    while (!is_over()) {
      if (waiting.empty()) {
        changed.wait(lock);
      } else if (!stopping && std::chrono::steady_clock::now() < last_build + quiet) {
        changed.wait_until(lock, last_build + quiet);
      } else {
        const Waiting next = std::move(waiting.front());
        waiting.pop_front();
        lock.unlock();
        const int64_t start = trace::now();
        save(next.program.get(), next.key);
        register_exit();
        trace::say(2, "stored a program in ", (trace::now() - start) / 1000, " us");
        lock.lock();
      }
    }
  }
};

Saver& saver() {
  static auto* const instance = new Saver;  // leaked: used at exit
  return *instance;
}

}  // namespace

void save_binary_of(cl_program program, const std::string& key, bool slow) {
  if (disk_cache::folder().empty()) return;
  if (!slow) return save(program, key);
  Saver& saver = mlx::saver();
  const std::lock_guard lock(saver.mutex);
  if (saver.stopping) return;
  clRetainProgram(program);
  saver.waiting.push_back({Handle(program), key});
  saver.last_build = std::chrono::steady_clock::now();
  if (!saver.thread.joinable()) saver.thread = std::thread([&saver] { saver.loop(); });
  saver.changed.notify_one();
}

void stop_saving() {
  Saver& saver = mlx::saver();
  {
    const std::lock_guard lock(saver.mutex);
    saver.stopping = true;
    saver.deadline = std::chrono::steady_clock::now() + patience_at_exit;
  }
  saver.changed.notify_one();
  if (saver.thread.joinable()) saver.thread.join();
}

}  // namespace mlx
