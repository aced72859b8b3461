// Rules about steps from files: products, transforms, normalizations and packed numbers.
#include <algorithm>

#include "ops/attention.h"
#include "ops/fourier.h"
#include "ops/gated_delta.h"
#include "ops/gather_mm.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/shape.h"
#include "transforms/import_rules.h"

namespace mlx::imported {

void check_matmul(const Step& step) {
  const auto matrix = [&](size_t i, const char* transposed) {
    require(step.in[i].ndim() >= 2, step, "an input that is no matrix");
    return step.fields.all(transposed) == Integers{1} ? swapaxes(step.in[i], -1, -2) : step.in[i];
  };
  gives(step, {matmul(matrix(0, "transpose_a"), matrix(1, "transpose_b"))});
}

void check_addmm(const Step& step) {
  for (const size_t i : {1, 2}) require(step.in[i].ndim() >= 2, step, "an input that is no matrix");
  gives(step, {matmul(step.in[1], step.in[2])});
  require(broadcasts(step.in[0].shape(), step.shapes[0]), step, "a term of another shape");
}

void check_fourier(const Step& step) {
  const int axis = axis_of(step);
  const auto ends = fft::Ends(step.fields.integer("ends"));
  const int64_t n = step.fields.integer("n"), method = step.fields.integer("method");
  require(n > 0 && n <= 1 << 28, step, "a length out of range");
  Shape shape = step.in[0].shape();
  const int64_t length = shape[axis];
  shape[axis] = int32_t(ends == fft::Ends::real ? n / 2 + 1 : n);
  require(shape == step.shapes[0], step, "another shape than its length gives");
  require(step.dtypes[0] == (ends == fft::Ends::hermitian ? float32 : complex64) &&
              (step.in[0].dtype() == complex64 ||
               (step.in[0].dtype() == float32 && ends != fft::Ends::hermitian)),
          step, "inputs or outputs of other dtypes");
  const auto stages = [](int64_t m) { return fft::radices_of(m) != 0; };
  if (method == 0) require(stages(n), step, "a length that it cannot transform so");
  if (method != 2) return;
  const bool pairs = ends == fft::Ends::hermitian && n % 2 == 0;  // of the result are transformed
  const int64_t whole = pairs ? n / 2 : n;
  int64_t half = 1;
  for (int64_t divisor = 1; divisor * divisor <= whole; ++divisor)
    if (whole % divisor == 0) half = divisor;
  require((pairs || (ends == fft::Ends::complex && length == n)) && axis == step.in[0].ndim() - 1 &&
              stages(half) && stages(whole / half),
          step, "a length that it cannot transform so");
}

void check_attention(const Step& step) {
  const bool mask = step.fields.truth("has_mask"), sinks = step.fields.truth("has_sinks");
  require(step.in.size() == size_t(3 + mask + sinks), step, "more or fewer inputs than it takes");
  if (mask) require(step.in[3].ndim() == 4, step, "a mask of other than four axes");
  gives(step, {fast::scaled_dot_product_attention(
                  step.in[0], step.in[1], step.in[2], 1,
                  mask ? fast::AttentionMask(step.in[3]) : fast::AttentionMask(),
                  sinks ? std::optional(step.in.back()) : std::nullopt, false, {})});
}

void check_norm_inputs(const Step& step, size_t inputs) {
  require(step.in.size() == inputs && step.in[0].ndim() > 0, step,
          "more or fewer inputs than it takes");
  for (size_t i = 1; i < 1 + size_t(step.fields.truth("has_weight")); ++i)
    require(step.in[i].shape() == Shape{step.in[0].shape(-1)}, step, "a weight of another shape");
}

void check_norm(const Step& step) {
  const size_t weight = step.fields.truth("has_weight"), bias = step.fields.truth("has_bias");
  check_norm_inputs(step, 1 + weight + bias);
  if (bias)
    require(step.in.back().shape() == Shape{step.in[0].shape(-1)}, step, "a bias of another shape");
  follow(step);
}

void check_norm_gradient(const Step& step) {
  const size_t weight = step.fields.truth("has_weight"), bias = step.fields.truth("has_bias");
  check_norm_inputs(step, 2 + weight);
  require(step.in.back().shape() == step.in[0].shape(), step, "a cotangent of another shape");
  std::vector<Shape> shapes{step.in[0].shape()};
  shapes.resize(1 + weight + bias, Shape{step.in[0].shape(-1)});
  require(shapes == step.shapes, step, "outputs of other shapes than it gives");
}

void check_rope(const Step& step) {
  const array &x = step.in[0], &offset = step.in[1];
  const int64_t dims = step.fields.integer("dims");
  require(x.ndim() >= 3 && dims > 0 && dims % 2 == 0 && dims <= x.shape(-1), step,
          "dimensions that do not fit");
  require(offset.ndim() <= 1 && (offset.size() == 1 || offset.size() == x.shape(0)), step,
          "an offset of another shape");
  if (step.in.size() > 2)
    require(step.in[2].shape() == Shape{int32_t(dims / 2)}, step, "frequencies of another shape");
  require(step.shapes[0] == x.shape(), step, "another shape");
}

void check_cross_entropy(const Step& step) {
  const Shape& logits = step.in[0].shape();
  require(!logits.empty() && step.in[0].size() > 0, step, "logits without elements");
  for (size_t i = 1; i < step.in.size(); ++i)
    require(step.in[i].shape() == part(logits, 0, int(logits.size()) - 1), step,
            "targets of another shape");
  follow(step);
}

void check_recurrence(const Step& step) {
  axis_of(step), of_one_shape(step);
}

void check_square(const Step& step) {
  require(step.in[0].ndim() >= 2 && step.in[0].shape(-1) == step.in[0].shape(-2), step,
          "an input that is no square matrix");
  follow(step);
}

void check_fp8(const Step& step) {
  require(step.fields.truth("to")
              ? step.in[0].dtype().is_floating() && step.dtypes[0] == uint8
              : step.in[0].dtype() == uint8 && step.dtypes[0] == step.fields.dtype("dtype") &&
                    step.dtypes[0].is_floating(),
          step, "inputs or outputs of other dtypes");
  follow(step);
}

void check_gather_mm(const Step& step) {
  for (const size_t i : {0, 1}) require(step.in[i].ndim() >= 2, step, "an input that is no matrix");
  require(step.in[2].shape() == step.in[3].shape(), step, "indices of different shapes");
  gives(step, {gather_mm(step.in[0], step.in[1], step.in[2], step.in[3])});
}

void check_segmented(const Step& step) {
  gives(step, {segmented_mm(step.in[0], step.in[1], step.in[2])});
}

void check_gated_delta(const Step& step) {
  const Arrays& in = step.in;
  const Arrays results = fast::gated_delta_update(in[0], in[1], in[2], in[3], in[4], in[5]);
  require(in[3].shape() == part(in[2].shape(), 0, 3) && in[4].shape() == in[3].shape() &&
              in[0].shape(0) == in[2].shape(0) && in[1].shape() == in[0].shape(),
          step, "inputs of other shapes");
  require(results[0].shape() == step.shapes[0] && results[1].shape() == step.shapes[1] &&
              in[5].shape() == step.shapes[1] && in[5].dtype() == step.dtypes[1],
          step, "outputs of other shapes or dtypes than it gives");
}

namespace {

struct Packing {
  std::string mode;
  int group, bits;
  bool affine;
  explicit Packing(const Step& step)
      : mode(step.fields.text("mode")),
        group(int(step.fields.integer("group_size"))),
        bits(int(step.fields.integer("bits"))),
        affine(mode == "affine") {}
};

}  // namespace

void check_quantize(const Step& step) {
  const Packing p(step);
  require(p.affine ? step.in.size() == 1 : step.in.size() <= 2, step,
          "inputs that it does not take");
  gives(step, quantize(step.in[0], p.group, p.bits, p.mode,
                       step.in.size() > 1 ? std::optional(step.in[1]) : std::nullopt));
}

void check_dequantize(const Step& step) {
  const Packing p(step);
  require(p.affine ? step.in.size() == 3 && step.in[1].dtype() == step.in[2].dtype()
                   : within(int64_t(step.in.size()) - 2, 2),
          step, "inputs that it does not take");
  gives(step,
        {dequantize(step.in[0], step.in[1], p.affine ? std::optional(step.in[2]) : std::nullopt,
                    p.group, p.bits, p.mode,
                    !p.affine && step.in.size() > 2 ? std::optional(step.in[2]) : std::nullopt,
                    step.fields.dtype("dtype"))});
}

void check_quantized_matmul(const Step& step) {
  const Packing p(step);
  const size_t packed = p.affine ? 4 : 3;
  const bool gathers = step.fields.all("in_order").size() == 1;
  require(step.in.size() == packed + 2 * gathers && step.in[0].ndim() >= (gathers ? 2 : 1), step,
          "inputs that it does not take");
  const std::optional<array> biases = p.affine ? std::optional(step.in[3]) : std::nullopt;
  if (biases) require(biases->dtype() == step.in[2].dtype(), step, "biases of another dtype");
  const bool transpose = step.fields.truth("transpose");
  if (!gathers)
    return gives(step, {quantized_matmul(step.in[0], step.in[1], step.in[2], biases, transpose,
                                         p.group, p.bits, p.mode)});
  const array &lhs = step.in[packed], &rhs = step.in[packed + 1];
  require(lhs.shape() == rhs.shape() && lhs.dtype() == uint32 && rhs.dtype() == uint32, step,
          "indices of different shapes or dtypes");
  gives(step, {gather_qmm(step.in[0], step.in[1], step.in[2], biases, lhs, rhs, transpose, p.group,
                          p.bits, p.mode)});
}

/// What a convolution reads and gives must be what its windows reach.
void check_correlation(const Step& step) {
  const Shape input = shape_of(step, "input"), weight = shape_of(step, "weight"),
              output = shape_of(step, "output"), stride = shape_of(step, "stride"),
              low = shape_of(step, "pad_low"), high = shape_of(step, "pad_high"),
              dilation = shape_of(step, "dilation");
  const int64_t groups = step.fields.integer("groups");
  const size_t spatial = input.size() - 2;
  require(input.size() >= 3 && input.size() <= 5 && weight.size() == input.size() &&
              output.size() == input.size() && stride.size() == spatial && low.size() == spatial &&
              high.size() == spatial && dilation.size() == spatial,
          step, "windows of different numbers of axes");
  require(groups > 0 && input.front() == output.front() && output.back() == weight.front() &&
              weight.front() % groups == 0 && int64_t(weight.back()) * groups == input.back(),
          step, "channels that do not fit");
  for (size_t i = 0; i < spatial; ++i) {
    require(stride[i] > 0 && dilation[i] > 0, step, "a stride or dilation below 1");
    const int64_t reach = int64_t(input[i + 1]) + low[i] + high[i] -
                          int64_t(dilation[i]) * (int64_t(weight[i + 1]) - 1) - 1;
    require(weight[i + 1] > 0 && reach >= 0 && output[i + 1] == reach / stride[i] + 1, step,
            "windows that do not fit");
  }
  require(step.dtypes[0] == step.fields.dtype("dtype"), step, "a result of another dtype");
  follow(step);
}

}  // namespace mlx::imported
