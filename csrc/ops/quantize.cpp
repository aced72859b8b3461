// quantize and dequantize: parameters, shape rules, launches and gradients.
#include "ops/quantize.h"

#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx {
namespace {

struct ModeRow {
  const char* name;
  const char* codes;  ///< MODE and SCALE of kernels/quantized.clh
  const char* scale;
  int group_size, bits;
};
constexpr ModeRow modes[] = {
    {"affine", "affine", "plain", 64, 4},
    {"mxfp4", "e2m1", "e8m0", 32, 4},
    {"mxfp8", "e4m3", "e8m0", 32, 8},
    {"nvfp4", "e2m1", "e4m3", 16, 4},
};

const ModeRow& mode_row(const char* op, const std::string& mode) {
  for (const ModeRow& row : modes)
    if (mode == row.name) return row;
  fail(op, "Invalid quantization mode '", mode, "'.");
}

Shape with_last(const array& x, int64_t columns) {
  Shape shape = x.shape();
  shape.back() = dimension(columns, "quantize");
  return shape;
}

void check_global_scale(const char* op, const Quantization& q, const std::optional<array>& scale) {
  if (!scale) return;
  if (q.mode != "nvfp4") fail(op, "Global scale is only supported for 'nvfp4' quantization mode.");
  if (scale->dtype() != float32)
    fail(op, "Global scale must have dtype float32 but got ", scale->dtype().name(), ".");
  if (scale->size() != 1)
    fail(op, "Global scale must be a scalar but got shape ", to_string(scale->shape()), ".");
}

/// Groups of the last axis as an axis of their own.
array grouped(const array& x, int size) {
  return unflatten(x, -1, {-1, size});
}

class QuantizedPrimitive : public Primitive {
 public:
  explicit QuantizedPrimitive(Quantization q) : q_(std::move(q)) {}
  void fields(Fields& f) override { q_.fields(f); }
  /// Batches lie in front and rows do not mix, so moving the batch axis there is all, but for
  /// global scales.
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) final {
    const int size = batch_size(inputs, axes);
    const size_t global = global_scale_at(inputs);
    if (global < inputs.size() && axes[global] >= 0) return one_by_one(inputs, axes, size);
    Arrays moved;
    for (size_t i = 0; i < inputs.size(); ++i)
      moved.push_back(i == global ? inputs[i] : batch_first(inputs[i], axes[i], size));
    Arrays results = apply(moved);
    return {results, std::vector<int>(results.size(), 0)};
  }

 private:
  std::pair<Arrays, std::vector<int>> one_by_one(const Arrays& inputs, const std::vector<int>& axes,
                                                 int size) const {
    std::vector<Arrays> results;  // by output, then by example
    for (int k = 0; k < size; ++k) {
      Arrays example;
      for (size_t i = 0; i < inputs.size(); ++i)
        example.push_back(axes[i] < 0 ? inputs[i] : take(inputs[i], array(k, uint32), axes[i]));
      const Arrays parts = apply(example);
      results.resize(parts.size());
      for (size_t i = 0; i < parts.size(); ++i) results[i].push_back(parts[i]);
    }
    Arrays stacked;
    for (const Arrays& parts : results) stacked.push_back(stack(parts));
    return {stacked, std::vector<int>(stacked.size(), 0)};
  }

 protected:
  virtual Arrays apply(const Arrays& inputs) const = 0;
  virtual size_t global_scale_at(const Arrays& inputs) const = 0;
  Quantization q_;
};

