// Random numbers from Threefry-2x32 keys: the same bits for the same key on every device.
#pragma once

#include "ops/types.h"

namespace mlx::random {

/// uint32 (2,): the high and low words of the seed.
array key(uint64_t seed);
/// (num, 2) child keys.
array split(const array& key, int num = 2, StreamOrDevice s = {});
/// Random uint32 words.
array bits(const Shape& shape, const std::optional<array>& key = {}, StreamOrDevice s = {});

/// Reseeds the calling thread.
void seed(uint64_t seed);
/// The calling thread's key, from which a call without a key splits its own.
array random_state();
/// From now on `live` holds the calling thread's key, and an array assigned to it becomes the key.
void show_random_state(array* live);
void set_random_state(const array& key);
/// Forgets the calling thread's key: the next use starts from the time-based seed again.
void reset_random_state();

/// Uniform on [low, high), 32 random bits an element. Real floating dtypes except float64.
array uniform(const Operand& low, const Operand& high, const Shape& shape = {},
              std::optional<Dtype> dtype = float32, const std::optional<array>& key = {},
              StreamOrDevice s = {});
/// Normal with mean `loc` and standard deviation `scale`; floating dtypes and complex64.
array normal(const Shape& shape = {}, std::optional<Dtype> dtype = float32,
             const std::optional<Operand>& loc = {}, const std::optional<Operand>& scale = {},
             const std::optional<array>& key = {}, StreamOrDevice s = {});
/// Samples of shape `shape` + mean's last axis; float32 only, through the SVD of `cov`.
array multivariate_normal(const array& mean, const array& cov, const Shape& shape = {},
                          std::optional<Dtype> dtype = float32,
                          const std::optional<array>& key = {}, StreamOrDevice s = {});
/// Integers of [low, high) with the resolution of a float32 uniform.
array randint(const Operand& low, const Operand& high, const Shape& shape = {},
              std::optional<Dtype> dtype = int32, const std::optional<array>& key = {},
              StreamOrDevice s = {});
/// True with probability p.
array bernoulli(const Operand& p = 0.5, const std::optional<Shape>& shape = {},
                const std::optional<array>& key = {}, StreamOrDevice s = {});
/// Standard normal conditioned on [lower, upper].
array truncated_normal(const Operand& lower, const Operand& upper,
                       const std::optional<Shape>& shape = {}, std::optional<Dtype> dtype = float32,
                       const std::optional<array>& key = {}, StreamOrDevice s = {});
array gumbel(const Shape& shape = {}, std::optional<Dtype> dtype = float32,
             const std::optional<array>& key = {}, StreamOrDevice s = {});
array laplace(const Shape& shape = {}, std::optional<Dtype> dtype = float32, float loc = 0,
              float scale = 1, const std::optional<array>& key = {}, StreamOrDevice s = {});
/// uint32 class indices drawn with probabilities softmax(logits, axis); at most one of shape and
/// num_samples.
array categorical(const array& logits, int axis = -1, const std::optional<Shape>& shape = {},
                  std::optional<int> num_samples = {}, const std::optional<array>& key = {},
                  StreamOrDevice s = {});
/// 0, 1, … x - 1 in random order, or the array shuffled along an axis.
array permutation(const std::variant<int, array>& x, int axis = 0,
                  const std::optional<array>& key = {}, StreamOrDevice s = {});

}  // namespace mlx::random
