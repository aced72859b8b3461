// The lazy array: construction, host access, and the life of its node.
#include "graph/array.h"

#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/primitive.h"

namespace mlx {

thread_local bool KeepInputs::active = false;

namespace {

/// The number of elements, where their bytes can be counted, too.
int64_t checked_size(const Shape& shape, Dtype dtype) {
  const int64_t size = size_of(shape);
  if (size > INT64_MAX / dtype.size())
    fail<std::overflow_error>("array", "the shape ", to_string(shape), " of ", dtype.name(),
                              " has more bytes than 63 bits can count.");
  return size;
}

}  // namespace

Node::Node(Shape s, Dtype d) : shape(std::move(s)), size(checked_size(shape, d)), dtype(d) {}

Node::~Node() {
  if (siblings) siblings->nodes[position] = nullptr;
}

void Node::dispose(Node* node) {
  // Deleting a node drops its inputs, whose deletion is put off to this loop instead of recursing.
  thread_local std::vector<Node*>* pending = nullptr;
  if (pending) {
    pending->push_back(node);
    return;
  }
  if (node->inputs.empty()) {
    delete node;
    return;
  }
  std::vector<Node*> stack{node};
  pending = &stack;
  while (!stack.empty()) {
    Node* const next = stack.back();
    stack.pop_back();
    delete next;
  }
  pending = nullptr;
}

void Node::detach() {
  primitive = nullptr;
  inputs.clear();
  if (siblings) siblings->nodes[position] = nullptr, siblings = nullptr;
}

array::array(Shape shape, Dtype dtype, Ref<Primitive> primitive, Arrays inputs, Stream stream)
    : node_(make_ref<Node>(std::move(shape), dtype)) {
  Node& node = *node_;
  if (stream.device == DeviceType::gpu) {
    bool has_double = dtype == float64;
    for (const array& input : inputs) has_double |= input.dtype() == float64;
    if (has_double)
      fail(primitive->name(), "float64 is not supported on the GPU; use stream=mx.cpu.");
  }
  if (Tracing::active())
    for (const array& input : inputs) node.tracer |= input.is_tracer();
  node.primitive = std::move(primitive);
  node.inputs = std::move(inputs);
  node.stream = stream;
}

array::array(Ref<Buffer> buffer, Shape shape, Dtype dtype)
    : node_(make_ref<Node>(std::move(shape), dtype)) {
  node_->strides = row_major(node_->shape);
  node_->buffer = std::move(buffer);
  node_->evaluated = true;
}

array array::scratch(Shape shape, Dtype dtype, Queue& queue) {
  array result(make_ref<Node>(std::move(shape), dtype));
  result.allocate(queue);
  result.node_->evaluated = true;
  return result;
}

array array::placeholder(Shape shape, Dtype dtype) {
  array result(make_ref<Node>(std::move(shape), dtype));
  result.node_->tracer = true;
  return result;
}

array array::from_immediate(Immediate value, Dtype dtype) {
  array result(make_ref<Node>(Shape{}, dtype));
  result.node_->value = value;
  result.node_->evaluated = result.node_->immediate = true;
  return result;
}

array array::scalar(double real, int64_t integer, Dtype dtype) {
  Immediate value;
  visit(dtype, [&](auto zero) {
    using T = decltype(zero);
    T converted;
    if constexpr (std::is_same_v<T, bool>)
      converted = real != 0;
    else if constexpr (std::is_integral_v<T>)
      converted = T(integer);
    else if constexpr (std::is_same_v<T, complex64_t>)
      converted = complex64_t(float(real), 0);
    else if constexpr (std::is_class_v<T>)
      converted = T(float(real));
    else
      converted = T(real);
    std::memcpy(value.bytes, &converted, sizeof converted);
  });
  return from_immediate(value, dtype);
}

array::array(std::complex<float> value, Dtype dtype) : array(0, dtype) {
  if (dtype == complex64)
    std::memcpy(node_->value.bytes, &value, sizeof value);
  else
    *this = scalar(value.real(), int64_t(value.real()), dtype);
}

array array::from_host(const void* data, Shape shape, Dtype dtype) {
  const int64_t bytes = checked_size(shape, dtype) * dtype.size();
  if (shape.empty()) {
    Immediate value;
    std::memcpy(value.bytes, data, bytes);
    return from_immediate(value, dtype);
  }
  Ref<Buffer> buffer = Device::get(default_device()).allocator().allocate(bytes);
  if (bytes) std::memcpy(buffer->write(), data, bytes);
  return array(std::move(buffer), std::move(shape), dtype);
}

array array::adopted(void* data, Shape shape, Dtype dtype, const std::function<void()>& owner) {
  const int64_t bytes = checked_size(shape, dtype) * dtype.size();
  if (!shape.empty() && reinterpret_cast<uintptr_t>(data) % size_t(dtype.size()) == 0) {
    Allocator& allocator = Device::get(default_device()).allocator();
    if (Ref<Buffer> memory = allocator.adopt(data, bytes, owner))
      return array(std::move(memory), std::move(shape), dtype);
  }
  array copy = from_host(data, std::move(shape), dtype);
  owner();
  return copy;
}

Arrays array::several(std::vector<Shape> shapes, std::vector<Dtype> dtypes,
                      Ref<Primitive> primitive, Arrays inputs, Stream stream) {
  auto siblings = make_ref<Siblings>();
  Arrays outputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    outputs.emplace_back(shapes[i], dtypes[i], primitive, inputs, stream);
    Node& node = outputs.back().node();
    node.siblings = siblings;
    node.position = int(i);
    siblings->nodes.push_back(&node);
  }
  siblings->shapes = std::move(shapes);
  siblings->dtypes = std::move(dtypes);
  return outputs;
}

