// The lazy array: a value handle on a shared graph node.
#pragma once

#include <complex>
#include <cstring>
#include <vector>

#include "base/counted.h"
#include "base/dtype.h"
#include "base/shape.h"
#include "cl/buffer.h"
#include "cl/launch.h"
#include "graph/stream.h"

namespace mlx {

class Primitive;
class array;
struct Siblings;
using Arrays = std::vector<array>;

/// Up to eight bytes of value: a scalar that needs no buffer yet.
struct Immediate {
  alignas(8) unsigned char bytes[8] = {};
};

/// What `array` points to. A node is unevaluated (primitive and inputs), evaluated (buffer or
/// immediate), or, while a transformation traces it, both.
struct Node final : Counted<Node> {
  Node(Shape shape, Dtype dtype);
  ~Node();
  static void dispose(Node* node);  ///< iterative, so that deep graphs do not overflow the stack

  Shape shape;
  Strides strides;  ///< in elements; valid once evaluated
  int64_t size;     ///< number of elements
  int64_t offset = 0;
  Dtype dtype;
  bool evaluated = false;
  bool row_contiguous = true;  ///< dense in row-major order; valid once evaluated
  bool immediate = false;  ///< the value is in `value`; a buffer is made when a kernel needs one
  bool tracer = false;     ///< part of a function being transformed: evaluating keeps its inputs
  uint64_t mark = 0;       ///< scratch of the graph walk, guarded by the submission lock
  uint32_t number = 0;     ///< likewise
  Immediate value;
  Ref<Buffer> buffer;
  Ref<Primitive> primitive;
  Stream stream;
  Arrays inputs;
  Ref<Siblings> siblings;  ///< set when the primitive has several outputs
  int position = 0;        ///< which of its outputs this is

  void detach();  ///< forgets primitive and inputs
};

/// The outputs of one application of a primitive with several of them. Members are cleared as they
/// die.
struct Siblings final : Counted<Siblings> {
  std::vector<Node*> nodes;
  std::vector<Shape> shapes;
  std::vector<Dtype> dtypes;
};

class array {
 public:
  /// A 0-d array. The value is cast to `dtype`.
  template <typename T>
    requires std::is_arithmetic_v<T>
  array(T value, Dtype dtype) : array(scalar(double(value), int64_t(value), dtype)) {}
  /// A placeholder without a value, for recording a function.
  static array placeholder(Shape shape, Dtype dtype);
  explicit array(float value) : array(value, float32) {}
  explicit array(int value) : array(value, int32) {}
  array(std::complex<float> value, Dtype dtype);
  explicit array(Ref<Node> node) : node_(std::move(node)) {}
  /// The not yet computed output of `primitive`.
  array(Shape shape, Dtype dtype, Ref<Primitive> primitive, Arrays inputs, Stream stream);
  /// An evaluated row-major array over `buffer`.
  array(Ref<Buffer> buffer, Shape shape, Dtype dtype);
  /// Memory for a kernel's own use: evaluated, row-major, not yet written.
  static array scratch(Shape shape, Dtype dtype, Queue& queue);
  /// A copy of host memory.
  static array from_host(const void* data, Shape shape, Dtype dtype);
  /// Host memory as it is, where the default device can use it so, else a copy of it. `owner` is
  /// called once it is not used.
  static array adopted(void* data, Shape shape, Dtype dtype, const std::function<void()>& owner);
  static array from_immediate(Immediate value, Dtype dtype);
  /// Outputs of a primitive with several.
  static Arrays several(std::vector<Shape> shapes, std::vector<Dtype> dtypes,
                        Ref<Primitive> primitive, Arrays inputs, Stream stream);

  const Shape& shape() const { return node_->shape; }
  int shape(int axis) const { return node_->shape[axis < 0 ? axis + ndim() : axis]; }
  int ndim() const { return int(node_->shape.size()); }
  int64_t size() const { return node_->size; }
  Dtype dtype() const { return node_->dtype; }
  int itemsize() const { return node_->dtype.size(); }
  int64_t nbytes() const { return size() * itemsize(); }

  // The graph.
  Node& node() const { return *node_; }
  const Ref<Node>& ref() const { return node_; }
  bool has_primitive() const { return bool(node_->primitive); }
  Primitive& primitive() const { return *node_->primitive; }
  const Arrays& inputs() const { return node_->inputs; }
  Stream stream() const { return node_->stream; }
  DeviceType device() const;  ///< whose memory holds the value, or will
  bool is_tracer() const { return node_->tracer; }
  /// All outputs of the primitive that made this array (dead ones are made anew).
  Arrays outputs() const;
  bool same(const array& other) const { return node_.get() == other.node_.get(); }

  // The value; these hold once evaluated.
  bool is_evaluated() const { return node_->evaluated; }
  const Strides& strides() const { return node_->strides; }
  int64_t offset() const { return node_->offset; }
  bool is_row_contiguous() const { return node_->row_contiguous; }
  Buffer& buffer() const;  ///< makes one for an immediate, on the default device of its stream
  /// Evaluates and waits; the first element for reading on the host.
  const void* host();
  /// Evaluates, waits, and returns the value of a one-element array.
  template <typename T>
  T item() {
    const unsigned char* bytes = item_bytes();
    return visit(dtype(), [&](auto zero) {
      decltype(zero) value;
      std::memcpy(static_cast<void*>(&value), bytes, sizeof value);
      if constexpr (std::is_same_v<decltype(zero), complex64_t>) {
        if constexpr (std::is_same_v<T, complex64_t>)
          return value;
        else
          return T(value.real());
      } else if constexpr (std::is_class_v<decltype(zero)>) {
        return T(float(value));
      } else {
        return T(value);
      }
    });
  }

  // For primitives' eval.
  void allocate(Queue& queue);  ///< a row-major buffer of its own
  /// Takes over the memory of `other`, seen with other strides (in elements of this dtype).
  void share(const array& other, Strides strides, int64_t offset);
  /// True when nothing else will read this input's memory, so that an output may be written over
  /// it.
  bool is_donatable() const;

 private:
  static array scalar(double real, int64_t integer, Dtype dtype);
  const unsigned char* item_bytes();
  Ref<Node> node_;
};

/// While one with `on` lives, no input is donatable: somebody still holds the graph.
class KeepInputs {
 public:
  explicit KeepInputs(bool on) : previous_(active) { active |= on; }
  ~KeepInputs() { active = previous_; }
  static thread_local bool active;

 private:
  bool previous_;
};

/// Kernel arguments: the buffer and its offset in elements.
inline BufferArgument reads(const array& x) {
  return {&x.buffer(), x.offset(), false};
}
inline BufferArgument writes(const array& x) {
  return {&x.buffer(), x.offset(), true};
}

}  // namespace mlx
