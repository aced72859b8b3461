// Arrays, an operation and a gradient, against the installed package.
#include <iostream>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main() {
  const mx::array x({1.0f, 2.0f, 3.0f});
  const mx::array y = mx::sum(x * x) + 1;
  const auto gradient = mx::grad([](const mx::array& a) { return mx::sum(a * a); })(x);
  std::cout << y << '\n' << gradient << std::endl;
  const bool right = y.item<float>() == 15 &&
                     mx::array_equal(gradient, mx::array({2.0f, 4.0f, 6.0f})).item<bool>();
  return right ? 0 : 1;
}
