// The folder of built binaries. An entry is a header and the content; whatever does not check out is a miss.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/env.h"
#include "base/hash.h"
#include "cl/program.h"
#include "cl/trace.h"

namespace mlx::disk_cache {
namespace {

namespace fs = std::filesystem;

struct Header {
  char magic[8];
  uint64_t size, checksum;
};
constexpr char magic[9] = "MLXCL\n\1\0";
constexpr const char* extension = ".clbin";

std::string expand_home(const std::string& path) {
  if (path.rfind("~/", 0) != 0) return path;
  const std::string home = env::home();
  return home.empty() ? "" : home + path.substr(1);
}

/// The folder if a file can be made in it.
std::string writable_folder() {
  const std::string path = env::cache() == "off" ? "" : expand_home(env::cache());
  if (path.empty()) return "";
  std::error_code error;
  fs::create_directories(path, error);
  if (access(path.c_str(), W_OK | X_OK) == 0) return path;
  trace::say(1, "the kernel cache is off: ", path, " is not writable");
  return "";
}

std::string path_of(const std::string& key) { return folder() + "/" + key + extension; }

struct Entry {
  fs::path path;
  fs::file_time_type time;
  size_t bytes;
};

std::vector<Entry> entries() {
  std::vector<Entry> found;
  std::error_code error;
  if (folder().empty()) return found;
  for (fs::directory_iterator at(folder(), error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;  // another process may evict meanwhile
    if (at->path().extension() != extension) continue;
    const Entry entry{at->path(), at->last_write_time(gone), at->file_size(gone)};
    if (!gone) found.push_back(entry);
  }
  return found;
}

/// Evicts the least recently used entries until `coming` more bytes fit.
void make_room(size_t coming) {
  const size_t bound = size_t(std::max(0l, std::strtol(env::cache_size().c_str(), nullptr, 10))) << 20;
  std::vector<Entry> found = entries();
  size_t total = coming;
  for (const Entry& entry : found) total += entry.bytes;
  if (total <= bound) return;
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
  std::error_code ignored;
  for (const Entry& entry : found) {
    if (total <= bound) return;
    fs::remove(entry.path, ignored);
    total -= entry.bytes;
  }
}

}  // namespace

std::string folder() {
  static const std::string path = writable_folder();
  return path;
}

std::string load(const std::string& key) {
  if (folder().empty()) return "";
  std::ifstream file(path_of(key), std::ios::binary);
  Header header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return "";
  if (std::memcmp(header.magic, magic, sizeof header.magic) != 0) return "";
  std::error_code error;
  if (fs::file_size(path_of(key), error) != sizeof header + header.size || error) return "";
  std::string content(header.size, '\0');
  if (!file.read(content.data(), std::streamsize(content.size()))) return "";
  if (hash_text(content) != header.checksum) return "";
  fs::last_write_time(path_of(key), fs::file_time_type::clock::now(), error);  // recently used
  return content;
}

void store(const std::string& key, const std::string& content) {
  if (folder().empty()) return;
  make_room(sizeof(Header) + content.size());
  static std::atomic<int> serial{0};
  const std::string temporary =
      folder() + "/" + key + "." + std::to_string(getpid()) + "-" + std::to_string(serial++) + ".tmp";
  Header header{{}, content.size(), hash_text(content)};
  std::memcpy(header.magic, magic, sizeof header.magic);
  std::error_code error;
  {
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header), sizeof header);
    file.write(content.data(), std::streamsize(content.size()));
    file.close();
    if (!file) {
      trace::say(1, "the kernel cache could not store ", key);
      fs::remove(temporary, error);
      return;
    }
  }
  fs::rename(temporary, path_of(key), error);
  if (error) fs::remove(temporary, error);
}

Usage usage() {
  Usage usage{0, 0};
  for (const Entry& entry : entries()) usage.entries += 1, usage.bytes += entry.bytes;
  return usage;
}

}  // namespace mlx::disk_cache
