// What the machine has, which every system says in its own way.
#pragma once

#include <cstddef>

namespace mlx::machine {

/// Bytes of memory.
size_t memory();
/// Bytes that the system could still hand out, by its own estimate; SIZE_MAX where it makes none.
size_t available_memory();
/// Cores that this process may run on.
int usable_cores();
/// Asks for large pages, where there are such.
void prefer_huge_pages(void* block, size_t bytes);

}  // namespace mlx::machine
