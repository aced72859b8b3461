// Scattering with index arrays, and along one axis.
#include "ops/scatter.h"

#include <algorithm>
#include <bit>
#include <numeric>

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
#include "ops/shape.h"

namespace mlx {

Names names_of(ScatterMode) {
  static constexpr const char* names[] = {"set", "add", "multiply", "maximum", "minimum"};
  return names;
}

namespace {

/// Bools add and multiply as or and and.
ScatterMode mode_for(ScatterMode mode, Dtype dtype) {
  if (dtype != bool_) return mode;
  if (mode == ScatterMode::add) return ScatterMode::maximum;
  return mode == ScatterMode::multiply ? ScatterMode::minimum : mode;
}

Defines defines_of(const array& y, const array& index, size_t count, ScatterMode mode) {
  Defines defines{{"T", y.dtype()}, {"I", index.dtype()}, {"K", int(count)}, {"MODE", int(mode)}};
  if (y.dtype().is_complex())
    defines.push_back({"IS_COMPLEX", 1});
  else if (!y.dtype().is_half())
    defines.push_back({"PLAIN_TYPE", 1});
  return defines;
}

/// The output starts as the input: its memory if nobody else reads it, else a copy.
void start_from(const array& a, array& y, Queue& queue) {
  if (a.is_donatable() && a.is_row_contiguous()) return y.share(a, a.strides(), a.offset());
  y.allocate(queue);
  if (y.size()) copy_into(a, view_into(y, y.shape(), y.strides(), 0), queue);
}

/// True where an element a task, with atomics, is better than a few tasks that each walk all
/// indices. `shared` tells whether a CPU's cores can have lines or columns of their own.
bool by_elements(const array& y, ScatterMode mode, Queue& queue, bool shared) {
  const Capabilities& device = queue.device().facts();
  const bool many = !device.is_cpu || (!queue.is_small() && device.compute_units > 8 && !shared);
  return many && (mode == ScatterMode::set || y.itemsize() < 8);
}

/// Launches scatter_atomic.cl over all updates, `n` at most for one place; `set_rest` sets what
/// follows the arrays. Where a value replaces others, a launch before it finds the last update of
/// each of the places, which have shape `slots`.
template <typename SetRest>
void scatter_elements(array& y, const array& updates, Defines defines, bool replaces,
                      const Shape& slots, int64_t n, Queue& queue, SetRest&& set_rest) {
  std::optional<array> last;
  if (replaces && n > 1) {
    defines.push_back({"CLAIMED", 1});
    last = array::scratch(slots, int32, queue);
    copy_into(array(0, int32), *last, queue);
    Launch claim = launch(queue, "scatter_atomic", "claim", defines);
    claim.set(writes(*last));
    set_rest(claim);
    const int64_t per_slot = y.size() / size_of(slots);
    claim.over(work_items(queue, Work::scatter_atomic, updates.size() / per_slot)).enqueue();
  }
  Launch kernel = launch(queue, "scatter_atomic", "scatter_atomic", defines);
  kernel.set(writes(y));
  kernel.set(reads(updates));
  if (last) kernel.set(reads(*last));
  set_rest(kernel);
  kernel.over(work_items(queue, Work::scatter_atomic, updates.size()))
      .moving(3 * updates.nbytes())
      .enqueue();
}

class Scatter final : public Primitive {
 public:
  Scatter(int axis, int count, ScatterMode mode) : axis_(axis), count_(count), mode_(mode) {}
  const char* name() const override { return "scatter"; }
  void fields(Fields& f) override {
    f.field("axis", axis_), f.field("count", count_), f.field("mode", mode_);
  }
  // Inputs: the array, the updates, the indices.
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size() + 2 * inputs[1].size());
  }

 private:
  static Arrays indices(const Arrays& inputs) { return Arrays(inputs.begin() + 2, inputs.end()); }
  array others(const Arrays& primals, const array& y) const;
  int axis_, count_;
  ScatterMode mode_;
};

