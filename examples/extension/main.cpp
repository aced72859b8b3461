// The operation from C++: its value, its gradient, and a batch.
#include <iostream>

#include "axpby.h"

namespace mx = mlx::core;

int main() {
  const mx::array x({1.0f, 2.0f, 3.0f}), y({4.0f, 5.0f, 6.0f});
  const mx::array z = axpby::axpby(x, y, 2, 3);
  const auto gradients = mx::grad(
      [](const std::vector<mx::array>& xs) {
        return mx::sum(mx::square(axpby::axpby(xs[0], xs[1], 2, 3)));
      },
      std::vector<int>{0, 1})({x, y});
  const auto mapped = mx::vmap([](const mx::array& a, const mx::array& b) {
    return axpby::axpby(a, b, 2, 3);
  })(mx::stack({x, y}), mx::stack({y, x}));
  std::cout << z << '\n' << gradients[0] << '\n' << gradients[1] << '\n' << mapped << std::endl;
  const bool right = mx::array_equal(z, mx::array({14.0f, 19.0f, 24.0f})).item<bool>() &&
                     mx::array_equal(gradients[1], z * 6.0f).item<bool>();
  return right ? 0 : 1;
}
