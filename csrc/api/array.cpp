// core::array: construction from host memory, host access, and its life.
#include "mlx/array.h"

#include <cstring>

#include "api/convert.h"
#include "api/primitive.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx::core {

namespace {

mlx::Node* retained(const mlx::array& a) {
  a.node().retain();
  return &a.node();
}

void require_sizes(const Shape& shape) {
  for (const ShapeElem dim : shape)
    if (dim < 0) fail("array", "the shape ", to_string(shape), " has a negative dimension.");
}

mlx::array from_values(const void* data, const Shape& shape, Dtype dtype, Dtype from) {
  require_sizes(shape);
  const mlx::array values = mlx::array::from_host(data, shape, in(from));
  if (dtype == from) return values;
  // Conversion happens here, on the host's behalf, so that no device needs to know both dtypes.
  return mlx::astype(values, in(dtype));
}

mlx::array from_managed(void* data, const Shape& shape, Dtype dtype,
                        const std::function<void(void*)>& deleter) {
  require_sizes(shape);
  if (!deleter) return mlx::array::from_host(data, shape, in(dtype));
  return mlx::array::adopted(data, shape, in(dtype), [=] { deleter(data); });
}

}  // namespace

array::array(const void* data, const Shape& shape, Dtype dtype, Dtype from)
    : node_(retained(from_values(data, shape, dtype, from))) {}

array::array(void* data, Shape shape, Dtype dtype, const std::function<void(void*)>& deleter)
    : node_(retained(from_managed(data, shape, dtype, deleter))) {}

array::array(Shape shape, Dtype dtype, std::shared_ptr<Primitive> primitive,
             std::vector<array> inputs)
    : array(make_arrays({std::move(shape)}, {dtype}, std::move(primitive), inputs).front()) {}

std::vector<array> array::make_arrays(std::vector<Shape> shapes, const std::vector<Dtype>& dtypes,
                                      const std::shared_ptr<Primitive>& primitive,
                                      const std::vector<array>& inputs) {
  if (shapes.size() != dtypes.size() || shapes.empty())
    fail("make_arrays", "there must be a dtype for each shape, and one at least.");
  return out(outputs_of(primitive, std::move(shapes), dtypes, inputs));
}

array::array(const array& other) : node_(other.node_) {
  if (node_) node_->retain();
}

array::array(array&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}

array& array::operator=(const array& other) & {
  array copy(other);
  std::swap(node_, copy.node_);
  return *this;
}

array& array::operator=(array&& other) & noexcept {
  std::swap(node_, other.node_);
  return *this;
}

array::~array() {
  if (node_) node_->release();
}

size_t array::size() const {
  return size_t(node_->size);
}

const Shape& array::shape() const {
  return node_->shape;
}

ShapeElem array::shape(int dim) const {
  return node_->shape[size_t(normalize_axis(dim, int(ndim()), "shape"))];
}

const Strides& array::strides() const {
  if (!node_->evaluated) mlx::eval({in(*this)});
  if (node_->strides.size() != node_->shape.size()) node_->strides = row_major(node_->shape);
  return node_->strides;
}

StrideElem array::strides(int dim) const {
  return strides()[size_t(normalize_axis(dim, int(ndim()), "strides"))];
}

Dtype array::dtype() const {
  return out(node_->dtype);
}

void array::eval() {
  mlx::eval({in(*this)});
}

array::Status array::status() const {
  return node_->evaluated ? available : unscheduled;
}

void array::wait() {
  mlx::wait({in(*this)});
}

bool array::is_tracer() const {
  return node_->tracer;
}

bool array::has_primitive() const {
  return bool(node_->primitive);
}

std::vector<array> array::inputs() const {
  return out(node_->inputs);
}

array::Flags array::flags() const {
  const mlx::array a = in(*this);
  Shape reversed_shape(a.shape());
  Strides reversed_strides(a.strides());
  std::reverse(reversed_shape.begin(), reversed_shape.end());
  std::reverse(reversed_strides.begin(), reversed_strides.end());
  const bool row = a.is_row_contiguous();
  const bool column = is_row_major(reversed_shape, reversed_strides);
  return {row || column, row, column};
}

const void* array::host() const {
  return in(*this).host();
}

void array::read_item(void* to, Dtype dtype) {
  mlx::array value = in(*this);
  if (value.size() != 1)
    fail("item", "the array has ", value.size(), " elements; only one of size 1 is a scalar.");
  visit(in(dtype), [&](auto zero) {
    using T = decltype(zero);
    T result;
    if constexpr (std::is_same_v<T, bool>)
      result = value.item<double>() != 0;
    else if constexpr (std::is_class_v<T> && !std::is_same_v<T, complex64_t>)
      result = T(value.item<float>());
    else
      result = value.item<T>();
    std::memcpy(to, &result, sizeof result);
  });
}

const void* array::checked(const void* data, size_t count, const Shape& shape) {
  if (mlx::size_of(shape) != int64_t(count))
    fail("array", count, " values do not fill the shape ", to_string(shape), ".");
  return data;
}

array::ArrayIterator::ArrayIterator(const array& arr, int idx) : arr(arr), idx(idx) {
  if (arr.ndim() == 0) fail("array::begin", "a 0-d array cannot be iterated.");
}

array::ArrayIterator::reference array::ArrayIterator::operator*() const {
  const mlx::array a = in(arr);
  Shape start(a.shape().size(), 0), stop(a.shape());
  start[0] = idx;
  stop[0] = idx + 1;
  return out(mlx::squeeze(mlx::slice(a, start, stop), Axes{0}));
}

}  // namespace mlx::core
