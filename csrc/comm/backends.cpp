// Which library carries the messages: by name, or by what the environment says of the launcher.
#include "comm/backends.h"

#include <map>

#include "base/env.h"
#include "base/error.h"
#include "comm/mpi_library.h"
#include "comm/ring.h"

namespace mlx::comm {
namespace {

constexpr const char* op = "distributed.init";

std::mutex connect_mutex;  ///< of the next; held while connecting, so that it happens once

std::map<std::string, std::shared_ptr<Communicator>>& connected() {
  static auto* const value = new std::map<std::string, std::shared_ptr<Communicator>>;  // leaked
  return *value;
}

/// Launchers whose libraries this build does not know: their marks in the environment.
const char* foreign_backend() {
  if (!env::of_others("MLX_JACCL_COORDINATOR").empty()) return "jaccl";
  if (!env::of_others("NCCL_HOST_IP").empty()) return "nccl";
  return nullptr;
}

/// The backend of the launcher that started this process; empty when there was none.
std::string backend_of_launcher() {
  if (launched_in_ring()) return "ring";
  if (launched_by_mpi()) return "mpi";
  if (const char* name = foreign_backend(); name && !env::rank().empty())
    fail<std::runtime_error>(op, "this process was started for the backend ", name,
                             ", which this build does not have; it has mpi and ring.");
  return "";
}

std::shared_ptr<Communicator> connect_once(const std::string& backend) {
  auto& known = connected();
  const auto found = known.find(backend);
  if (found != known.end()) return found->second;
  auto group = backend == "mpi" ? connect_mpi() : connect_gloo();
  if (group && group->size() == 1) group = nullptr;
  return known[backend] = group;
}

}  // namespace

bool is_available(const std::string& backend) {
  std::string reason;
  if (backend == "ring") return has_gloo();
  if (backend == "mpi") return mpi_library(reason);
  return backend == "any" && (has_gloo() || mpi_library(reason));
}

std::shared_ptr<Communicator> connect(const std::string& backend, bool strict) {
  const std::lock_guard lock(connect_mutex);
  if (backend == "nccl" || backend == "jaccl") {
    if (!strict) return nullptr;
    fail<std::runtime_error>(op, "this build does not have the backend ", backend,
                             "; it has mpi and ring.");
  }
  const std::string launcher = backend_of_launcher();
  const bool wanted = backend == "any" ? !launcher.empty() : backend == launcher;
  if (wanted) return connect_once(backend == "any" ? launcher : backend);
  if (!strict) return nullptr;
  if (backend == "mpi") return connect_once(backend);
  if (backend == "ring") read_ring();  // says what is missing
  fail<std::runtime_error>(op, "no launcher started this process with others; see mlx.launch.");
}

void forget() {
  const std::lock_guard lock(connect_mutex);
  connected().clear();
}

void disconnect(bool failing) {
  if (failing) abandon();
  const std::lock_guard lock(connect_mutex);
  if (!failing) finalize_mpi();
}

}  // namespace mlx::comm
