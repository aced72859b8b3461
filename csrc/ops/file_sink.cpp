// Writing a file that appears under its name when it is complete, or not at all.
//
// The bytes go to a file without a name in the same folder, which the system drops if the process
// ends early; finish() links it under the name. A file that is replaced hands on its mode and
// owner, and a symbolic link stays one: what it points to is replaced. Where the system knows no
// files without names, one with a name of its own stands beside the target until then. Devices,
// pipes and files in folders that may not be changed are written in place.
//
// A file that takes another's place needs a name of its own before it is renamed. Who is killed
// between the two leaves it behind; the next one who replaces a file in that folder removes it.
// Files that are still written to are told by a lock.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "ops/io.h"

namespace mlx {
namespace {

namespace fs = std::filesystem;

/// The file that a path stands for: symbolic links are followed, also to what is not there yet.
fs::path target_of(fs::path path) {
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(path, error); ++links)
    path = path.parent_path() / fs::read_symlink(path, error);
  return path;
}

std::string folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

std::string name_of(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

/// A file without a name in a folder; -1 where the system has none or cannot name it later.
int open_nameless(const std::string& folder) {
#ifdef O_TMPFILE
  const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0 || ::access(name_of(descriptor).c_str(), F_OK) == 0) return descriptor;
  ::close(descriptor);
#endif
  return -1;
}

/// A name in the folder that is nobody's, and short wherever the target's is long.
std::string unused_name(const std::string& folder) {
  static std::atomic<unsigned> count{0};
  return folder + "/.mlx-" + std::to_string(::getpid()) + "." + std::to_string(count++) + ".part";
}

bool lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

/// Creates a file of an unused name and locks it, where the file system has locks; -1 when that
/// cannot be done.
int open_named(const std::string& folder, std::string& name) {
  for (;;) {
    name = unused_name(folder);
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return -1;
    struct stat facts;
    const bool taken = !lock(descriptor) && errno == EWOULDBLOCK;
    if (!taken && ::fstat(descriptor, &facts) == 0 && facts.st_nlink > 0) return descriptor;
    ::close(descriptor);  // somebody tidied up before it was locked
  }
}

void remove_what_was_left(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (path.extension() != ".part" || path.filename().string().rfind(".mlx-", 0) != 0) continue;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (lock(descriptor)) ::unlink(path.c_str());
    ::close(descriptor);
  }
}

}  // namespace

FileSink::FileSink(std::string path, const char* op)
    : path_(std::move(path)), target_(target_of(path_)), op_(op) {
  struct stat facts;
  const bool exists = ::stat(target_.c_str(), &facts) == 0;
  const std::string folder = folder_of(target_);
  in_place_ = exists && (!S_ISREG(facts.st_mode) || ::access(folder.c_str(), W_OK) != 0);
  if (in_place_) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  } else {
    descriptor_ = open_nameless(folder);
    if (descriptor_ < 0) descriptor_ = open_named(folder, temporary_);
  }
  if (descriptor_ < 0)
    fail<std::runtime_error>(op_, "Failed to open file ", path_, ": ", std::strerror(errno), ".");
  if (!exists || in_place_) return;
  remove_what_was_left(folder);
  // A user who may not give the file away keeps it; its mode is set last, since a change of the
  // owner clears some of it.
  [[maybe_unused]] const int given = ::fchown(descriptor_, facts.st_uid, facts.st_gid);
  ::fchmod(descriptor_, facts.st_mode & 07777);
}

FileSink::~FileSink() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void FileSink::failed() const {
  fail<std::runtime_error>(op_, "cannot write ", path_, ": ", std::strerror(errno), ".");
}

void FileSink::write(const void* bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    const ssize_t took = ::write(descriptor_, static_cast<const char*>(bytes) + done, count - done);
    if (took < 0 && errno == EINTR) continue;
    if (took <= 0) failed();
    done += size_t(took);
  }
}

bool FileSink::give_name() {
  if (in_place_) return true;
  if (temporary_.empty()) {
    const std::string nameless = name_of(descriptor_);
    const auto link_as = [&](const std::string& name) {
      return ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link_as(target_)) return true;
    if (errno != EEXIST) return false;
    const std::string name = unused_name(folder_of(target_));
    lock(descriptor_);
    if (!link_as(name)) return false;
    temporary_ = name;
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return false;
  temporary_.clear();
  return true;
}

void FileSink::finish() {
  // Network file systems tell of some failures only when a descriptor is closed. Ours is needed for
  // the name, so that a second one is.
  const int second = ::dup(descriptor_);
  if (second < 0 || ::close(second) != 0 || !give_name()) failed();
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace mlx