void Scatter::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& y = outputs[0];
  start_from(inputs[0], y, queue);
  if (inputs[1].size() == 0 || y.size() == 0) return;
  const array updates = contiguous_copy(inputs[1], queue);
  Arrays positions;
  for (int k = 0; k < count_; ++k) positions.push_back(contiguous_copy(inputs[2 + k], queue));
  int64_t outer, outer_stride, inner, inner_stride;
  merges(y, 0, axis_, outer, outer_stride),
      merges(y, axis_ + count_, y.ndim(), inner, inner_stride);
  const int64_t n = positions[0].size();

  // Few parts share the result out among themselves, without atomics and in a fixed order. Many
  // parts, each of which would walk all indices, do better with atomics where the device has them
  // for the type.
  const Capabilities& device = queue.device().facts();
  const int64_t cores = queue.is_small() ? 1 : device.compute_units;
  const bool by_columns = inner >= 16 * cores;
  const Defines defines = defines_of(y, positions[0], positions.size(), mode_);
  if (by_elements(y, mode_, queue, by_columns)) {
    const Shape slots(y.shape().begin(), y.shape().begin() + axis_ + count_);
    return scatter_elements(y, updates, defines, mode_ == ScatterMode::set, slots, n, queue,
                            [&](Launch& kernel) {
                              set_indices(kernel, positions, y, axis_);
                              for (const int64_t size : {outer, n, inner, outer_stride})
                                kernel.set(size);
                            });
  }
  Launch kernel = launch(queue, "scatter", "scatter", defines);
  kernel.set(writes(y));
  kernel.set(reads(updates));
  set_indices(kernel, positions, y, axis_);
  kernel.moving(3 * updates.nbytes());
  const int64_t wanted = device.is_cpu ? cores : by_columns ? inner / 4 : 256;
  int64_t parts = updates.size() < 4096 ? 1 : wanted;
  if (!by_columns) parts = int64_t(std::bit_ceil(uint64_t(parts)));
  // Runs as long as the indices' skew allows: short ones would leave half of each cache's sets to
  // the other cores.
  const int32_t shift = std::max(6 + std::bit_width(uint64_t(inner - 1)),
                                 std::bit_width(uint64_t(y.size() / (16 * parts))));
  kernel.over(size_t(parts))
      .with(outer, n, inner, outer_stride, parts, by_columns ? int64_t(0) : parts - 1, shift);
}

Arrays Scatter::vjp(const Arrays& primals, const Arrays& cotangents,
                    const std::vector<int>& argnums, const Arrays& outputs) {
  const array& g = cotangents[0];
  const Arrays at = indices(primals);
  Arrays result;
  for (const int i : argnums) {
    if (i > 1) no_gradient_of_indices(name());
    const array& updates = primals[1];
    const array &a = primals[0], &y = outputs[0];
    switch (mode_) {
      case ScatterMode::set:
        result.push_back(i == 0 ? scatter(g, at, zeros_like(updates), axis_, mode_)
                                : gather(g, at, axis_));
        break;
      case ScatterMode::add:
        result.push_back(i == 0 ? g : gather(g, at, axis_));
        break;
      case ScatterMode::multiply:
        result.push_back(i == 0 ? scatter(g, at, conjugate(updates), axis_, mode_)
                                : gather(g, at, axis_) * conjugate(others(primals, y)));
        break;
      default:
        result.push_back(i == 0 ? where(equal(a, y), g, zeros_like(g))
                                : where(equal(gather(y, at, axis_), updates), gather(g, at, axis_),
                                        zeros_like(updates)));
    }
  }
  return result;
}

/// For each update of a product, what the others at its place multiply to: divided out, except from
/// zero. Beside one more zero the product is 0, but its slope is not.
array Scatter::others(const Arrays& primals, const array& y) const {
  const array &a = primals[0], &updates = primals[1];
  const Arrays at = indices(primals);
  const array is_zero = equal(updates, array(0, updates.dtype()));
  const array factors = where(is_zero, array(1, updates.dtype()), updates);
  const array zeros =
      scatter(zeros_like(a, int32), at, astype(is_zero, int32), axis_, ScatterMode::add);
  const array alone = gather(scatter(a, at, factors, axis_, mode_), at, axis_);
  const array count = gather(zeros, at, axis_), one(1, a.dtype()), none(0, a.dtype());
  const array sum =
      scatter(zeros_like(a), at, where(is_zero, updates, none), axis_, ScatterMode::add);
  const array other = where(equal(count, array(2, int32)), gather(sum, at, axis_) - updates, none);
  const array at_zero = alone * where(equal(count, array(1, int32)), one, other);
  return where(is_zero, at_zero, gather(y, at, axis_) / factors);
}

Arrays Scatter::jvp(const Arrays& primals, const Arrays& tangents,
                    const std::vector<int>& argnums) {
  if (argnums.back() > 1) no_gradient_of_indices(name());
  const array &a = primals[0], &updates = primals[1];
  const Arrays both = all_tangents(primals, tangents, argnums, 2), at = indices(primals);
  if (mode_ == ScatterMode::set || mode_ == ScatterMode::add)
    return {scatter(both[0], at, both[1], axis_, mode_)};
  const array y = scatter(a, at, updates, axis_, mode_);
  if (mode_ == ScatterMode::multiply)
    return {scatter(scatter(both[0], at, updates, axis_, mode_), at, both[1] * others(primals, y),
                    axis_, ScatterMode::add)};
  const array kept = where(equal(a, y), both[0], zeros_like(both[0]));
  const array chosen = where(equal(gather(y, at, axis_), updates), both[1], zeros_like(both[1]));
  return {scatter(kept, at, chosen, axis_, ScatterMode::add)};
}

