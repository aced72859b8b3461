// What MLX gives every Metal kernel beside <metal_stdlib>, written in Metal.
#pragma once

namespace mlx::metal {

extern const char* const library_text;

}  // namespace mlx::metal
