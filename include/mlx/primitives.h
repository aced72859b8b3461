// Operations of the caller's own: a subclass of Primitive, and OpenCL kernels for it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mlx/array.h"

namespace mlx::core {

/// What an operation must know about itself. Arrays made with
/// `array(shape, dtype, std::make_shared<MyPrimitive>(stream), inputs)` hold one.
class MLX_API Primitive {
 public:
  explicit Primitive(Stream stream) : stream_(stream) {}
  Primitive(const Primitive&) = delete;
  Primitive& operator=(const Primitive&) = delete;
  virtual ~Primitive();

  const Stream& stream() const { return stream_; }
  const Device& device() const { return stream_.device; }

  virtual const char* name() const = 0;
  /// Computes the outputs, whose memory is there, row by row. The inputs are evaluated, on the
  /// stream's device, and dense in row-major order. Work is either enqueued (Kernel::run) or done
  /// on the host, where data() waits for the inputs. The default calls the one for the device.
  virtual void eval(const std::vector<array>& inputs, std::vector<array>& outputs);
  virtual void eval_cpu(const std::vector<array>& inputs, std::vector<array>& outputs);
  virtual void eval_gpu(const std::vector<array>& inputs, std::vector<array>& outputs);

  /// Cotangents of the inputs that `argnums` names. Without one, std::invalid_argument.
  virtual std::vector<array> vjp(const std::vector<array>& primals,
                                 const std::vector<array>& cotangents,
                                 const std::vector<int>& argnums,
                                 const std::vector<array>& outputs);
  /// Tangents of the outputs. Without one, the vjp of the vjp.
  virtual std::vector<array> jvp(const std::vector<array>& primals,
                                 const std::vector<array>& tangents,
                                 const std::vector<int>& argnums);
  /// Outputs and their batch axes, for inputs batched along `axes` (-1: not).
  virtual std::pair<std::vector<array>, std::vector<int>> vmap(const std::vector<array>& inputs,
                                                               const std::vector<int>& axes);
  /// Shapes of the outputs for inputs of other shapes.
  virtual std::vector<Shape> output_shapes(const std::vector<array>& inputs);
  /// Whether the other, of the same name, computes the same: compiled functions then compute it
  /// once.
  virtual bool is_equivalent(const Primitive& other) const { return this == &other; }

 private:
  Stream stream_;
};

/// An OpenCL kernel, built when first run and kept on disk. Its text is compiled after the
/// library's prelude. An array is two of its arguments: the pointer, and a `long` offset in
/// elements.
class MLX_API Kernel {
 public:
  Kernel(std::string name, std::string source);
  ~Kernel();

  class MLX_API Arguments {
   public:
    Arguments& in(const array& a);
    Arguments& out(const array& a);
    Arguments& value(int32_t v);
    Arguments& value(int64_t v);
    Arguments& value(float v);

   private:
    friend class Kernel;
    struct Argument {
      enum Kind { input, output, int32, int64, float32 } kind;
      const array* a;
      int64_t integer;
      float real;
    };
    std::vector<Argument> list_;
  };
  /// Enqueues `items` work-items: from Primitive::eval in the order of the evaluation, elsewhere on
  /// the stream.
  void run(const Stream& stream, size_t items, const Arguments& arguments) const;

 private:
  std::string name_, source_;
};

}  // namespace mlx::core