class Quantize final : public QuantizedPrimitive {
 public:
  using QuantizedPrimitive::QuantizedPrimitive;
  const char* name() const override { return "Quantize"; }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array w = contiguous_copy(inputs[0], queue);
    for (array& out : outputs) out.allocate(queue);
    const int64_t groups = outputs[1].size();
    if (groups == 0) return;
    Defines defines = q_.is_affine() ? q_.unit_defines(w.dtype()) : q_.defines(w.dtype());
    defines.emplace_back("T", w.dtype());
    const char* kernel = q_.is_affine() ? "quantize_affine" : "quantize_float";
    Launch work = launch(queue, "quantize", kernel, defines);
    work.over(work_items(queue, Work::quantized, groups)).moving(size_t(w.nbytes()));
    work.set(reads(w));
    for (const array& out : outputs) work.set(writes(out));
    if (!q_.is_affine()) {
      const bool has_scale = inputs.size() > 1;
      work.set(has_scale ? reads(inputs[1]) : reads(w));
      work.set(int32_t(has_scale));
    }
    work.set(groups);
    if (q_.is_affine()) work.set(q_.group_bits());
    work.enqueue();
  }

  /// Of the affine parameters: the edge of larger magnitude moves the bias, and the scale by a
  /// whole number of steps; with one bit, the edges are the two values.
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays& outputs) override {
    if (!q_.is_affine()) no_transform("vjp", *this);
    const array &w = primals[0], &scale = outputs[1], &bias = outputs[2];
    const array groups = grouped(w, q_.group_size), least = min(groups, Axes{-1}, true),
                most = max(groups, Axes{-1}, true);
    const auto to_edge = [&](const array& edge,
                             const array& g) {  // shared out among the values that are the edge
      const array ties = astype(equal(groups, edge), w.dtype());
      return ties / sum(ties, Axes{-1}, true) * expand_dims(g, {-1});
    };
    const auto all = [&](const array& by_group) {
      return Arrays(argnums.size(), reshape(by_group, w.shape()));
    };
    if (q_.bits == 1)
      return all(to_edge(least, cotangents[2] - cotangents[1]) + to_edge(most, cotangents[1]));
    const array edge = where(greater(abs(least), abs(most)), least, most);
    const array steps = round(bias / scale);
    const array by_edge = where(equal(steps, array(0, w.dtype())), zeros_like(bias),
                                cotangents[1] / steps + cotangents[2]);
    return all(to_edge(edge, by_edge));
  }

  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const array& w = inputs[0];
    const Shape scales = with_last(w, w.shape(-1) / q_.group_size);
    std::vector<Shape> shapes{with_last(w, int64_t(w.shape(-1)) * q_.bits / 32), scales};
    if (q_.is_affine()) shapes.push_back(scales);
    return shapes;
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return 4 * size_t(inputs[0].size());
  }

 protected:
  Arrays apply(const Arrays& in) const override {
    return quantize(in[0], q_.group_size, q_.bits, q_.mode,
                    in.size() > 1 ? std::optional(in[1]) : std::nullopt);
  }
  size_t global_scale_at(const Arrays&) const override { return 1; }
};

/// Inputs: packed, scales, biases (affine) or a global scale (nvfp4, optional).
class Dequantize final : public QuantizedPrimitive {
 public:
  Dequantize(Quantization q, Dtype dtype, Rounding rounding)
      : QuantizedPrimitive(std::move(q)), dtype_(dtype), rounding_(rounding) {}
  const char* name() const override { return "Dequantize"; }
  void fields(Fields& f) override {
    QuantizedPrimitive::fields(f);
    f.field("dtype", dtype_);
    f.field("product", rounding_.product);
    f.field("sum", rounding_.sum);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    Arrays packed;
    for (const array& x : inputs) packed.push_back(contiguous_copy(x, queue));
    const bool scaled = !q_.is_affine() && packed.size() > 2;
    const int64_t rows = out.size() / out.shape(-1), units = out.shape(-1) / unit_size(q_);
    dequantize_into(q_, packed, 0, rows, 0, units, scaled ? &packed[2] : nullptr, dtype_, rounding_,
                    writes(out), queue);
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums) {
      if (!q_.is_affine() || i == 0)
        fail("Dequantize::vjp", "no gradient with respect to ",
             i == 0 ? "the packed weights." : "scales of floating modes.");
      result.push_back(i == 1 ? scales_cotangent(q_, primals[0], primals[1], cotangents[0])
                              : biases_cotangent(q_, primals[2], cotangents[0]));
    }
    return result;
  }

  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {with_last(inputs[0], int64_t(inputs[0].shape(-1)) * 32 / q_.bits)};
  }

 protected:
  Arrays apply(const Arrays& in) const override {
    return {array(output_shapes(in)[0], dtype_, make_ref<Dequantize>(q_, dtype_, rounding_), in,
                  to_stream({}))};
  }
  size_t global_scale_at(const Arrays&) const override { return q_.is_affine() ? 3 : 2; }

 private:
  Dtype dtype_;
  Rounding rounding_;
};

}  // namespace

Defines Quantization::defines(Dtype scales, int group) const {
  const ModeRow& row = mode_row("quantize", mode);
  Defines defines{{"MODE", row.codes}, {"SCALE", row.scale}, {"BITS", bits}, {"GROUP", group}};
  if (is_affine()) defines.emplace_back("S", scales);
  return defines;
}

