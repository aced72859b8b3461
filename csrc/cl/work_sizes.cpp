// The table of work sizes. A file of the cache folder, named after a device, may hold lines
// "family grain items group": these replace the device's rows. Lines that do not fit are said with
// MLX_CL_DEBUG=1 and left out.
#include "cl/work_sizes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <fstream>
#include <sstream>
#include <string>

#include "cl/disk_cache.h"
#include "cl/queue.h"
#include "cl/trace.h"

namespace mlx {
namespace {

constexpr const char* names[] = {
#define CPU(family, ...) #family,
#define GPU(...)
#include "cl/work_sizes.def"
#undef CPU
#undef GPU
};
constexpr size_t families = std::size(names);
using Table = std::array<WorkSize, families>;

constexpr Table for_cpus = {{
#define CPU(family, grain, items) {grain, items, 1},
#define GPU(...)
#include "cl/work_sizes.def"
#undef CPU
#undef GPU
}};
constexpr Table for_gpus = {{
#define CPU(...)
#define GPU(family, grain, items, group) {grain, items, group},
#include "cl/work_sizes.def"
#undef CPU
#undef GPU
}};

std::string file_of(const Device& device) {
  const std::string folder = disk_cache::folder();
  if (folder.empty()) return "";
  std::string name = device.facts().name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return folder + "/" + name + ".work_sizes";
}

/// Kernels that have groups halve them, so their sizes are powers of two; the others, and all on
/// CPU devices, keep the table's.
bool fits(const WorkSize& size, int64_t group, const Capabilities& device) {
  const bool may_differ = !device.is_cpu && group > 0 && size.group > 0 &&
                          std::has_single_bit(uint64_t(size.group)) &&
                          size.group <= int64_t(device.max_group);
  return size.grain > 0 && size.items > 0 && (size.group == group || may_differ);
}

void read_own(const Device& device, Table& table) {
  const std::string path = file_of(device);
  if (path.empty()) return;
  std::ifstream file(path);
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string family;
    WorkSize size{};
    words >> family >> size.grain >> size.items >> size.group;
    const auto known = std::find(std::begin(names), std::end(names), family);
    if (words && known != std::end(names) &&
        fits(size, table[size_t(known - std::begin(names))].group, device.facts()))
      table[size_t(known - std::begin(names))] = size, ++rows;
    else
      trace::say(1, path, ": '", line, "' is not a row of work sizes");
  }
  if (rows) trace::say(1, path, ": ", rows, rows == 1 ? " row" : " rows", " of work sizes");
}

Table table_of(const Device& device) {
  Table table = device.facts().is_cpu ? for_cpus : for_gpus;
  for (WorkSize& size : table) size.group = std::min(size.group, int64_t(device.facts().max_group));
  read_own(device, table);
  return table;
}

}  // namespace

const WorkSize& work_size(const Device& device, Work family) {
  if (device.type() == DeviceType::cpu) {
    static const Table table = table_of(device);
    return table[size_t(family)];
  }
  static const Table table = table_of(device);
  return table[size_t(family)];
}

int64_t most_items(const Queue& queue, Work family) {
  if (queue.is_small()) return 1;
  const Device& device = queue.device();
  return work_size(device, family).items * device.facts().compute_units;
}

size_t work_items(const Queue& queue, Work family, int64_t tasks, int64_t elements) {
  if (queue.is_small()) return 1;
  const Device& device = queue.device();
  const int64_t wanted = device.facts().is_cpu
                             ? std::min(tasks, tasks * elements / work_size(device, family).grain)
                             : tasks;
  return size_t(std::clamp<int64_t>(wanted, 1, most_items(queue, family)));
}

}  // namespace mlx
