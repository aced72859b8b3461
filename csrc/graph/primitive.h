// The one virtual class of the graph: what an operation must know about itself.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/array.h"

namespace mlx {

/// Names of an enum's values, from 0 on. An enum that is a parameter has a function names_of(E)
/// beside its definition, which gives them.
using Names = std::span<const char* const>;
Names dtype_names();

/// Visits the parameters of a primitive. This interface may change them, which only an importer
/// does; visitors that read are FieldReaders.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual void field(const char* name, int64_t& value) = 0;
  virtual void field(const char* name, double& value) = 0;
  virtual void field(const char* name, std::string& value) = 0;
  /// How many items a list has, which follow one by one.
  virtual void length(const char* name, int64_t& count) = 0;
  /// The number of one of `names`.
  virtual void choice(const char* name, int64_t& value, Names names) = 0;
  void field(const char* name, int& value) { convert<int64_t>(name, value); }
  void field(const char* name, bool& value) { convert<int64_t>(name, value); }
  void field(const char* name, float& value) { convert<double>(name, value); }
  void field(const char* name, Dtype& value) {
    int64_t id = value.id();
    choice(name, id, dtype_names());
    value = dtype_numbered(id);
  }
  template <typename E>
    requires std::is_enum_v<E>
  void field(const char* name, E& value) {
    int64_t number = int64_t(value);
    choice(name, number, names_of(value));
    value = E(number);
  }
  template <typename V>
    requires requires(V v) {
      v.resize(size_t(0));
      v.data();
      typename V::value_type;
    }
  void field(const char* name, V& values) {
    int64_t count = int64_t(values.size());
    length(name, count);
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

class Primitive;

/// A visitor that reads, for equality, hashing, export and pictures.
class FieldReader : private Fields {
 public:
  void visit(const Primitive& primitive);

 protected:
  virtual void read(const char* name, int64_t value) = 0;
  virtual void read(const char* name, double value) = 0;
  virtual void read(const char* name, const std::string& value) = 0;
  virtual void read_length(const char* name, int64_t count) { read(name, count); }
  virtual void read_choice(const char* name, int64_t value, Names) { read(name, value); }

 private:
  void field(const char* name, int64_t& value) final { read(name, value); }
  void field(const char* name, double& value) final { read(name, value); }
  void field(const char* name, std::string& value) final { read(name, std::as_const(value)); }
  void length(const char* name, int64_t& count) final { read_length(name, count); }
  void choice(const char* name, int64_t& value, Names names) final {
    read_choice(name, value, names);
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
  /// are evaluated and on the queue's device. The default runs the fragment.
  virtual void eval(const Arrays& inputs, Arrays& outputs, Queue& queue);

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
  std::string key() const;
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
