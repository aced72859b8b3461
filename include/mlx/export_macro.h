// MLX_API marks the classes whose type information crosses the border of the library.
#pragma once

#define MLX_API __attribute__((visibility("default")))