Arrays array::outputs() const {
  if (!node_->siblings) return {*this};
  Siblings& siblings = *node_->siblings;
  Arrays result;
  for (size_t i = 0; i < siblings.nodes.size(); ++i) {
    if (!siblings.nodes[i]) {
      result.emplace_back(siblings.shapes[i], siblings.dtypes[i], node_->primitive, node_->inputs,
                          node_->stream);
      Node& node = result.back().node();
      node.tracer = node_->tracer;
      node.siblings = node_->siblings;
      node.position = int(i);
      siblings.nodes[i] = &node;
    } else {
      result.emplace_back(Ref<Node>(siblings.nodes[i]));
    }
  }
  return result;
}

Buffer& array::buffer() const {
  Node& node = *node_;
  if (!node.buffer && node.immediate) {
    node.buffer = Device::get(node.stream.device).allocator().allocate(node.dtype.size());
    std::memcpy(node.buffer->write(), node.value.bytes, node.dtype.size());
  }
  return *node.buffer;
}

DeviceType array::device() const {
  if (node_->buffer) return node_->buffer->device().type();
  return has_primitive() ? node_->stream.device : default_device();
}

const void* array::host() {
  if (!is_evaluated()) eval({*this});
  if (node_->immediate) return node_->value.bytes;
  if (size() == 0) return nullptr;
  // Before the lock, so that other threads go on submitting.
  if (const Progress writer = node_->buffer->pending_writer()) writer.finish();
  const Submission submission;
  return static_cast<const char*>(node_->buffer->read()) + node_->offset * itemsize();
}

const unsigned char* array::item_bytes() {
  if (size() != 1)
    fail("item", "can only convert an array of size 1 to a Python scalar, got shape ",
         to_string(shape()), ".");
  return static_cast<const unsigned char*>(host());
}

void array::allocate(Queue& queue) {
  Node& node = *node_;
  node.buffer = queue.device().allocator().allocate(nbytes(), &queue);
  node.strides = row_major(node.shape);
  node.offset = 0;
  node.row_contiguous = true;
}

void array::share(const array& other, Strides strides, int64_t offset) {
  Node& node = *node_;
  other.buffer();
  node.buffer = other.node_->buffer;
  node.strides = std::move(strides);
  node.offset = offset;
  node.row_contiguous = is_row_major(node.shape, node.strides);
}

bool array::is_donatable() const {
  const Node& node = *node_;
  // What was traced is an ordinary array once its transformation has come to an end.
  return !KeepInputs::active && node.use_count() == 1 && !(node.tracer && Tracing::active()) &&
         node.buffer && node.buffer->use_count() == 1 && !node.buffer->is_adopted();
}

}  // namespace mlx
