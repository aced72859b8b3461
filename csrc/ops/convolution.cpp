// The primitive behind every convolution: its library call, derivatives and batching.
#include "ops/convolution.h"

#include "graph/copy.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {

static Names names_of(Pass) {
  static constexpr const char* names[] = {"forward", "input_gradient", "weight_gradient"};
  return names;
}

namespace {

enum Role { input, weight, output };
// What each pass reads, and what it gives.
constexpr Role read_by[3][2] = {{input, weight}, {output, weight}, {input, output}};
constexpr Role given_by[3] = {output, input, weight};

Shape& shape_of(Convolution& window, Role role) {
  return role == input ? window.input : role == weight ? window.weight : window.output;
}
const Shape& shape_of(const Convolution& window, Role role) {
  return shape_of(const_cast<Convolution&>(window), role);
}

Pass pass_giving(Role role) {
  return role == output  ? Pass::forward
         : role == input ? Pass::input_gradient
                         : Pass::weight_gradient;
}

/// The pass that gives `role` from the other two, picked out of `values` by role.
array correlate_for(Role role, const Convolution& window, const std::optional<array> (&values)[3]) {
  const Pass pass = pass_giving(role);
  const Role* const roles = read_by[int(pass)];
  return correlate(window, pass, *values[roles[0]], *values[roles[1]]);
}

/// Puts a batch axis in front of the last axis (data) or into the first (weights), so that it acts
/// as groups.
array batch_as_groups(const array& x, int axis, int size, Role role) {
  const array front = batch_first(x, axis, size);
  const array placed = role == weight ? front : moveaxis(front, 0, -2);
  return role == weight ? flatten(placed, 0, 1) : flatten(placed, -2, -1);
}

Shape widened(const Shape& shape, Role role, int size) {
  Shape result = shape;
  int32_t& channels = role == weight ? result.front() : result.back();
  channels *= size;
  return result;
}

}  // namespace

void Correlation::fields(Fields& f) {
  f.field("dtype", window_.dtype);
  f.field("input", window_.input);
  f.field("weight", window_.weight);
  f.field("output", window_.output);
  f.field("stride", window_.stride);
  f.field("pad_low", window_.pad_low);
  f.field("pad_high", window_.pad_high);
  f.field("dilation", window_.dilation);
  f.field("groups", window_.groups);
  f.field("pass", pass_);
}

void Correlation::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& out = outputs[0];
  out.allocate(queue);
  if (out.size() == 0) return;
  if (inputs[0].size() == 0 || inputs[1].size() == 0)
    return copy_into(array(0, out.dtype()), out, queue);
  const array a = contiguous_copy(inputs[0], queue), b = contiguous_copy(inputs[1], queue);
  if (can_convolve(queue, window_, pass_))
    convolve(queue, window_, pass_, reads(a), reads(b), writes(out));
  else
    correlate_unfolded(queue, window_, pass_, a, b, out);
}

std::vector<Shape> Correlation::output_shapes(const Arrays& inputs) const {
  for (int i = 0; i < 2; ++i)
    if (inputs[i].shape() != shape_of(window_, read_by[int(pass_)][i]))
      return Primitive::output_shapes(inputs);
  return {shape_of(window_, given_by[int(pass_)])};
}

size_t Correlation::work(const Arrays&, const Arrays&) const {
  return size_t(size_of(window_.output)) *
         (1 + size_t(size_of(window_.weight)) / size_t(16 * window_.weight[0]));
}

Arrays Correlation::vjp(const Arrays& primals, const Arrays& cotangents,
                        const std::vector<int>& argnums, const Arrays&) {
  const Role* const roles = read_by[int(pass_)];
  const auto conjugated = [](const array& x) { return x.dtype().is_complex() ? conjugate(x) : x; };
  std::optional<array> values[3];
  values[roles[0]] = conjugated(primals[0]), values[roles[1]] = conjugated(primals[1]);
  values[given_by[int(pass_)]] = cotangents[0];
  Arrays result;
  for (const int i : argnums) result.push_back(correlate_for(roles[i], window_, values));
  return result;
}

Arrays Correlation::jvp(const Arrays& primals, const Arrays& tangents,
                        const std::vector<int>& argnums) {
  std::optional<array> total;
  for (size_t i = 0; i < argnums.size(); ++i) {
    const bool first = argnums[i] == 0;
    const array part = correlate(window_, pass_, first ? tangents[i] : primals[0],
                                 first ? primals[1] : tangents[i]);
    total = total ? *total + part : part;
  }
  return {*total};
}

std::pair<Arrays, std::vector<int>> Correlation::vmap(const Arrays& inputs,
                                                      const std::vector<int>& axes) {
  const int size = batch_size(inputs, axes);
  const Role* const roles = read_by[int(pass_)];
  const Role given = given_by[int(pass_)];
  Convolution window = window_;
  if (axes[1] < 0 && roles[1] == weight) {  // data under shared weights: a larger batch
    window.input[0] *= size;
    window.output[0] *= size;
    const array folded = flatten(moveaxis(inputs[0], axes[0], 0), 0, 1);
    return {{unflatten(correlate(window, pass_, folded, inputs[1]), 0, {size, -1})}, {0}};
  }
  window.groups *= size;
  for (const Role role : {input, weight, output})
    shape_of(window, role) = widened(shape_of(window_, role), role, size);
  const array result = correlate(window, pass_, batch_as_groups(inputs[0], axes[0], size, roles[0]),
                                 batch_as_groups(inputs[1], axes[1], size, roles[1]));
  if (given == weight) return {{unflatten(result, 0, {size, -1})}, {0}};
  return {{unflatten(result, -1, {size, -1})}, {result.ndim() - 1}};
}

array correlate(const Convolution& window, Pass pass, const array& a, const array& b,
                const StreamOrDevice& s) {
  return array(shape_of(window, given_by[int(pass)]), window.dtype,
               make_ref<Correlation>(window, pass), {a, b}, to_stream(s));
}

static const Registered<Correlation> correlation_class(
    "Correlation", Convolution{float32, {}, {}, {}, {}, {}, {}, {}, 1}, Pass::forward);

}  // namespace mlx
