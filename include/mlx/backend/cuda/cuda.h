// NVIDIA's CUDA, which is not there.
#pragma once

namespace mlx::core::cu {

inline bool is_available() {
  return false;
}

}  // namespace mlx::core::cu
