// What devices and arrays say of themselves.
#include "graph/facts.h"

#include <sys/utsname.h>

#include <set>

#include "base/error.h"

namespace mlx {

std::vector<std::pair<std::string, DeviceFact>> device_facts(DeviceType type) {
  if (!Device::exists(type)) return {};
  const Capabilities& facts = Device::get(type).facts();
  utsname machine{};
  uname(&machine);
  return {{"device_name", facts.name},
          {"architecture", type == DeviceType::cpu ? std::string(machine.machine) : facts.vendor},
          {"memory_size", facts.memory},
          {"max_buffer_length", facts.max_allocation},
          {"max_recommended_working_set_size", facts.memory / 10 * 9},
          {"resource_limit", size_t{1} << 20}};
}

size_t buffer_bytes(const Arrays& arrays) {
  std::set<const void*> seen;
  size_t bytes = 0;
  for (const array& x : arrays) {
    if (!x.is_evaluated())
      fail("get_array_buffer_size",
           "the arrays must be evaluated before their buffers have a size.");
    const Node& node = x.node();
    if (x.size() == 0 ||
        !seen.insert(node.buffer ? static_cast<const void*>(node.buffer.get()) : &node).second)
      continue;
    bytes += node.buffer ? node.buffer->capacity() : size_t(x.nbytes());
  }
  return bytes;
}

}  // namespace mlx