void Quantization::fields(Fields& f) {
  f.field("mode", mode);
  f.field("group_size", group_size);
  f.field("bits", bits);
}

Quantization quantization(const char* op, const std::optional<int>& group_size,
                          const std::optional<int>& bits, const std::string& mode) {
  const ModeRow& row = mode_row(op, mode);
  const Quantization q{mode, group_size.value_or(row.group_size), bits.value_or(row.bits)};
  if (!q.is_affine()) {
    if (q.group_size != row.group_size)
      fail(op, mode, " quantization requires group size ", row.group_size, " but got ",
           q.group_size, ".");
    if (q.bits != row.bits)
      fail(op, mode, " quantization requires bits to be ", row.bits, " but got ", q.bits, ".");
    return q;
  }
  if (q.group_size != 32 && q.group_size != 64 && q.group_size != 128)
    fail(op, "The requested group size ", q.group_size,
         " is not supported. The supported group sizes are 32, 64, and 128.");
  if (q.bits < 1 || q.bits > 8 || q.bits == 7)
    fail(op, "The requested number of bits ", q.bits,
         " is not supported. The supported bits are 1, 2, 3, 4, 5, 6 and 8.");
  return q;
}

Dtype parameter_dtype(const char* op, const array& scales, const array& biases) {
  const Dtype dtype = promote(scales.dtype(), biases.dtype());
  if (!dtype.is_floating())
    fail(op, "Only real floating types are supported but scales are ", scales.dtype().name(),
         " and biases are ", biases.dtype().name(), ".");
  return dtype;
}

int unpacked_columns(const char* op, const Quantization& q, const array& w, const array& scales,
                     const std::optional<array>& biases) {
  if (q.is_affine() && !biases) fail(op, "Biases must be provided for affine quantization.");
  if (!q.is_affine() && biases)
    fail(op, "Biases must be null for quantization mode '", q.mode, "'.");
  if (!q.is_affine() && scales.dtype() != uint8)
    fail(op, "Scale type must be uint8 but received type ", scales.dtype().name(), ".");
  if (w.dtype() != uint32)
    fail(op, "The weight matrix should be uint32 but received ", w.dtype().name(), ".");
  if (w.ndim() < 2 || scales.ndim() != w.ndim())
    fail(op,
         "Weights and scales need at least two and equally many dimensions. Received weights of "
         "shape ",
         to_string(w.shape()), " and scales of shape ", to_string(scales.shape()), ".");
  if (biases && biases->shape() != scales.shape())
    fail(op, "Scales and biases should have the same shape. Received scales of shape ",
         to_string(scales.shape()), " and biases of shape ", to_string(biases->shape()), ".");
  const int64_t columns = int64_t(w.shape(-1)) * 32 / q.bits;
  const bool rows_meet = std::equal(w.shape().begin(), w.shape().end() - 1, scales.shape().begin());
  if (!rows_meet || int64_t(scales.shape(-1)) * q.group_size != columns)
    fail(op,
         "Shape of scales and biases does not match the matrix given the quantization parameters. "
         "Provided matrix of shape ",
         to_string(w.shape()), " and scales of shape ", to_string(scales.shape()),
         " with group_size=", q.group_size, " and bits=", q.bits, ".");
  return dimension(columns, op);
}

void dequantize_into(const Quantization& q, const Arrays& packed, int64_t row, int64_t rows,
                     int64_t first, int64_t units, const array* global_scale, Dtype dtype,
                     const Rounding& rounding, const BufferArgument& out, Queue& queue) {
  const array &w = packed[0], &scales = packed[1], &biases = q.is_affine() ? packed[2] : packed[1];
  Defines defines = q.unit_defines(scales.dtype());
  defines.insert(defines.end(),
                 {{"T", dtype}, {"PRODUCT", rounding.product}, {"SUM", rounding.sum}});
  const int64_t row_words = w.shape(-1), row_groups = scales.shape(-1),
                row_units = row_groups * q.group_size / unit_size(q);
  const auto from_row = [&](const array& x, int64_t step) {
    return BufferArgument{&x.buffer(), x.offset() + row * step, false};
  };
  launch(queue, "quantize", "dequantize", defines)
      .over(work_items(queue, Work::quantized, rows * units))
      .moving(size_t(rows * units * unit_size(q) * dtype.size()))
      .with(from_row(w, row_words), from_row(scales, row_groups), from_row(biases, row_groups),
            global_scale ? reads(*global_scale) : reads(w), int32_t(global_scale != nullptr), out,
            rows, row_units, first, units, q.group_bits());
}

