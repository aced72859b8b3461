// What is known of PoCL beyond OpenCL: how to have each kernel compiled once, and soon.
#include "cl/pocl.h"

#include <cstdlib>
#include <cstring>

#include "cl/discovery.h"

namespace mlx::pocl {
namespace {

/// How PoCL hashes a device's description for the head of its binaries: FNV-1.
uint64_t device_hash(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const unsigned char c : text) hash = (hash * 0x100000001b3ull) ^ c;
  return hash;
}

constexpr char magic[8] = "poclbin";
constexpr const char* triples[] = {"x86_64-pc-linux-gnu", "x86_64-unknown-linux-gnu",
                                   "aarch64-unknown-linux-gnu", "aarch64-pc-linux-gnu"};

}  // namespace

void set_environment() {
  // PoCL reads this when it starts; a second, in-thread device takes the tiny evaluations.
  setenv("POCL_DEVICES", "pthread basic", 0);
  // Else PoCL compiles a kernel for small grids, for large ones, and once more for the binary. One
  // build serves all.
  setenv("POCL_WORK_GROUP_SPECIALIZATION", "0", 0);
  choose_cache_folder();
}

std::string for_small_device(std::string binary, const Device& device) {
  if (binary.size() < 16 || std::memcmp(binary.data(), magic, sizeof magic) != 0) return "";
  uint64_t hash;
  std::memcpy(&hash, binary.data() + 8, sizeof hash);
  // A description reads "pthread-<triple>-<processor>", the device's name
  // "pthread-<processor>-<vendor's name>".
  const std::string wide = device_text(device.wide(), CL_DEVICE_NAME);
  const std::string small = device_text(device.small(), CL_DEVICE_NAME);
  const size_t wide_kind = wide.find('-'), small_kind = small.find('-');
  if (wide_kind == wide.npos || small_kind == small.npos) return "";
  for (const std::string triple : triples)
    for (size_t end = wide.find('-', wide_kind + 1);; end = wide.find('-', end + 1)) {
      const std::string rest =
          '-' + triple + wide.substr(wide_kind, end == wide.npos ? end : end - wide_kind);
      if (device_hash(wide.substr(0, wide_kind) + rest) == hash) {
        hash = device_hash(small.substr(0, small_kind) + rest);
        std::memcpy(binary.data() + 8, &hash, sizeof hash);
        return binary;
      }
      if (end == wide.npos) break;
    }
  return "";
}

std::string only_kernel(std::string text, const std::string& name) {
  const std::string start = "\nkernel void ";
  for (size_t at = text.find(start); at != text.npos; at = text.find(start, at + 1))
    if (text.compare(at + start.size(), name.size() + 1, name + '(') != 0)
      text.replace(at + 1, 6, "static");
  return text;
}

}  // namespace mlx::pocl
