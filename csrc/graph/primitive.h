// The one virtual class of the graph: what an operation must know about itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/array.h"

namespace mlx {

/// Visits the parameters of a primitive, for equality, hashing, export and import. Visitors that
/// read leave the values alone; the importer writes them.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void field(const char* name, int64_t& value) = 0;
  virtual void field(const char* name, double& value) = 0;
  virtual void field(const char* name, std::string& value) = 0;
  void field(const char* name, int& value) { convert<int64_t>(name, value); }
  void field(const char* name, bool& value) { convert<int64_t>(name, value); }
  void field(const char* name, float& value) { convert<double>(name, value); }
  void field(const char* name, Dtype& value) {
    int64_t id = value.id();
    field(name, id);
    value = dtype_numbered(id);
  }
  template <typename E>
    requires std::is_enum_v<E>
  void field(const char* name, E& value) {
    convert<int64_t>(name, value);
  }
  template <typename V>
    requires requires(V v) {
      v.resize(size_t(0));
      v.data();
      typename V::value_type;
    }
  void field(const char* name, V& values) {
    int64_t count = int64_t(values.size());
    field(name, count);
    values.resize(count);
    for (auto& value : values) field(name, value);
  }

 private:
  template <typename Wide, typename T>
  void convert(const char* name, T& value) {
    Wide wide = Wide(value);
    field(name, wide);
    value = T(wide);
  }
};

/// One instruction of a fused kernel: how a primitive that works element by element writes itself
/// as OpenCL.
struct Fragment {
  const char* expression;  ///< over the operands a, b, c (see codegen.h), or null when the dtype is
                           ///< not supported
  Dtype operand;           ///< what the operands are converted to first
  bool boolean = false;    ///< the expression gives a comparison mask
};

class Primitive : public Counted<Primitive> {
 public:
  virtual ~Primitive() = default;
  virtual const char* name() const = 0;
  virtual void fields(Fields&) {}

  /// Enqueues the work: allocates the outputs (or shares an input's memory) and launches. Inputs
  /// are evaluated and on the queue's device.
  virtual void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) = 0;

  /// Shapes of the outputs for these inputs; used where a graph is replayed with other shapes
  /// (shapeless compile, import). The default throws std::invalid_argument.
  virtual std::vector<Shape> output_shapes(const Arrays& inputs) const;

  /// Cotangents of the inputs listed in `argnums` (ascending), in that order.
  virtual Arrays vjp(const Arrays& primals, const Arrays& cotangents,
                     const std::vector<int>& argnums, const Arrays& outputs);
  /// Tangents of the outputs, given those of the inputs listed in `argnums`. The default, no
  /// arrays, means the vjp of the vjp.
  virtual Arrays jvp(const Arrays& primals, const Arrays& tangents,
                     const std::vector<int>& argnums);
  /// Outputs and their batch axes (-1: not batched) for inputs batched along `axes`.
  virtual std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                                   const std::vector<int>& axes);

  /// Set when the primitive works element by element on inputs of its output's shape (after
  /// broadcasting).
  virtual const Fragment* fragment(const Arrays&) const { return nullptr; }
  /// Cost in element operations, to choose between the lanes of a CPU device.
  virtual size_t work(const Arrays& inputs, const Arrays& outputs) const;
  /// True when no gradient flows through it.
  virtual bool stops_gradient() const { return false; }
  /// True when it exchanges something with the world: two of them are never one, and none is a
  /// constant, though it may have no inputs.
  virtual bool has_effects() const { return false; }
  /// True when eval only makes a view, so that it costs nothing.
  virtual bool is_view() const { return false; }

  /// Name and parameters as text: equal keys on equal inputs give equal results.
  std::string key();
};

/// Throws the std::invalid_argument due when a transformation is missing.
[[noreturn]] void no_transform(const char* transform, const Primitive& primitive);

/// While one lives on this thread, nodes made from tracers are tracers too and evaluation keeps
/// their graph.
class Tracing {
 public:
  enum Mode { differentiate, record };  ///< `record` (vmap, compile) forbids evaluation
  explicit Tracing(Mode mode);
  ~Tracing();
  static bool active();
  static bool recording();

 private:
  Mode mode_;
};

}  // namespace mlx
