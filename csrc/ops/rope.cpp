// Rotary position embeddings: checks, the primitive, its derivatives and batching.
#include "ops/rope.h"

#include <cmath>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

/// So many, on CPU devices, and their table is made as they are rotated: a launch costs more.
constexpr int64_t few_positions = 8;

struct Rotation {
  int dims;
  bool traditional;
  float base;  ///< unused with freqs
  float scale;
  bool backward = false;  ///< by the negative angles
};

/// x seen as (batch, heads, positions, width), and its strides.
struct RowLayout {
  int64_t batch, heads, positions, width;
  int64_t strides[4];
};

/// False when the axes between the first and the last two do not follow each other, or features are
/// apart.
bool lay_out(const array& x, RowLayout& layout) {
  const int n = x.ndim();
  const Strides& strides = x.strides();
  if (x.shape(-1) != 1 && strides[n - 1] != 1) return false;
  const Shape middle(x.shape().begin() + 1, x.shape().end() - 2);
  const Strides between(strides.begin() + 1, strides.end() - 2);
  const Collapsed heads = collapse_dims(middle, {&between});
  if (heads.shape.size() != 1) return false;
  layout = {x.shape(0),
            size_of(middle),
            x.shape(-2),
            x.shape(-1),
            {strides[0], heads.strides[0][0], strides[n - 2], 1}};
  return true;
}

/// Inputs: x, offset (int array of 1 or batch elements), and perhaps freqs.
class RoPE final : public Primitive {
 public:
  explicit RoPE(Rotation rotation) : r_(rotation) {}
  const char* name() const override { return "RoPE"; }
  void fields(Fields& f) override {
    f.field("dims", r_.dims);
    f.field("traditional", r_.traditional);
    f.field("base", r_.base);
    f.field("scale", r_.scale);
    f.field("backward", r_.backward);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays&, const std::vector<int>&) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return 2 * size_t(inputs[0].size());
  }

  static array apply(const Rotation& rotation, Arrays inputs, const StreamOrDevice& s = {}) {
    const array x = inputs[0];
    return array(x.shape(), x.dtype(), make_ref<RoPE>(rotation), std::move(inputs), to_stream(s));
  }

 private:
  struct Angles;
  int64_t pairs() const { return r_.dims / 2; }
  Ref<Buffer> allocate_table(int64_t rows, Queue& queue) const;
  Ref<Buffer> make_table(const Arrays& inputs, int64_t positions, Queue& queue) const;
  array period_cotangent(const Arrays& primals, const array& g, const array& y) const;
  Rotation r_;
};

/// What the angles are made of: offsets and, perhaps, frequencies.
struct RoPE::Angles {
  Angles(const RoPE& rope, const Arrays& inputs, Queue& queue)
      : offsets(contiguous_copy(inputs[1], queue)),
        periods(inputs.size() == 3 ? contiguous_copy(inputs[2], queue) : offsets),
        log_step(float(-std::log(rope.r_.base) / float(rope.pairs()))),
        defines{{"T", inputs[0].dtype()}, {"O", offsets.dtype()}, {"F", periods.dtype()}} {
    if (inputs.size() == 3) defines.emplace_back("FREQS", 1);
  }
  array offsets, periods;
  float log_step;
  Defines defines;
};

/// A table of the angles' cosines and sines, for `rows` of them.
Ref<Buffer> RoPE::allocate_table(int64_t rows, Queue& queue) const {
  return queue.device().allocator().allocate(size_t(rows * 2 * pairs()) * sizeof(float), &queue);
}

Ref<Buffer> RoPE::make_table(const Arrays& inputs, int64_t positions, Queue& queue) const {
  const Angles angles(*this, inputs, queue);
  const int64_t sequences = angles.offsets.size();
  Ref<Buffer> table = allocate_table(sequences * positions, queue);
  launch(queue, "rope", "rope_table", angles.defines)
      .over(work_items(queue, Work::rope, sequences * positions, 8 * pairs()))
      .with(reads(angles.offsets), reads(angles.periods), BufferArgument{table.get(), 0, true},
            sequences, positions, pairs(), r_.scale, angles.log_step);
  return table;
}

void RoPE::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& y = outputs[0];
  array x = inputs[0];
  RowLayout from, to;
  if (!lay_out(x, from)) {
    x = contiguous_copy(x, queue);
    lay_out(x, from);
  }
  y.allocate(queue);
  if (y.size() == 0) return;
  lay_out(y, to);
  const bool at_once =
      queue.device().facts().is_cpu && from.batch * from.positions <= few_positions;
  const size_t items = work_items(queue, Work::rope, y.size() / from.width, from.width);
  const Ref<Buffer> table =
      at_once ? allocate_table(int64_t(items), queue) : make_table(inputs, from.positions, queue);
  Defines defines{{"T", x.dtype()}, {"O", inputs[1].dtype()}, {"F", float32}};
  std::optional<Angles> angles;
  if (at_once) defines = angles.emplace(*this, inputs, queue).defines;
  if (r_.traditional) defines.emplace_back("TRADITIONAL", 1);
  if (x.dtype() != float64) defines.emplace_back("IS_FLOAT", 1);
  Launch step = launch(queue, "rope", at_once ? "rope_at_once" : "rope_rotate", defines);
  step.set(reads(x));
  step.set(writes(y));
  step.set(BufferArgument{table.get(), 0, at_once});
  for (const int64_t value : {from.batch, from.heads, from.positions, from.width, pairs()})
    step.set(value);
  step.set_bytes(from.strides, sizeof from.strides);
  step.set_bytes(to.strides, sizeof to.strides);
  if (!at_once) step.set(inputs[1].size() > 1 ? from.positions * 2 * pairs() : int64_t(0));
  step.set(r_.backward ? -1.0f : 1.0f);
  if (at_once) {
    step.set(reads(angles->offsets));
    step.set(reads(angles->periods));
    step.set(int64_t(inputs[1].size() > 1));
    step.set(r_.scale);
    step.set(angles->log_step);
  }
  step.over(items).moving(size_t(2 * y.nbytes())).enqueue();
}