std::pair<Arrays, std::vector<int>> Scatter::vmap(const Arrays& inputs,
                                                  const std::vector<int>& axes) {
  const int size = batch_size(inputs, axes);
  const array a = batch_first(inputs[0], axes[0], size),
              updates = batch_first(inputs[1], axes[1], size);
  if (std::all_of(axes.begin() + 2, axes.end(), [](int axis) { return axis < 0; }))
    return {{scatter(a, indices(inputs), updates, axis_ + 1, mode_)}, {0}};
  Arrays positions;
  for (int k = 2; k < count_ + 2; ++k) positions.push_back(batch_first(inputs[k], axes[k], size));
  positions.insert(positions.begin(), example_indices(size, positions[0]));
  return {{scatter(moveaxis(a, 0, axis_), positions, moveaxis(updates, 0, axis_), axis_, mode_)},
          {axis_}};
}

class ScatterAxis final : public Primitive {
 public:
  ScatterAxis(int axis, ScatterMode mode) : axis_(axis), mode_(mode) {}
  const char* name() const override {
    return mode_ == ScatterMode::set ? "put_along_axis" : "scatter_add_axis";
  }
  void fields(Fields& f) override { f.field("axis", axis_), f.field("mode", mode_); }
  // Inputs: the array, the values, the indices.
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& y = outputs[0];
    start_from(inputs[0], y, queue);
    if (inputs[1].size() == 0 || y.size() == 0) return;
    require_integers(inputs[2], name());
    const array values = contiguous_copy(inputs[1], queue),
                index = contiguous_copy(inputs[2], queue);
    const int64_t n = index.shape(axis_), extent = y.shape(axis_), inner = y.strides()[axis_],
                  outer = y.size() / extent / inner;
    const Capabilities& device = queue.device().facts();
    Defines defines = defines_of(y, index, 1, mode_);
    if (by_elements(y, mode_, queue, outer * inner >= device.compute_units)) {
      defines.push_back({"ALONG", 1});
      return scatter_elements(y, values, defines, mode_ == ScatterMode::set, y.shape(), n, queue,
                              [&](Launch& kernel) {
                                kernel.set(reads(index));
                                for (const int64_t size : {outer, n, inner, extent})
                                  kernel.set(size);
                              });
    }
    const int64_t cores = queue.is_small() || values.size() < 4096 ? 1 : device.compute_units;
    const int64_t chunks =
        device.is_cpu ? std::min(inner, std::max<int64_t>(1, cores / outer)) : inner;
    launch(queue, "scatter", "scatter_axis", defines)
        .over(work_items(queue, Work::scatter_axis, outer * chunks))
        .moving(3 * values.nbytes() + index.nbytes())
        .with(writes(y), reads(values), reads(index), outer, n, inner, extent, chunks);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums) {
      if (i > 1) no_gradient_of_indices(name());
      const array& g = cotangents[0];
      if (i == 1)
        result.push_back(take_along_axis(g, primals[2], axis_));
      else
        result.push_back(mode_ == ScatterMode::add
                             ? g
                             : put_along_axis(g, primals[2], zeros_like(primals[1]), axis_));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    if (argnums.back() > 1) no_gradient_of_indices(name());
    const Arrays both = all_tangents(primals, tangents, argnums, 2);
    return {apply(both[0], primals[2], both[1], axis_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {{apply(batch_first(inputs[0], axes[0], size), batch_first(inputs[2], axes[2], size),
                   batch_first(inputs[1], axes[1], size), axis_ + 1)},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size() + 2 * inputs[1].size());
  }

 private:
  array apply(const array& a, const array& index, const array& values, int axis) const {
    return mode_ == ScatterMode::set ? put_along_axis(a, index, values, axis)
                                     : scatter_add_axis(a, index, values, axis);
  }
  int axis_;
  ScatterMode mode_;
};

array along_axis(const array& a, const array& indices, const array& values, int axis,
                 ScatterMode mode, const char* op, const StreamOrDevice& s);

// Calls whose nodes depend on the shapes.
Arrays written_along(const Arrays& inputs, int axis, ScatterMode mode) {
  return {along_axis(inputs[0], inputs[1], inputs[2], axis, mode, "put_along_axis", {})};
}
Arrays written_flat(const Arrays& inputs) {
  return {put_along_axis(inputs[0], inputs[1], inputs[2], std::nullopt)};
}
Arrays scattered(const Arrays& inputs, int axis, ScatterMode mode) {
  return {scatter(inputs[0], Arrays(inputs.begin() + 2, inputs.end()), inputs[1], axis, mode)};
}

array along_axis(const array& a, const array& indices, const array& values, int axis,
                 ScatterMode mode, const char* op, const StreamOrDevice& s) {
  const int at = normalize_axis(axis, a.ndim(), op);
  if (indices.ndim() != a.ndim())
    fail(op, "indices of dimension ", indices.ndim(), " do not match an array of dimension ",
         a.ndim(), ".");
  if (values.ndim() > a.ndim()) {  // leading axes of one element say nothing
    Axes leading(size_t(values.ndim() - a.ndim()));
    std::iota(leading.begin(), leading.end(), 0);
    return along_axis(a, indices, squeeze(values, leading, s), axis, mode, op, s);
  }
  Shape to = a.shape();
  to[at] = indices.shape(at);
  // A value may repeat along the axis too.
  if (values.ndim() == a.ndim() && to[at] == 1)
    to[at] = values.shape(at);
  else if (values.ndim() < a.ndim() && values.ndim() >= a.ndim() - at && to[at] == 1)
    to[at] = values.shape(at - a.ndim());
  if (follows_shape(Arrays{a, indices, values}))
    return deferred<&written_along>({a, indices, values}, s, at, mode);
  if (a.shape(at) == 0) return a;  // every index lies beyond the axis
  if (a.ndim() == 1 && indices.dtype().is_integer())
    return scatter(a, {broadcast_to(indices, to, s)}, values, 0, mode, s);
  Arrays inputs{a, broadcast_to(astype(values, a.dtype(), s), to, s), broadcast_to(indices, to, s)};
  return array(a.shape(), a.dtype(), make_ref<ScatterAxis>(at, mode_for(mode, a.dtype())),
               std::move(inputs), to_stream(s));
}

}  // namespace

