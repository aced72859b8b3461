// Arrays in files: .npy, .safetensors and .gguf.
#include <cstdio>
#include <iostream>

#include "mlx/mlx.h"

namespace mx = mlx::core;

int main() {
  const mx::array weight = mx::reshape(mx::arange(12.0), {3, 4}), bias({1.0f, 2.0f, 3.0f});

  mx::save("weight.npy", weight);
  bool same = mx::array_equal(mx::load("weight.npy"), weight).item<bool>();

  mx::save_safetensors("layer.safetensors", {{"weight", weight}, {"bias", bias}},
                       {{"format", "example"}});
  const auto [tensors, metadata] = mx::load_safetensors("layer.safetensors");
  same &= mx::array_equal(tensors.at("bias"), bias).item<bool>();
  std::cout << tensors.size() << " tensors, format " << metadata.at("format") << '\n';

  mx::save_gguf("layer.gguf", {{"weight", weight}}, {{"general.name", std::string("layer")}});
  const auto [arrays, facts] = mx::load_gguf("layer.gguf");
  same &= mx::array_equal(arrays.at("weight"), weight).item<bool>();
  std::cout << std::get<std::string>(facts.at("general.name")) << std::endl;

  for (const char* file : {"weight.npy", "layer.safetensors", "layer.gguf"}) std::remove(file);
  return same ? 0 : 1;
}