/// The angles are (t + offset) · scale / freqs, and a rotated pair (p, q) moves by (-q, p) with its
/// angle.
array RoPE::period_cotangent(const Arrays& primals, const array& g, const array& y) const {
  const array& freqs = primals[2];
  const int pairs = r_.dims / 2, n = y.ndim(), step = r_.traditional ? 2 : 1;
  const auto part = [&](const array& x, int which) {
    Shape start(n, 0), stop = x.shape(), strides(n, 1);
    start.back() = which * (r_.traditional ? 1 : pairs);
    stop.back() = r_.traditional ? r_.dims : start.back() + pairs;
    strides.back() = step;
    return astype(slice(x, start, stop, strides), float32);
  };
  const array turn = part(g, 1) * part(y, 0) - part(g, 0) * part(y, 1);
  Axes later_axes = all_axes(n - 1), summed = all_axes(n - 1);
  later_axes.erase(later_axes.begin());
  array offset = astype(primals[1], float32);
  if (offset.size() > 1) offset = expand_dims(offset, later_axes);
  const array position =
      (arange(y.shape(-2), float32) + offset) * double(r_.backward ? -r_.scale : r_.scale);
  const array total = sum(turn * expand_dims(position, {-1}), summed);
  return astype(negative(total / square(astype(freqs, float32))), freqs.dtype());
}

Arrays RoPE::vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
                 const Arrays& outputs) {
  Rotation reverse = r_;
  reverse.backward = !r_.backward;
  Arrays result;
  for (const int i : argnums) {
    Arrays inputs = primals;
    inputs[0] = cotangents[0];
    if (i == 0)
      result.push_back(apply(reverse, inputs));
    else if (i == 1)
      result.push_back(zeros_like(primals[1]));
    else
      result.push_back(period_cotangent(primals, cotangents[0], outputs[0]));
  }
  return result;
}

Arrays RoPE::jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>& argnums) {
  std::optional<array> result;
  for (size_t i = 0; i < argnums.size(); ++i) {
    if (argnums[i] == 2) no_transform("jvp", *this);
    if (argnums[i] != 0) continue;
    Arrays inputs = primals;
    inputs[0] = tangents[i];
    result = apply(r_, inputs);
  }
  return {result ? *result : zeros_like(primals[0])};
}

std::pair<Arrays, std::vector<int>> RoPE::vmap(const Arrays& inputs, const std::vector<int>& axes) {
  if (axes.size() == 3 && axes[2] >= 0) no_transform("vmap", *this);
  const int size = batch_size(inputs, axes);
  Arrays mapped = inputs;
  const array x = batch_first(inputs[0], axes[0], size);
  mapped[0] = flatten(x, 0, 1);
  if (axes[1] >= 0 || inputs[1].size() > 1) {
    array offset = batch_first(inputs[1], axes[1], size);
    if (offset.ndim() == 1) offset = expand_dims(offset, {-1});
    mapped[1] = flatten(broadcast_to(offset, {size, x.shape(1)}));
  }
  return {{unflatten(apply(r_, mapped), 0, {size, -1})}, {0}};
}

}  // namespace

array rope(const array& a, int dims, bool traditional, std::optional<float> base, float scale,
           const Operand& offset, const std::optional<array>& freqs, StreamOrDevice s) {
  if (a.ndim() < 3)
    fail("rope", "Input must have at least 3 dimensions but got input with ", a.ndim(),
         " dimensions.");
  if (!a.dtype().is_floating())
    fail("rope", "Input must be a floating type but got ", a.dtype().name(), ".");
  if (dims <= 0) fail("rope", "dims must be positive but got ", dims, ".");
  if (dims % 2) fail("rope", "dims must be even but got ", dims, ".");
  if (dims > a.shape(-1))
    fail("rope", "dims must not exceed the input's last dimension (", a.shape(-1), ") but got ",
         dims, ".");
  if (base && freqs) fail("rope", "Only one of base or freqs can have a value.");
  if (!base && !freqs) fail("rope", "Neither base nor freqs has a value.");
  if (freqs && freqs->shape() != Shape{dims / 2})
    fail("rope", "freqs must be one dimensional with size ", dims / 2, " but got shape ",
         to_string(freqs->shape()), ".");
  const array start = to_array(offset);
  if (start.ndim() > 1)
    fail("rope", "offset must have at most one dimension but has shape ", to_string(start.shape()),
         ".");
  if (start.size() != 1 && start.size() != a.shape(0))
    fail("rope", "offset must be a scalar or vector with ", a.shape(0), " elements but has shape ",
         to_string(start.shape()), ".");
  if (!start.dtype().is_integer())
    fail("rope", "offset must be an integer but got type ", start.dtype().name(), ".");
  Arrays inputs{a, start};
  if (freqs) inputs.push_back(freqs->dtype().is_complex() ? astype(*freqs, float32, s) : *freqs);
  return RoPE::apply({dims, traditional, base.value_or(1), scale}, std::move(inputs), s);
}

static const Registered<RoPE> rope_class("RoPE", Rotation{});

}  // namespace mlx::fast
