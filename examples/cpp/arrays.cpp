// Making arrays, computing with them, and printing them.
#include <iostream>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main() {
  const mx::array x({1, 2, 3, 4, 5, 6}, {2, 3});
  std::cout << x << '\n' << x.shape() << ' ' << x.dtype() << '\n';

  // Nothing is computed before somebody looks.
  const mx::array y = mx::matmul(mx::astype(x, mx::float32), mx::ones({3, 2})) / 2;
  std::cout << y << '\n' << mx::softmax(y, -1) << '\n';

  // Along the first axis an array is a sequence.
  for (const mx::array& row : x) std::cout << mx::sum(row).item<int>() << ' ';
  std::cout << '\n' << mx::concatenate({x, x}, 1).shape() << std::endl;
  return mx::sum(y).item<float>() == 21 ? 0 : 1;
}
