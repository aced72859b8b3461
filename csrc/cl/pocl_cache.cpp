// PoCL's folder of compiled kernels. PoCL writes every kernel there before it runs it and does not
// start without it, so where it cannot be written a private one in temporary memory takes its
// place, for as long as this process lives.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "base/env.h"
#include "cl/pocl.h"
#include "cl/trace.h"

namespace mlx::pocl {
namespace {

namespace fs = std::filesystem;

constexpr off_t room_for_kernels = 16 << 20;
constexpr const char* variable = "POCL_CACHE_DIR";

/// What set_environment() found and chose; leaked, since it is used at exit.
struct Folders {
  std::string usual, chosen;
  pid_t owner = 0;  ///< the process that removes `chosen`; 0 when it is not a private one
};
Folders& folders() {
  static auto* const found = new Folders;
  return *found;
}

/// The folder that PoCL would take by its own rules.
std::string usual_folder() {
  if (std::string named = env::of_others(variable); !named.empty()) return named;
  if (const std::string caches = env::of_others("XDG_CACHE_HOME"); !caches.empty())
    return caches + "/pocl/kcache";
  const std::string home = env::home();
  return home.empty() ? "/tmp/pocl/kcache" : home + "/.cache/pocl/kcache";
}

/// True when some more kernels can be written to the folder, which is made if need be.
bool has_room(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  std::string name = folder + "/mlx-probe-XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) return false;
#ifdef __linux__
  const bool room = fallocate(descriptor, 0, 0, room_for_kernels) == 0 || errno == EOPNOTSUPP;
#else
  const bool room = true;
#endif
  close(descriptor);
  unlink(name.c_str());
  return room;
}

/// A new folder for this process alone; empty when there is no place for one.
std::string private_folder() {
  for (const std::string& place : {env::of_others("TMPDIR"), std::string("/tmp"),
                                   std::string("/dev/shm"), std::string("/var/tmp")}) {
    std::string name = place + "/mlx-pocl-XXXXXX";
    if (place.empty() || !mkdtemp(name.data())) continue;
    if (has_room(name)) return name;
    rmdir(name.c_str());
  }
  return "";
}

void remove_private_folder() {
  if (folders().owner != getpid()) return;
  std::error_code ignored;
  fs::remove_all(folders().chosen, ignored);
}

}  // namespace

void choose_cache_folder() {
  Folders& found = folders();
  found.usual = found.chosen = usual_folder();
  if (has_room(found.usual)) return;
  found.chosen = private_folder();
  if (found.chosen.empty()) return;
  found.owner = getpid();
  setenv(variable, found.chosen.c_str(), 1);
  std::atexit(remove_private_folder);
}

void explain_cache_folder() {
  const Folders& found = folders();
  if (found.owner)
    trace::write_line("PoCL's folder of kernels, " + found.usual +
                      ", cannot be written or its disk is full: kernels are compiled anew in each "
                      "process. " +
                      variable + " can name another folder");
}

std::string cache_trouble() {
  const std::string& folder = folders().chosen;
  if (!folder.empty() && has_room(folder)) return "";
  return " PoCL can write its kernels nowhere: " + (folder.empty() ? folders().usual : folder) +
         " cannot be written or its disk is full. " + variable + " can name another folder.";
}

}  // namespace mlx::pocl
