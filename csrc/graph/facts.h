// What devices and arrays say of themselves: device_info and get_array_buffer_size.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/array.h"

namespace mlx {

using DeviceFact = std::variant<std::string, size_t>;
/// device_name, architecture, memory_size, …; nothing for a device that is not there.
std::vector<std::pair<std::string, DeviceFact>> device_facts(DeviceType type);

/// Bytes of the distinct buffers behind the arrays; a number without a buffer counts as its own
/// bytes. Throws std::invalid_argument for arrays that are not evaluated.
size_t buffer_bytes(const Arrays& arrays);

}  // namespace mlx
