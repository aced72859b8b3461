// Tells two classes apart, with value_and_grad and a compiled step.
#include <iostream>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main() {
  constexpr int features = 6, samples = 512, steps = 150;
  mx::random::seed(2);
  const mx::array truth = mx::random::normal({features});
  const mx::array inputs = mx::random::normal({samples, features});
  const mx::array labels = mx::matmul(inputs, truth) > 0.0f;

  const auto loss = [&](const std::vector<mx::array>& parameters) {
    const mx::array logits = mx::matmul(inputs, parameters[0]) + parameters[1];
    return mx::mean(mx::logaddexp(mx::array(0.0f), logits) - labels * logits);
  };
  const auto with_gradients = mx::value_and_grad(loss, std::vector<int>{0, 1});
  const auto step = mx::compile([&](const std::vector<mx::array>& parameters) {
    const auto [value, gradients] = with_gradients(parameters);
    std::vector<mx::array> results{value};
    for (size_t i = 0; i < parameters.size(); ++i)
      results.push_back(parameters[i] - 1.0f * gradients[i]);
    return results;
  });

  std::vector<mx::array> parameters{mx::zeros({features}), mx::array(0.0f)};
  float value = 0;
  for (int i = 0; i < steps; ++i) {
    const std::vector<mx::array> results = step(parameters);
    mx::eval(results);
    value = results[0].item<float>();
    parameters = {results[1], results[2]};
  }
  const mx::array guesses = mx::matmul(inputs, parameters[0]) + parameters[1] > 0.0f;
  const float accuracy = mx::mean(guesses == labels).item<float>();
  std::cout << "loss " << value << ", accuracy " << accuracy << std::endl;
  return accuracy > 0.97f ? 0 : 1;
}
