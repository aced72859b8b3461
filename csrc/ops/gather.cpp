// Gathering with index arrays, and along one axis.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/index_dtype.h"
#include "ops/index_launch.h"
#include "ops/indexing.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

class Gather final : public Primitive {
 public:
  Gather(int axis, int count) : axis_(axis), count_(count) {}
  const char* name() const override { return "gather"; }
  void fields(Fields& f) override { f.field("axis", axis_), f.field("count", count_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices(name());
    return {
        scatter(zeros_like(primals[0]), indices(primals), cotangents[0], axis_, ScatterMode::add)};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices(name());
    return {gather(tangents[0], indices(primals), axis_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Shape &from = inputs[0].shape(), &positions = inputs[1].shape();
    Shape shape(from.begin(), from.begin() + axis_);
    shape.insert(shape.end(), positions.begin(), positions.end());
    shape.insert(shape.end(), from.begin() + axis_ + count_, from.end());
    return {shape};
  }

 private:
  static Arrays indices(const Arrays& inputs) { return Arrays(inputs.begin() + 1, inputs.end()); }
  int axis_, count_;
};

void Gather::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& y = outputs[0];
  y.allocate(queue);
  if (y.size() == 0) return;
  array a = inputs[0];
  int64_t outer, outer_stride, inner, inner_stride;
  if (!merges(a, 0, axis_, outer, outer_stride) ||
      !merges(a, axis_ + count_, a.ndim(), inner, inner_stride)) {
    a = contiguous_copy(a, queue);
    merges(a, 0, axis_, outer, outer_stride),
        merges(a, axis_ + count_, a.ndim(), inner, inner_stride);
  }
  Arrays positions;
  for (int k = 0; k < count_; ++k) positions.push_back(contiguous_copy(inputs[1 + k], queue));

  // Rows of consecutive elements move as wide words; then strides are in words too.
  const int64_t bytes = a.itemsize();
  Word word = widest_word(queue, {bytes});
  if (inner_stride == 1 && inner > 1) {
    int64_t alignment = std::gcd(a.offset() * bytes, outer > 1 ? outer_stride * bytes : 0);
    for (int k = 0; k < count_; ++k)
      alignment = std::gcd(alignment, a.strides()[axis_ + k] * bytes);
    word = widest_word(queue, {inner * bytes, alignment});
  }
  const int64_t in_word = std::max<int64_t>(1, word.bytes / bytes), n = positions[0].size(),
                rows = outer * n;
  inner /= in_word;
  const bool cpu = queue.device().facts().is_cpu;
  const int64_t few = most_items(queue, Work::gather);
  const int64_t chunks = !cpu ? inner
                         : rows >= few || inner < 1024
                             ? 1
                             : std::min(inner / 256, (few + rows - 1) / rows);

  Launch kernel = launch(queue, "gather", "gather",
                         {{"U", word.type}, {"I", positions[0].dtype()}, {"K", count_}});
  kernel.set(in_words(a, word, false));
  kernel.set(in_words(y, word, true));
  for (int k = 0; k < count_; ++k) {
    kernel.set(reads(positions[k]));
    kernel.set(int64_t(a.shape(axis_ + k)));
    kernel.set(a.strides()[axis_ + k] / in_word);
  }
  kernel.over(work_items(queue, Work::gather, rows * chunks, inner / chunks))
      .moving(2 * y.nbytes());
  kernel.with(outer, n, inner, outer_stride / in_word, inner_stride, chunks);
}

std::pair<Arrays, std::vector<int>> Gather::vmap(const Arrays& inputs,
                                                 const std::vector<int>& axes) {
  const int size = batch_size(inputs, axes);
  const bool moving = std::any_of(axes.begin() + 1, axes.end(), [](int axis) { return axis >= 0; });
  if (!moving)
    return {{gather(batch_first(inputs[0], axes[0], size), indices(inputs), axis_ + 1)}, {0}};
  Arrays positions;
  for (int k = 1; k <= count_; ++k) positions.push_back(batch_first(inputs[k], axes[k], size));
  if (axes[0] < 0) return {{gather(inputs[0], positions, axis_)}, {axis_}};
  // Each example reads its own array: the batch becomes one more index.
  positions.insert(positions.begin(), example_indices(size, positions[0]));
  return {{gather(moveaxis(inputs[0], axes[0], axis_), positions, axis_)}, {axis_}};
}

class GatherAxis final : public Primitive {
 public:
  explicit GatherAxis(int axis) : axis_(axis) {}
  const char* name() const override { return "take_along_axis"; }
  void fields(Fields& f) override { f.field("axis", axis_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    require_integers(inputs[1], "take_along_axis");
    array& y = outputs[0];
    y.allocate(queue);
    if (y.size() == 0) return;
    const array a = contiguous_copy(inputs[0], queue), index = contiguous_copy(inputs[1], queue);
    const Word word = widest_word(queue, {a.itemsize()});
    const int64_t n = index.shape(axis_), extent = a.shape(axis_), inner = y.strides()[axis_],
                  outer = y.size() / n / inner;
    const Capabilities& device = queue.device().facts();
    const int64_t chunks =
        !device.is_cpu ? n * inner
                       : std::clamp<int64_t>(most_items(queue, Work::gather) / outer, 1, n * inner);
    launch(queue, "gather", "gather_axis", {{"U", word.type}, {"I", index.dtype()}, {"K", 1}})
        .over(work_items(queue, Work::gather, outer * chunks, y.size() / (outer * chunks)))
        .moving(2 * y.nbytes() + index.nbytes())
        .with(reads(a), writes(y), reads(index), outer, n, inner, extent, chunks);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices(name());
    return {scatter_add_axis(zeros_like(primals[0]), primals[1], cotangents[0], axis_)};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    if (argnums != std::vector<int>{0}) no_gradient_of_indices(name());
    return {take_along_axis(tangents[0], primals[1], axis_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {{take_along_axis(batch_first(inputs[0], axes[0], size),
                             batch_first(inputs[1], axes[1], size), axis_ + 1)},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[1].shape()};
  }

 private:
  int axis_;
};

}  // namespace

namespace {

Arrays indices_together(const Arrays& indices) {
  return common_indices(indices, "gather", {});
}
Arrays taken_along(const Arrays& inputs, int axis) {
  return {take_along_axis(inputs[0], inputs[1], axis)};
}

}  // namespace

Arrays common_indices(const Arrays& indices, const char* op, StreamOrDevice s) {
  if (indices.size() > 1 && follows_shape(indices))
    return defer(make_ref<DeferredCall<&indices_together>>(), indices, to_stream(s));
  Shape shape = indices[0].shape();
  Dtype dtype = indices[0].dtype();
  for (const array& index : indices) {
    if (!index.dtype().is_integer())
      fail(op, "indices must be integers, not ", index.dtype().name(), ".");
    shape = broadcast(shape, index.shape(), op);
    const Dtype both = promote(dtype, index.dtype());
    dtype = both.is_integer() ? both : int64;
  }
  if (indices.size() == 1) return indices;
  Arrays result;
  for (const array& index : indices)
    result.push_back(broadcast_to(astype(index, dtype, s), shape, s));
  return result;
}

void require_integers(const array& indices, const char* op) {
  if (!indices.dtype().is_integer())
    fail<std::runtime_error>(op, "indices must be integers, not ", indices.dtype().name(), ".");
}

void no_gradient_of_indices(const char* op) {
  fail(op,
       "Cannot calculate the gradient with respect to indices; put mx.stop_gradient around them.");
}

void merge_last_indices(Arrays& indices, int32_t rows, int32_t columns, StreamOrDevice s) {
  const auto from_the_start = [&](const array& index, int32_t extent) {
    const array wide = astype(index, int64, s);
    return where(less(wide, 0, s), add(wide, extent, s), wide, s);
  };
  const array column = from_the_start(indices.back(), columns);
  indices.pop_back();
  indices.back() = add(multiply(from_the_start(indices.back(), rows), columns, s), column, s);
}

array example_indices(int size, const array& batched) {
  Shape lane(size_t(batched.ndim()), 1);
  lane[0] = size;
  return reshape(arange(size, batched.dtype()), lane);
}

array gather(const array& a, const Arrays& indices, int axis, StreamOrDevice s) {
  Arrays inputs = common_indices(indices, "gather", s);
  const int count = int(inputs.size());
  for (int k = 0; k < count; ++k)
    if (a.shape(axis + k) == 0 && inputs[0].size() > 0)
      fail("take", "cannot do a non-empty take from an empty axis.");
  if (count > most_index_arrays) {
    const int i = axis + count - 2;
    merge_last_indices(inputs, a.shape(i), a.shape(i + 1), s);
    return gather(flatten(a, i, i + 1, s), inputs, axis, s);
  }
  inputs.insert(inputs.begin(), a);
  auto primitive = make_ref<Gather>(axis, count);
  Shape shape = primitive->output_shapes(inputs)[0];
  return array(std::move(shape), a.dtype(), std::move(primitive), std::move(inputs), to_stream(s));
}

array take(const array& a, const std::variant<int, array>& indices, std::optional<int> axis,
           StreamOrDevice s) {
  const int* const one = std::get_if<int>(&indices);
  const Arrays index{one ? array(*one) : std::get<array>(indices)};
  if (!axis) return gather(flatten(a, 0, -1, s), index, 0, s);
  return gather(a, index, normalize_axis(*axis, a.ndim(), "take"), s);
}

array take_along_axis(const array& a, const array& indices, std::optional<int> axis,
                      StreamOrDevice s) {
  if (!axis) return take_along_axis(flatten(a, 0, -1, s), indices, 0, s);
  const int at = normalize_axis(*axis, a.ndim(), "take_along_axis");
  if (indices.ndim() != a.ndim())
    fail("take_along_axis", "indices of dimension ", indices.ndim(),
         " do not match an array of dimension ", a.ndim(), ".");
  if (a.shape(at) == 0 && indices.size() > 0)
    fail("take_along_axis", "cannot take from an empty axis.");
  if (follows_shape(Arrays{a, indices})) return deferred<&taken_along>({a, indices}, s, at);
  Shape others = a.shape(), to = indices.shape();
  others[at] = to[at] = 1;
  others = to = broadcast(others, to, "take_along_axis");
  others[at] = a.shape(at);
  to[at] = indices.shape(at);
  Arrays inputs{broadcast_to(a, others, s), broadcast_to(indices, to, s)};
  return array(std::move(to), a.dtype(), make_ref<GatherAxis>(at), std::move(inputs), to_stream(s));
}

static const Registered<DeferredCall<&indices_together>> indices_class("IndicesTogether");
static const Registered<DeferredCall<&taken_along>> taken_along_class("TakeAlongAxis", 0);
static const Registered<Gather> gather_class("Gather", 0, 0);
static const Registered<GatherAxis> gather_axis_class("GatherAxis", 0);

}  // namespace mlx
