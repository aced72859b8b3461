// Keys, random words and the calling thread's state.
#include "ops/random.h"

#include <bit>
#include <chrono>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx::random {
namespace {

struct Words {
  uint32_t first, second;
  bool operator==(const Words&) const = default;
};

/// Threefry-2x32 as in kernels/random.cl, for the few words that the host needs.
Words threefry(Words key, Words counter) {
  const uint32_t keys[3] = {key.first, key.second, key.first ^ key.second ^ 0x1BD11BDAu};
  constexpr int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  uint32_t x = counter.first + keys[0], y = counter.second + keys[1];
  for (uint32_t group = 0; group < 5; ++group) {
    for (const int rotation : rotations[group % 2]) {
      x += y;
      y = std::rotl(y, rotation) ^ x;
    }
    x += keys[(group + 1) % 3];
    y += keys[(group + 2) % 3] + group + 1;
  }
  return {x, y};
}

Words words_of(uint64_t seed) {
  return {uint32_t(seed >> 32), uint32_t(seed)};
}

array key_array(Words words) {
  const uint32_t values[2] = {words.first, words.second};
  return array::from_host(values, {2}, uint32);
}

/// Random words for a batch of keys: (…, 2) → … + shape.
class RandomBits final : public Primitive {
 public:
  explicit RandomBits(Shape shape) : shape_(std::move(shape)) {}
  const char* name() const override { return "RandomBits"; }
  void fields(Fields& f) override { f.field("shape", shape_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    const array keys = contiguous_copy(inputs[0], queue);
    const int64_t words = size_of(shape_), count = keys.size() / 2;
    launch(queue, "random", "random_bits", {})
        .over(work_items(queue, Work::random, out.size() / 8))
        .moving(size_t(out.nbytes()))
        .with(reads(keys), writes(out), count, words);
  }
  Arrays vjp(const Arrays& primals, const Arrays&, const std::vector<int>&,
             const Arrays&) override {
    return {zeros_of(primals[0])};
  }
  Arrays jvp(const Arrays& primals, const Arrays&, const std::vector<int>&) override {
    return {zeros_of(words(primals[0], shape_, {}))};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{words(moveaxis(inputs[0], axes[0], 0), shape_, {})}, {0}};
  }
  /// Twenty rounds for two words.
  size_t work(const Arrays&, const Arrays& outputs) const override {
    return 4 * size_t(outputs[0].size());
  }

  static array words(const array& keys, const Shape& shape, const StreamOrDevice& s) {
    // Nothing in the graph would say that the shape came from an argument.
    if (AnyShape::active()) fail("random", "RandomBits cannot infer output shapes.");
    return array(result_shape(keys, shape), uint32, make_ref<RandomBits>(shape), {keys},
                 to_stream(s));
  }

 private:
  static array zeros_of(const array& x) { return broadcast_to(array(0, x.dtype()), x.shape()); }
  static Shape result_shape(const array& keys, const Shape& shape) {
    Shape result(keys.shape().begin(), keys.shape().end() - 1);
    result.insert(result.end(), shape.begin(), shape.end());
    return result;
  }
  Shape shape_;
};

/// The calling thread's key: an array once a compiled function has set it, else plain words, split
/// on the host.
struct State {
  Words words = words_of(uint64_t(process_seed()));
  std::optional<array> computed;
  std::optional<std::pair<array, Words>>
      given;  ///< what random_state() gave out last, to know it when it comes back
  array* live =
      nullptr;  ///< the array that Python shows as the key; what is assigned to it becomes the key

  static int64_t process_seed() {
    static const int64_t milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(
                                            std::chrono::system_clock::now().time_since_epoch())
                                            .count();
    return milliseconds;
  }
};

State& state() {
  thread_local State state;
  return state;
}

array key_of(State& current) {
  if (current.computed) return *current.computed;
  if (!current.given || !(current.given->second == current.words))
    current.given = {key_array(current.words), current.words};
  return current.given->first;
}

void set_key(State& current, const array& key) {
  if (current.given && current.given->first.same(key)) {
    current.words = current.given->second;
    current.computed.reset();
  } else {
    current.computed = key;
  }
}

/// The state, after an assignment to the array that Python shows.
State& current_state() {
  State& current = state();
  if (current.live && !current.live->same(key_of(current))) set_key(current, *current.live);
  return current;
}

void show(State& current) {
  if (current.live) *current.live = key_of(current);
}

/// Splits the calling thread's key: the state takes the first child, the caller the second.
array next_key(const StreamOrDevice& s) {
  State& current = current_state();
  if (!current.computed) {
    const Words a = threefry(current.words, {0, 2}), b = threefry(current.words, {1, 3});
    current.words = {a.first, b.first};
    show(current);
    return key_array({a.second, b.second});
  }
  const array keys = split(*current.computed, 2, s);
  current.computed = squeeze(slice(keys, {0, 0}, {1, 2}, s), Axes{0}, s);
  show(current);
  return squeeze(slice(keys, {1, 0}, {2, 2}, s), Axes{0}, s);
}

}  // namespace

array key(uint64_t seed) {
  return key_array(words_of(seed));
}

void seed(uint64_t seed) {
  State& current = state();
  current.words = words_of(seed);
  current.computed.reset();
  show(current);
}

array random_state() {
  return key_of(current_state());
}

void set_random_state(const array& key) {
  State& current = state();
  set_key(current, key);
  show(current);
}

void show_random_state(array* live) {
  State& current = current_state();
  current.live = live;
  show(current);
}

void reset_random_state() {
  state() = State{};
}

array bits(const Shape& shape, const std::optional<array>& key, StreamOrDevice s) {
  for (const int32_t extent : shape)
    if (extent < 0) fail("bits", "Negative dimensions not allowed.");
  const array used = key ? *key : next_key(s);
  if (used.dtype() != uint32)
    fail("bits", "Expected key type uint32 but received ", used.dtype().name(), ".");
  if (used.shape() != Shape{2})
    fail("bits", "Expected key shape (2) but received ", to_string(used.shape()), ".");
  return RandomBits::words(used, shape, s);
}

array split(const array& key, int num, StreamOrDevice s) {
  return bits({num, 2}, key, s);
}

static const Registered<RandomBits> random_bits_class("RandomBits", Shape{});

}  // namespace mlx::random
