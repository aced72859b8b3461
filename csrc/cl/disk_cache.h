// The folders of built binaries: atomic writes, bounded size, a damaged or foreign entry is a miss.
#pragma once

#include <string>

namespace mlx::disk_cache {

/// The folder that is written; empty when the cache is off or the folder is not ours to write.
std::string folder();
/// What is stored under this key, in the folder that is written or in one that is only read; empty
/// when nowhere.
std::string load(const std::string& key);
/// True when there is an entry, sound or not.
bool has(const std::string& key);
void store(const std::string& key, const std::string& content);
/// The file that holds a key's entry in the folder that is written.
std::string path_of(const std::string& key);

struct Usage {
  size_t entries, bytes;
};
Usage usage();  ///< of the folder that is written

}  // namespace mlx::disk_cache