array scatter(const array& a, const Arrays& indices, const array& updates, int axis,
              ScatterMode mode, StreamOrDevice s) {
  if (follows_shape(indices) || follows_shape(Arrays{a, updates})) {
    Arrays inputs{a, updates};
    inputs.insert(inputs.end(), indices.begin(), indices.end());
    return deferred<&scattered>(std::move(inputs), s, axis, mode);
  }
  Arrays positions = common_indices(indices, "scatter", s);
  const int count = int(positions.size());
  Shape shape(a.shape().begin(), a.shape().begin() + axis);
  shape.insert(shape.end(), positions[0].shape().begin(), positions[0].shape().end());
  shape.insert(shape.end(), a.shape().begin() + axis + count, a.shape().end());
  const array values = broadcast_to(astype(updates, a.dtype(), s), shape, s);
  if (a.size() == 0 && values.size() > 0) fail("scatter", "cannot write to an empty axis.");
  if (count > most_index_arrays) {
    const int i = axis + count - 2, rows = a.shape(i), columns = a.shape(i + 1);
    merge_last_indices(positions, rows, columns, s);
    return unflatten(scatter(flatten(a, i, i + 1, s), positions, values, axis, mode, s), i,
                     {rows, columns}, s);
  }
  Arrays inputs{a, values};
  inputs.insert(inputs.end(), positions.begin(), positions.end());
  auto primitive = make_ref<Scatter>(axis, count, mode_for(mode, a.dtype()));
  return array(a.shape(), a.dtype(), std::move(primitive), std::move(inputs), to_stream(s));
}

array put_along_axis(const array& a, const array& indices, const array& values,
                     std::optional<int> axis, StreamOrDevice s) {
  if (axis) return along_axis(a, indices, values, *axis, ScatterMode::set, "put_along_axis", s);
  if (follows_shape(Arrays{a, indices, values}))
    return deferred<&written_flat>({a, indices, values}, s);
  return reshape(
      along_axis(flatten(a, 0, -1, s), indices, values, 0, ScatterMode::set, "put_along_axis", s),
      a.shape(), s);
}

array scatter_add_axis(const array& a, const array& indices, const array& values, int axis,
                       StreamOrDevice s) {
  return along_axis(a, indices, values, axis, ScatterMode::add, "scatter_add_axis", s);
}

static const Registered<DeferredCall<&written_along>> written_along_class("PutAlongAxis", 0,
                                                                          ScatterMode::set);
static const Registered<DeferredCall<&written_flat>> written_flat_class("PutFlat");
static const Registered<DeferredCall<&scattered>> scattered_class("Scattered", 0, ScatterMode::set);
static const Registered<Scatter> scatter_class("Scatter", 0, 0, ScatterMode::set);
static const Registered<ScatterAxis> scatter_axis_class("ScatterAxis", 0, ScatterMode::set);

}  // namespace mlx
