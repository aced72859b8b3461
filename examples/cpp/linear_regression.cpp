// Finds the weights behind noisy samples by gradient descent.
#include <iostream>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main() {
  constexpr int features = 8, samples = 256, steps = 200;
  constexpr float rate = 0.1f;
  mx::random::seed(1);

  const mx::array true_weights = mx::random::normal({features});
  const mx::array inputs = mx::random::normal({samples, features});
  const mx::array targets =
      mx::matmul(inputs, true_weights) + 0.01f * mx::random::normal({samples});

  const auto loss = [&](const mx::array& weights) {
    return mx::mean(mx::square(mx::matmul(inputs, weights) - targets));
  };
  const auto gradient = mx::grad(loss);
  mx::array weights = mx::zeros({features});
  for (int step = 0; step < steps; ++step) {
    weights = weights - rate * gradient(weights);
    mx::eval(weights);
  }

  const float error = mx::max(mx::abs(weights - true_weights)).item<float>();
  std::cout << "loss " << loss(weights).item<float>() << ", largest error of a weight " << error
            << std::endl;
  return error < 0.01f ? 0 : 1;
}
