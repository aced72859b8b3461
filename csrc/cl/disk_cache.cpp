// The folders of built binaries. An entry is a header, its key and the content; whatever does not
// check out is a miss.
#include "cl/disk_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include "base/env.h"
#include "base/hash.h"
#include "cl/installed.h"
#include "cl/trace.h"

namespace mlx::disk_cache {
namespace {

namespace fs = std::filesystem;

struct Header {
  char magic[8];
  uint64_t key_size, size, checksum;
};
constexpr char magic[9] = "MLXCL\n\2\0";
constexpr const char* extension = ".clbin";

std::string expand_home(const std::string& path) {
  if (path.rfind("~/", 0) != 0) return path;
  const std::string home = env::home();
  return home.empty() ? "" : home + path.substr(1);
}

/// The folders that MLX_CL_CACHE names, the one to write first, and the one that came with this
/// library, if any.
std::vector<std::string> named_folders() {
  if (env::cache() == "off") return {""};
  std::vector<std::string> folders;
  const std::string text = env::cache();
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(':', at), text.size());
    folders.push_back(expand_home(text.substr(at, end - at)));
    at = end + 1;
  }
  const std::string along = installed::folder() + "/kernels";
  std::error_code ignored;
  if (fs::is_directory(along, ignored)) folders.push_back(along);
  return folders;
}

/// What is loaded runs in this process: whoever can write the folder could run anything as this
/// user.
bool only_we_write(const std::string& path, bool ours) {
  struct stat facts;
  if (stat(path.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) return false;
  const mode_t others = S_IWGRP | S_IWOTH;
  if (ours && facts.st_uid != geteuid()) return false;
  return !(facts.st_mode & others) ||
         (ours && chmod(path.c_str(), facts.st_mode & 07777 & ~others) == 0);
}

/// The folder if a file can be made in it.
std::string writable_folder() {
  const std::string path = named_folders().front();
  if (path.empty()) return "";
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  mkdir(path.c_str(), 0700);
  if (access(path.c_str(), W_OK | X_OK) == 0 && only_we_write(path, true)) return path;
  trace::say(1, "no kernels are stored: ", path, " is not writable, or not this user's");
  return "";
}

std::vector<std::string> find_readable_folders() {
  std::vector<std::string> folders = named_folders();
  folders.front() = folder();
  for (size_t i = 1; i < folders.size(); ++i)
    if (!folders[i].empty() && !only_we_write(folders[i], false)) {
      trace::say(1, "kernels in ", folders[i],
                 " are not used: it is no folder, or others can write it");
      folders[i].clear();
    }
  std::erase(folders, "");
  return folders;
}

const std::vector<std::string>& readable_folders() {
  static const auto& folders = *new std::vector<std::string>(find_readable_folders());
  return folders;
}

std::string path_in(const std::string& folder, const std::string& key) {
  return folder + '/' + digest(key) + extension;
}

std::string load_file(const std::string& path, const std::string& key) {
  std::ifstream file(path, std::ios::binary);
  Header header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return "";
  if (std::memcmp(header.magic, magic, sizeof header.magic) != 0 || header.key_size != key.size())
    return "";
  std::error_code error;
  if (fs::file_size(path, error) != sizeof header + header.key_size + header.size || error)
    return "";
  std::string stored_key(header.key_size, '\0'), content(header.size, '\0');
  if (!file.read(stored_key.data(), std::streamsize(stored_key.size())) || stored_key != key)
    return "";
  if (!file.read(content.data(), std::streamsize(content.size()))) return "";
  if (hash_text(content) != header.checksum) return "";
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // recently used
  return content;
}

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

/// Evicts the least recently used entries until `coming` more bytes fit with a tenth to spare, so
/// that a full folder is not read again for every entry.
void make_room(size_t coming) {
  static std::mutex mutex;
  static size_t total = usage().bytes;
  const std::lock_guard lock(mutex);
  const size_t bound = size_t(std::max(0l, std::strtol(env::cache_size().c_str(), nullptr, 10)))
                       << 20;
  total += coming;
  if (total <= bound) return;
  std::vector<Entry> found = entries();
  total = coming;
  for (const Entry& entry : found) total += entry.bytes;
  std::sort(found.begin(), found.end(),
            [](const Entry& a, const Entry& b) { return a.time < b.time; });
  std::error_code ignored;
  for (const Entry& entry : found) {
    if (total <= bound - bound / 10) return;
    fs::remove(entry.path, ignored);
    total -= entry.bytes;
  }
}

}  // namespace

std::string folder() {
  static const std::string& path = *new std::string(writable_folder());
  return path;
}

std::string path_of(const std::string& key) {
  return path_in(folder(), key);
}

bool has(const std::string& key) {
  const auto& folders = readable_folders();
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return access(path_in(folder, key).c_str(), R_OK) == 0;
  });
}

std::string load(const std::string& key) {
  for (const std::string& folder : readable_folders())
    if (std::string content = load_file(path_in(folder, key), key); !content.empty())
      return content;
  return "";
}

void store(const std::string& key, const std::string& content) {
  if (folder().empty() || content.empty()) return;
  make_room(sizeof(Header) + key.size() + content.size());
  static std::atomic<int> serial{0};
  const std::string path = path_of(key);
  const std::string temporary =
      path + "." + std::to_string(getpid()) + "-" + std::to_string(serial++) + ".tmp";
  Header header{{}, key.size(), content.size(), hash_text(content)};
  std::memcpy(header.magic, magic, sizeof header.magic);
  std::error_code error;
  {
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header), sizeof header);
    file.write(key.data(), std::streamsize(key.size()));
    file.write(content.data(), std::streamsize(content.size()));
    file.close();
    if (!file) {
      trace::say(1, "the kernel cache could not store ", path);
      fs::remove(temporary, error);
      return;
    }
  }
  fs::rename(temporary, path, error);
  if (error) fs::remove(temporary, error);
}

Usage usage() {
  Usage usage{0, 0};
  for (const Entry& entry : entries()) usage.entries += 1, usage.bytes += entry.bytes;
  return usage;
}

}  // namespace mlx::disk_cache