array scales_cotangent(const Quantization& q, const array& packed, const array& scales,
                       const array& g) {
  const array ones = ones_like(scales), zeros = zeros_like(scales);
  const array codes = dequantize(packed, ones, zeros, q.group_size, q.bits, q.mode, {}, g.dtype());
  return astype(sum(grouped(g * codes, q.group_size), Axes{-1}), scales.dtype());
}

array biases_cotangent(const Quantization& q, const array& biases, const array& g) {
  return astype(sum(grouped(g, q.group_size), Axes{-1}), biases.dtype());
}

Arrays quantize(const array& w, std::optional<int> group_size, std::optional<int> bits,
                const std::string& mode, const std::optional<array>& global_scale,
                StreamOrDevice s) {
  const Quantization q = quantization("quantize", group_size, bits, mode);
  check_global_scale("quantize", q, global_scale);
  if (w.ndim() < 2)
    fail("quantize", "The matrix to be quantized must have at least 2 dimension but it has only ",
         w.ndim(), ".");
  if (w.shape(-1) % q.group_size != 0)
    fail("quantize",
         "The last dimension of the matrix needs to be divisible by the quantization group size ",
         q.group_size, ". However the provided matrix has shape ", to_string(w.shape()), ".");
  if (!w.dtype().is_floating())
    fail("quantize", "Only real floating types can be quantized but w has type ", w.dtype().name(),
         ".");
  if (w.dtype() == float64 && q.is_affine())
    fail<std::runtime_error>("quantize", "affine quantization of float64 is not supported.");
  Arrays inputs{w.dtype() == float64 ? astype(w, float32, s) : w};
  if (global_scale) inputs.push_back(*global_scale);
  auto primitive = make_ref<Quantize>(q);
  const Dtype scale_dtype = q.is_affine() ? w.dtype() : uint8;
  std::vector<Dtype> dtypes{uint32, scale_dtype};
  if (q.is_affine()) dtypes.push_back(scale_dtype);
  std::vector<Shape> shapes = primitive->output_shapes(inputs);
  return array::several(std::move(shapes), std::move(dtypes), std::move(primitive),
                        std::move(inputs), to_stream(s));
}

array dequantize(const array& w, const array& scales, const std::optional<array>& biases,
                 std::optional<int> group_size, std::optional<int> bits, const std::string& mode,
                 const std::optional<array>& global_scale, std::optional<Dtype> dtype,
                 StreamOrDevice s) {
  const Quantization q = quantization("dequantize", group_size, bits, mode);
  check_global_scale("dequantize", q, global_scale);
  const int columns = unpacked_columns("dequantize", q, w, scales, biases);
  const Dtype parameters = q.is_affine()  ? parameter_dtype("dequantize", scales, *biases)
                           : global_scale ? float32
                                          : bfloat16;
  const Dtype result = dtype.value_or(parameters);
  if (!result.is_floating())
    fail("dequantize", "Only real floating types are supported but the output dtype is ",
         result.name(), ".");
  if (q.is_affine() && parameters == float64) {
    const array codes = dequantize(w, ones_like(scales, float32), zeros_like(scales, float32),
                                   q.group_size, q.bits, q.mode, {}, {}, s);
    const array spread = grouped(astype(codes, float64, s), q.group_size);
    const array values = spread * expand_dims(scales, {-1}, s) + expand_dims(*biases, {-1}, s);
    return astype(reshape(values, codes.shape(), s), result, s);
  }
  const Dtype computed = result == float64 ? float32 : result;
  // MLX rounds the product to the dtype of the scales, the sum to the common one; floating modes
  // round once.
  const Rounding rounding = q.is_affine() ? Rounding{at_least_float(scales.dtype()), parameters}
                                          : Rounding{computed, computed};
  Arrays inputs{w, scales};
  if (q.is_affine()) inputs = {w, astype(scales, parameters, s), astype(*biases, parameters, s)};
  if (global_scale) inputs.push_back(*global_scale);
  const array values(with_last(w, columns), computed, make_ref<Dequantize>(q, computed, rounding),
                     std::move(inputs), to_stream(s));
  return astype(values, result, s);
}

static const Registered<Quantize> quantize_class("Quantize", Quantization{"", 0, 0});
static const Registered<Dequantize> dequantize_class("Dequantize", Quantization{"", 0, 0}, float32,
                                                     Rounding{float32, float32});

}  // namespace mlx
