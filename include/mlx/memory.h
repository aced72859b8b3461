// Memory of the default device: counters and limits, in bytes.
#pragma once

#include <vector>

#include "mlx/array.h"

namespace mlx::core {

size_t get_active_memory();
/// Bytes of the distinct buffers behind evaluated arrays.
size_t get_array_buffer_size(const std::vector<array>& arrays);
size_t get_peak_memory();
void reset_peak_memory();
size_t get_cache_memory();
size_t set_memory_limit(size_t limit);  ///< returns the previous limit
size_t get_memory_limit();
size_t set_cache_limit(size_t limit);  ///< returns the previous limit
void clear_cache();
size_t set_wired_limit(size_t limit);  ///< has no effect; returns 0

}  // namespace mlx::core
