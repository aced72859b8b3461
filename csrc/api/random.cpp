// Random numbers of the public interface.
#include "ops/random.h"

#include "api/convert.h"
#include "base/error.h"
#include "mlx/random.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/shape.h"

namespace mlx::core::random {

using Key = std::optional<array>;

namespace {

array row(const mlx::array& rows, int index, const StreamOrDevice& s) {
  return out(mlx::take(rows, index, 0, in(s)));
}

/// The first values of `width` bytes in a vector of 32-bit words.
array narrowed(const array& words, int width, const Shape& shape, const StreamOrDevice& s) {
  const mlx::array values = mlx::view(in(words), width == 1 ? mlx::uint8 : mlx::uint16, in(s));
  const int32_t size = int32_t(mlx::size_of(shape));
  return out(mlx::reshape(mlx::slice(values, {0}, {size}, in(s)), shape, in(s)));
}

}  // namespace

KeySequence::KeySequence(uint64_t seed) {
  this->seed(seed);
}

void KeySequence::seed(uint64_t seed) {
  if (global_)
    mlx::random::seed(seed);
  else
    key_ = key(seed);
}

array KeySequence::next() {
  const array before = global_ ? out(mlx::random::random_state()) : *key_;
  const auto [rest, drawn] = split(before);
  if (global_)
    mlx::random::set_random_state(in(rest));
  else
    key_ = rest;
  return drawn;
}

KeySequence& KeySequence::default_() {
  thread_local KeySequence sequence;
  return sequence;
}

array key(uint64_t seed) {
  return out(mlx::random::key(seed));
}
void seed(uint64_t seed) {
  mlx::random::seed(seed);
}

array bits(const Shape& shape, int width, const Key& key, StreamOrDevice s) {
  if (width == 4) return bits(shape, key, s);
  if (width != 1 && width != 2) fail("bits", "the width is 1, 2 or 4 bytes, not ", width, ".");
  // The narrow values are the words of enough bits, one after the other.
  const int64_t size = mlx::size_of(shape), each = 4 / width;
  const array enough = bits(Shape{ShapeElem((size + each - 1) / each)}, key, s);
  return narrowed(enough, width, shape, s);
}
array bits(const Shape& shape, const Key& key, StreamOrDevice s) {
  return out(mlx::random::bits(shape, in(key), in(s)));
}
std::pair<array, array> split(const array& key, StreamOrDevice s) {
  const mlx::array both = mlx::random::split(in(key), 2, in(s));
  return {row(both, 0, s), row(both, 1, s)};
}
array split(const array& key, int num, StreamOrDevice s) {
  return out(mlx::random::split(in(key), num, in(s)));
}

array uniform(const array& low, const array& high, const Shape& shape, Dtype dtype, const Key& key,
              StreamOrDevice s) {
  return out(mlx::random::uniform(in(low), in(high), shape, in(dtype), in(key), in(s)));
}
array uniform(const Shape& shape, Dtype dtype, const Key& key, StreamOrDevice s) {
  return out(mlx::random::uniform(0, 1, shape, in(dtype), in(key), in(s)));
}
array uniform(const Shape& shape, const Key& key, StreamOrDevice s) {
  return uniform(shape, float32, key, s);
}

array normal(const Shape& shape, Dtype dtype, const std::optional<array>& loc,
             const std::optional<array>& scale, const Key& key, StreamOrDevice s) {
  const auto operand = [](const std::optional<array>& a) {
    return a ? std::optional<mlx::Operand>(in(*a)) : std::nullopt;
  };
  return out(mlx::random::normal(shape, in(dtype), operand(loc), operand(scale), in(key), in(s)));
}
array normal(const Shape& shape, Dtype dtype, float loc, float scale, const Key& key,
             StreamOrDevice s) {
  return out(mlx::random::normal(shape, in(dtype), mlx::Operand(loc), mlx::Operand(scale), in(key),
                                 in(s)));
}
array normal(const Shape& shape, float loc, float scale, const Key& key, StreamOrDevice s) {
  return normal(shape, float32, loc, scale, key, s);
}
array normal(const Shape& shape, Dtype dtype, const Key& key, StreamOrDevice s) {
  return out(mlx::random::normal(shape, in(dtype), {}, {}, in(key), in(s)));
}
array normal(const Shape& shape, const Key& key, StreamOrDevice s) {
  return normal(shape, float32, key, s);
}
array multivariate_normal(const array& mean, const array& cov, const Shape& shape, Dtype dtype,
                          const Key& key, StreamOrDevice s) {
  return out(mlx::random::multivariate_normal(in(mean), in(cov), shape, in(dtype), in(key), in(s)));
}
array randint(const array& low, const array& high, const Shape& shape, Dtype dtype, const Key& key,
              StreamOrDevice s) {
  return out(mlx::random::randint(in(low), in(high), shape, in(dtype), in(key), in(s)));
}
array bernoulli(const array& p, const Shape& shape, const Key& key, StreamOrDevice s) {
  return out(mlx::random::bernoulli(in(p), shape, in(key), in(s)));
}
array bernoulli(const array& p, const Key& key, StreamOrDevice s) {
  return out(mlx::random::bernoulli(in(p), {}, in(key), in(s)));
}
array bernoulli(const Key& key, StreamOrDevice s) {
  return bernoulli(array(0.5f), key, s);
}
array truncated_normal(const array& lower, const array& upper, const Shape& shape, Dtype dtype,
                       const Key& key, StreamOrDevice s) {
  return out(mlx::random::truncated_normal(in(lower), in(upper), shape, in(dtype), in(key), in(s)));
}
array truncated_normal(const array& lower, const array& upper, Dtype dtype, const Key& key,
                       StreamOrDevice s) {
  return out(mlx::random::truncated_normal(in(lower), in(upper), {}, in(dtype), in(key), in(s)));
}
array gumbel(const Shape& shape, Dtype dtype, const Key& key, StreamOrDevice s) {
  return out(mlx::random::gumbel(shape, in(dtype), in(key), in(s)));
}
array categorical(const array& logits, int axis, const Shape& shape, const Key& key,
                  StreamOrDevice s) {
  return out(mlx::random::categorical(in(logits), axis, shape, {}, in(key), in(s)));
}
array categorical(const array& logits_, int axis, int num_samples, const Key& key,
                  StreamOrDevice s) {
  return out(mlx::random::categorical(in(logits_), axis, {}, num_samples, in(key), in(s)));
}
array categorical(const array& logits, int axis, const Key& key, StreamOrDevice s) {
  return out(mlx::random::categorical(in(logits), axis, {}, {}, in(key), in(s)));
}
array laplace(const Shape& shape, Dtype dtype, float loc, float scale, const Key& key,
              StreamOrDevice s) {
  return out(mlx::random::laplace(shape, in(dtype), loc, scale, in(key), in(s)));
}
array laplace(const Shape& shape, float loc, float scale, const Key& key, StreamOrDevice s) {
  return laplace(shape, float32, loc, scale, key, s);
}
array laplace(const Shape& shape, Dtype dtype, const Key& key, StreamOrDevice s) {
  return laplace(shape, dtype, 0, 1, key, s);
}
array laplace(const Shape& shape, const Key& key, StreamOrDevice s) {
  return laplace(shape, float32, key, s);
}
array permutation(const array& x, int axis, const Key& key, StreamOrDevice s) {
  return out(mlx::random::permutation(in(x), axis, in(key), in(s)));
}
array permutation(int x, const Key& key, StreamOrDevice s) {
  return out(mlx::random::permutation(x, 0, in(key), in(s)));
}

}  // namespace mlx::core::random
