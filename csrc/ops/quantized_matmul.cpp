// Products of floats with packed weights: a kernel that unpacks in registers for few rows, unpacked
// blocks and the library's product for many.
#include <algorithm>

#include "base/error.h"
#include "cl/blas.h"
#include "cl/group_sizes.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "graph/together.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/gather_mm.h"
#include "ops/indexing.h"
#include "ops/matmul.h"
#include "ops/packed_words.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

// Above this many rows, unpacking the weights once for a library's product pays; earlier where the
// weights lie across.
constexpr int64_t few_rows = 16, few_rows_across = 6;
// Weights that are unpacked at a time: few enough to stay in the caches.
constexpr int64_t block_weights = int64_t(1) << 21;

struct Sizes {
  int64_t m, n, k;
};

/// How many units of a row of weights a work-item takes: whole cache lines, as far as its registers
/// go.
int side_by_side(int64_t units, int rows, bool on_cpu) {
  if (!on_cpu) return 1;
  if (rows == 1 && units % 4 == 0) return 4;
  return units % 2 == 0 ? 2 : 1;
}

/// One product or, with lhs and rhs (uint32), one for each pair of indices.
void multiply_in_registers(const Quantization& q, const array& x, const Arrays& packed,
                           const Arrays& indices, bool transpose, const Sizes& size,
                           const array& out, Queue& queue) {
  const PackedSet set{&packed, &out, size.n};
  if (transpose && can_multiply_packed_words(q, x.dtype(), size.m, size.k, queue))
    return multiply_packed_words(q, x, &set, 1, indices, size.m, size.k, queue);
  const bool gathers = !indices.empty(), on_cpu = queue.device().facts().is_cpu;
  const int64_t units = (transpose ? size.k : size.n) / unit_size(q),
                batches = gathers ? indices[0].size() : 1;
  const bool by_words = on_cpu && transpose && 32 % q.bits == 0 && size.k % (512 / q.bits) == 0;
  const int rows = size.m >= 4 ? 4 : size.m >= 2 ? 2 : 1;
  const int columns =
      transpose ? (by_words && rows == 4 ? 2 : 4) : side_by_side(units, rows, on_cpu);
  const Dtype scales = packed[1].dtype();
  Defines defines = by_words ? q.defines(scales) : q.unit_defines(scales);
  defines.insert(defines.end(), {{"T", x.dtype()}, {"ROWS", rows}, {"COLUMNS", columns}});
  if (gathers) defines.emplace_back("GATHER", 1);
  const int64_t tiles = batches * ((size.m + rows - 1) / rows) *
                        (transpose ? (size.n + columns - 1) / columns : units / columns);
  std::vector<BufferArgument> arguments{reads(x)};
  Ref<Buffer> prepared;
  if (by_words) {
    const int64_t blocks = x.size() * q.bits / 512;
    prepared =
        queue.device().allocator().allocate(size_t(x.size() + 16 * blocks) * sizeof(float), &queue);
    arguments = {{prepared.get(), 0, true}, {prepared.get(), x.size(), true}};
    // Only the dtype and the bits matter here.
    const Defines preparing = {{"MODE", "affine"}, {"SCALE", "plain"}, {"BITS", q.bits},
                               {"GROUP", 32},      {"S", x.dtype()},   {"T", x.dtype()},
                               {"ROWS", 1},        {"COLUMNS", 1}};
    launch(queue, "quantized_matmul", "by_words_prepare", preparing)
        .over(work_items(queue, Work::quantized, blocks))
        .with(reads(x), arguments[0], arguments[1], blocks);
  }
  int lanes = group_of(queue.device().facts(), 32);  // work-items that share a tile on GPUs
  const auto kernel_of = [&](int group) -> Kernel& {
    Defines all = defines;
    if (!on_cpu) all.emplace_back("LANES", group);
    const char* const name = by_words ? "by_words" : transpose ? "by_rows" : "by_columns";
    return queue.device().kernels().kernel("quantized_matmul", name, all);
  };
  Launch work(queue, on_cpu ? kernel_of(1) : fit_group(queue, lanes, kernel_of));
  const size_t items = work_items(queue, Work::quantized_products, tiles);
  if (on_cpu)
    work.over(items);
  else
    work.over(items * size_t(lanes)).in_groups_of(size_t(lanes));
  work.moving(size_t(packed[0].nbytes()));
  for (const array& part : {packed[0], packed[1], packed[q.is_affine() ? 2 : 1]})
    arguments.push_back(reads(part));
  for (const BufferArgument& argument : arguments) work.set(argument);
  if (gathers) {
    work.set(reads(indices[0]));
    work.set(int64_t(x.size() / (size.m * size.k)));
    work.set(reads(indices[1]));
    work.set(int64_t(packed[0].size() * 32 / q.bits / (size.n * size.k)));
  }
  work.set(writes(out));
  for (const int64_t value : {batches, size.m, size.n, size.k}) work.set(value);
  if (!by_words) work.set(q.group_bits());
  work.enqueue();
}

/// Unpacks blocks of output columns and leaves their product to the library.
void multiply_blocks(const Quantization& q, const array& x, const Arrays& packed, bool transpose,
                     const Sizes& size, const array& out, Queue& queue) {
  const int64_t unit = unit_size(q),
                step = std::max(block_weights / size.k / 128 * 128, int64_t(128));
  Product product{x.dtype(), 1,
                  size.m,    std::min(step, size.n),
                  size.k,    {&x.buffer(), x.offset(), false, size.k, 0},
                  {},        {}};
  product.wide_b = widens(queue, product);
  const Dtype dtype = product.wide_b ? float32 : x.dtype();
  const Ref<Buffer> block = queue.device().allocator().allocate(
      size_t(std::min(step, size.n) * size.k) * size_t(dtype.size()), &queue);
  for (int64_t first = 0; first < size.n; first += step) {
    const int64_t count = std::min(step, size.n - first);
    const BufferArgument to{block.get(), 0, true};
    if (transpose)
      dequantize_into(q, packed, first, count, 0, size.k / unit, nullptr, dtype, {dtype, dtype}, to,
                      queue);
    else
      dequantize_into(q, packed, 0, size.k, first / unit, count / unit, nullptr, dtype,
                      {dtype, dtype}, to, queue);
    product.n = count;
    product.b = {block.get(), 0, transpose, transpose ? size.k : count, 0};
    product.c = {&out.buffer(), out.offset() + first, false, size.n, 0};
    multiply(queue, product);
  }
}

/// What both primitives share: inputs are x, packed weights, scales, (affine) biases and maybe
/// indices.
class PackedProduct : public Primitive {
 public:
  PackedProduct(Quantization q, bool transpose) : q_(std::move(q)), transpose_(transpose) {}
  void fields(Fields& f) override {
    q_.fields(f);
    f.field("transpose", transpose_);
  }
  /// Linear in x and, for affine weights, in scales and biases together.
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    std::optional<array> by_x;
    Arrays moved = primals;
    bool parameters = false;
    if (q_.is_affine())
      for (const size_t i : {2, 3}) moved[i] = zeros_like(primals[i]);
    for (size_t k = 0; k < argnums.size(); ++k) {
      const int i = argnums[k];
      if (i == 1 || i > int(packed_count()) || (i > 0 && !q_.is_affine()))
        fail<std::runtime_error>("jvp", "no derivative of ", name(), " with respect to argument ",
                                 i, ".");
      if (i > 0)
        parameters = true, moved[size_t(i)] = tangents[k];
      else
        by_x = product(tangents[k], primals);
    }
    if (!parameters) return {*by_x};
    const array by_parameters = product(primals[0], moved);
    return {by_x ? *by_x + by_parameters : by_parameters};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const override {
    return size_t(outputs[0].size()) * size_t(inner(inputs)) / 4;
  }

 protected:
  /// x times the weights among `operands`.
  virtual array product(const array& x, const Arrays& operands) const = 0;
  /// Whether weights, scales or biases have a batch axis.
  bool weights_batched(const std::vector<int>& axes) const {
    return std::any_of(axes.begin() + 1, axes.begin() + 1 + int(packed_count()),
                       [](int axis) { return axis >= 0; });
  }
  /// Weights, scales and biases with the batch in front.
  void move_weights(Arrays& inputs, const std::vector<int>& axes, int size) const {
    for (size_t i = 1; i <= packed_count(); ++i) inputs[i] = batch_first(inputs[i], axes[i], size);
  }
  size_t packed_count() const { return q_.is_affine() ? 3 : 2; }
  int64_t unpacked(const Arrays& inputs) const {
    return int64_t(inputs[2].shape(-1)) * q_.group_size;
  }
  int64_t inner(const Arrays& inputs) const {
    return transpose_ ? unpacked(inputs) : inputs[1].shape(-2);
  }
  int64_t columns(const Arrays& inputs) const {
    return transpose_ ? inputs[1].shape(-2) : unpacked(inputs);
  }
  std::optional<array> biases(const Arrays& inputs) const {
    return q_.is_affine() ? std::optional(inputs[3]) : std::nullopt;
  }
  Arrays packed(const Arrays& inputs, Queue& queue) const {
    Arrays result;
    for (size_t i = 1; i <= packed_count(); ++i)
      result.push_back(contiguous_copy(inputs[i], queue));
    return result;
  }
  /// Gradient of scales or biases from the gradient of the values (…, rows, K).
  array parameter_gradient(const Arrays& primals, int argument, const array& values) const {
    if (argument == 1) fail<std::runtime_error>("vjp", "no gradient wrt the quantized weights.");
    if (!q_.is_affine()) fail("vjp", "no gradient wrt scales in ", q_.mode, " quantization.");
    return argument == 2 ? scales_cotangent(q_, primals[1], primals[2], values)
                         : biases_cotangent(q_, primals[3], values);
  }
  /// Gradient of the unpacked values of each matrix.
  array value_gradient(const array& x, const array& g) const {
    return transpose_ ? matmul(swapaxes(g, -1, -2), x) : matmul(swapaxes(x, -1, -2), g);
  }
  Quantization q_;
  bool transpose_;
};

/// x (…, k) times one packed matrix.
class QuantizedMatmul final : public PackedProduct {
 public:
  using PackedProduct::PackedProduct;
  const char* name() const override { return "QuantizedMatmul"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    const array x = contiguous_copy(inputs[0], queue);
    const Arrays weights = packed(inputs, queue);
    const Sizes size{out.size() / out.shape(-1), columns(inputs), inner(inputs)};
    if (size.m <= (transpose_ ? few_rows : few_rows_across))
      multiply_in_registers(q_, x, weights, {}, transpose_, size, out, queue);
    else
      multiply_blocks(q_, x, weights, transpose_, size, out, queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array& g = cotangents[0];
    Arrays result;
    for (const int i : argnums) {
      if (i == 0) {
        result.push_back(apply(g, primals, !transpose_));
      } else {
        const auto rows = [](const array& x) { return reshape(x, {-1, x.shape(-1)}); };
        result.push_back(parameter_gradient(primals, i, value_gradient(rows(primals[0]), rows(g))));
      }
    }
    return result;
  }
  /// Batched rows are rows; batched weights make a product for each example.
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    if (!weights_batched(axes)) return {{product(moveaxis(inputs[0], axes[0], 0), inputs)}, {0}};
    const int size = batch_size(inputs, axes);
    Arrays moved = inputs;
    move_weights(moved, axes, size);
    const array x = axes[0] < 0 ? expand_dims(inputs[0], {0}) : moveaxis(inputs[0], axes[0], 0);
    const array y = product(reshape(x, {x.shape(0), -1, x.shape(-1)}), moved);
    Shape shape = x.shape();
    shape.front() = size;
    shape.back() = y.shape(-1);
    return {{reshape(y, shape)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    shape.back() = dimension(columns(inputs), "quantized_matmul");
    return {shape};
  }
  /// A few rows times several matrices that are packed alike.
  static bool eval_together(const Nodes& nodes, Queue& queue) {
    const auto& first = static_cast<const QuantizedMatmul&>(*nodes[0]->primitive);
    const Arrays& like = nodes[0]->inputs;
    const int64_t k = first.inner(like), m = like[0].size() / std::max<int64_t>(k, 1);
    if (!first.transpose_ || m == 0 || m > few_rows ||
        !can_multiply_packed_words(first.q_, like[0].dtype(), m, k, queue))
      return false;
    std::vector<Arrays> weights;
    Arrays outputs;
    for (Node* node : nodes) {
      const auto& each = static_cast<const QuantizedMatmul&>(*node->primitive);
      const Arrays& inputs = node->inputs;
      if (!(each.q_ == first.q_) || each.transpose_ != first.transpose_ || node->size == 0 ||
          !(inputs[2].dtype() == like[2].dtype()))
        return false;
      for (const array& x : inputs)
        if (&x.buffer().device() != &queue.device()) return false;
      weights.push_back(each.packed(inputs, queue));
      outputs.emplace_back(Ref<Node>(node));
    }
    std::vector<PackedSet> sets;
    for (size_t i = 0; i < nodes.size(); ++i)
      sets.push_back({&weights[i], &outputs[i], outputs[i].shape(-1)});
    for (array& output : outputs) output.allocate(queue);
    multiply_packed_words(first.q_, contiguous_copy(like[0], queue), sets.data(), sets.size(), {},
                          m, k, queue);
    return true;
  }

 private:
  array product(const array& x, const Arrays& operands) const override {
    return apply(x, operands, transpose_);
  }
  array apply(const array& x, const Arrays& primals, bool transpose) const {
    return quantized_matmul(x, primals[1], primals[2], biases(primals), transpose, q_.group_size,
                            q_.bits, q_.mode);
  }
};

/// For each pair of indices, matrix lhs of x times packed matrix rhs.
class GatherQMM final : public PackedProduct {
 public:
  /// `in_order`: lhs counts the matrices of x one by one.
  GatherQMM(Quantization q, bool transpose, bool in_order)
      : PackedProduct(std::move(q), transpose), in_order_(in_order) {}
  const char* name() const override { return "GatherQMM"; }
  void fields(Fields& f) override {
    PackedProduct::fields(f);
    f.field("in_order", in_order_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    const Sizes size{out.shape(-2), columns(inputs), inner(inputs)};
    const Arrays indices{contiguous_copy(lhs(inputs), queue), contiguous_copy(rhs(inputs), queue)};
    multiply_in_registers(q_, contiguous_copy(inputs[0], queue), packed(inputs, queue), indices,
                          transpose_, size, out, queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array &x = primals[0], &g = cotangents[0];
    const auto matrices = [](const array& y) { return reshape(y, {-1, y.shape(-2), y.shape(-1)}); };
    const array left = flatten(lhs(primals)), right = flatten(rhs(primals)),
                cotangent = matrices(g);
    Arrays result;
    for (const int i : argnums) {
      if (i == 0) {
        const array each = gather_qmm(cotangent, primals[1], primals[2], biases(primals), {}, right,
                                      !transpose_, q_.group_size, q_.bits, q_.mode);
        result.push_back(reshape(in_order_ ? each : add_up(each, left, matrices(x)), x.shape()));
      } else {
        if (i >= int(packed_count()) + 1) no_gradient_of_indices("gather_qmm");
        const array used = in_order_ ? matrices(x) : gather(matrices(x), {left}, 0);
        const array values = matrices(
            dequantize(primals[1], primals[2], biases(primals), q_.group_size, q_.bits, q_.mode));
        const array each = value_gradient(used, cotangent);
        const array total = add_up(each, right, zeros_like(values, each.dtype()));
        Shape shape = primals[1].shape();
        shape.back() = values.shape(-1);
        result.push_back(parameter_gradient(primals, i, reshape(total, shape)));
      }
    }
    return result;
  }
  /// One gather for all examples: their matrices lie behind each other, so each example's indices
  /// move on.
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    const size_t left = packed_count() + 1, right = left + 1;
    Arrays moved = inputs;
    for (const size_t i : {left, right}) moved[i] = batch_first(inputs[i], axes[i], size);
    if (axes[0] >= 0) {
      moved[0] = moveaxis(inputs[0], axes[0], 0);
      moved[left] = indices_of_examples(moved[left], moved[0]);
    }
    if (weights_batched(axes)) {
      move_weights(moved, axes, size);
      moved[right] = indices_of_examples(moved[right], moved[1]);
    }
    return {{make(moved, in_order_ && axes[0] >= 0 && axes[left] < 0)}, {0}};
  }
  array make(Arrays inputs, bool in_order) const {
    auto primitive = make_ref<GatherQMM>(q_, transpose_, in_order);
    Shape shape = primitive->output_shapes(inputs)[0];
    const Dtype dtype = inputs[0].dtype();
    return array(std::move(shape), dtype, std::move(primitive), std::move(inputs), to_stream({}));
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = lhs(inputs).shape();
    shape.push_back(inputs[0].shape(-2));
    shape.push_back(dimension(columns(inputs), "gather_qmm"));
    return {shape};
  }

 private:
  array product(const array& x, const Arrays& operands) const override {
    Arrays inputs = operands;
    inputs[0] = x;
    return make(std::move(inputs), in_order_);
  }
  const array& lhs(const Arrays& inputs) const { return inputs[packed_count() + 1]; }
  const array& rhs(const Arrays& inputs) const { return inputs[packed_count() + 2]; }
  /// Sums the matrices of `each` into the places of `like` that the indices name.
  static array add_up(const array& each, const array& indices, const array& like) {
    return scatter(zeros_like(like), {indices}, each, 0, ScatterMode::add);
  }
  bool in_order_;
};

/// x, the weights and their parameters in the dtypes that the kernels take; checks everything but
/// batches.
Arrays operands(const char* op, const Quantization& q, const array& x, const array& w,
                const array& scales, const std::optional<array>& biases, bool transpose,
                const StreamOrDevice& s) {
  const int packed = unpacked_columns(op, q, w, scales, biases);
  if (x.ndim() == 0) fail(op, "x must have at least one dimension.");
  const int k = transpose ? packed : w.shape(-2), n = transpose ? w.shape(-2) : packed;
  if (x.shape(-1) != k)
    fail(op, "Last dimension of first input with shape (..., ", x.shape(-1),
         ") does not match the expanded quantized matrix (", k, ", ", n, ") computed from shape ",
         to_string(w.shape()), " with group_size=", q.group_size, ", bits=", q.bits,
         " and transpose=", transpose ? "true" : "false", ".");
  const Dtype parameters = q.is_affine() ? parameter_dtype(op, scales, *biases) : float32;
  const Dtype dtype = q.is_affine() ? promote(x.dtype(), parameters) : x.dtype();
  if (!dtype.is_floating())
    fail(op, "Only real floating types are supported but x has type ", x.dtype().name(), ".");
  if (dtype == float64) fail<std::runtime_error>(op, "float64 is not supported.");
  if (!q.is_affine()) return {x, w, scales};
  return {astype(x, dtype, s), w, astype(scales, parameters, s), astype(*biases, parameters, s)};
}

Shape batch_of(const array& x) {
  return Shape(x.shape().begin(), x.shape().end() - 2);
}

/// The numbers of the matrices of x, shaped as its batch.
array every_matrix(const array& x, const StreamOrDevice& s) {
  return reshape(arange(size_of(batch_of(x)), uint32, s), batch_of(x), s);
}

array gathered(const Quantization& q, Arrays inputs, const std::optional<array>& lhs,
               const std::optional<array>& rhs, bool transpose, const StreamOrDevice& s) {
  for (const std::optional<array>& indices : {lhs, rhs})
    if (indices && !indices->dtype().is_integer())
      fail("gather_qmm", "Got indices with invalid dtype. Indices must be integral.");
  const array left = lhs ? *lhs : every_matrix(inputs[0], s),
              right = rhs ? *rhs : every_matrix(inputs[1], s);
  const Shape batch = broadcast(left.shape(), right.shape());
  const bool in_order = !lhs && left.shape() == batch;
  for (const array& indices : {left, right})
    inputs.push_back(broadcast_to(astype(indices, uint32, s), batch, s));
  const Dtype dtype = inputs[0].dtype();
  auto primitive = make_ref<GatherQMM>(q, transpose, in_order);
  Shape shape = primitive->output_shapes(inputs)[0];
  return array(std::move(shape), dtype, std::move(primitive), std::move(inputs), to_stream(s));
}

}  // namespace

array quantized_matmul(const array& x, const array& w, const array& scales,
                       const std::optional<array>& biases, bool transpose,
                       std::optional<int> group_size, std::optional<int> bits,
                       const std::string& mode, StreamOrDevice s) {
  const Quantization q = quantization("quantized_matmul", group_size, bits, mode);
  Arrays inputs = operands("quantized_matmul", q, x, w, scales, biases, transpose, s);
  if (w.ndim() > 2) {
    if (x.ndim() > 1) return gathered(q, std::move(inputs), {}, {}, transpose, s);
    inputs[0] = expand_dims(inputs[0], {0}, s);
    return squeeze(gathered(q, std::move(inputs), {}, {}, transpose, s), Axes{-2}, s);
  }
  const Dtype dtype = inputs[0].dtype();
  auto primitive = make_ref<QuantizedMatmul>(q, transpose);
  Shape shape = primitive->output_shapes(inputs)[0];
  return array(std::move(shape), dtype, std::move(primitive), std::move(inputs), to_stream(s));
}

array gather_qmm(const array& x, const array& w, const array& scales,
                 const std::optional<array>& biases, const std::optional<array>& lhs_indices,
                 const std::optional<array>& rhs_indices, bool transpose,
                 std::optional<int> group_size, std::optional<int> bits, const std::string& mode,
                 bool, const std::optional<array>& global_scale, StreamOrDevice s) {
  const Quantization q = quantization("gather_qmm", group_size, bits, mode);
  if (global_scale && q.mode != "nvfp4")
    fail("gather_qmm", "Global scale is only supported for 'nvfp4' quantization mode.");
  if (global_scale && !lhs_indices && !rhs_indices)
    fail("gather_qmm", "Global scale is not supported without indices.");
  if (global_scale && global_scale->dtype() != float32)
    fail("gather_qmm", "Global scale must have dtype float32 but got ",
         global_scale->dtype().name(), ".");
  if (global_scale && (w.ndim() < 3 || global_scale->shape() != batch_of(w)))
    fail("gather_qmm", "Global scale must hold one number for each matrix of w, but has shape ",
         to_string(global_scale->shape()), " and w ", to_string(w.shape()), ".");
  if (!lhs_indices && !rhs_indices)
    return quantized_matmul(x, w, scales, biases, transpose, group_size, bits, mode, s);
  if (x.ndim() < 2) fail("gather_qmm", "x must have at least two dimensions.");
  const array y = gathered(q, operands("gather_qmm", q, x, w, scales, biases, transpose, s),
                           lhs_indices, rhs_indices, transpose, s);
  if (!global_scale) return y;
  const array chosen = take(flatten(*global_scale, 0, -1, s),
                            rhs_indices ? *rhs_indices : every_matrix(w, s), {}, s);
  return multiply(y, astype(expand_dims(chosen / 2688.0, {-2, -1}, s), y.dtype(), s), s);
}

static const Together quantized_matmuls(typeid(QuantizedMatmul), most_packed_sets,
                                        QuantizedMatmul::eval_together);
static const Registered<QuantizedMatmul> quantized_matmul_class("QuantizedMatmul",
                                                                Quantization{"", 0, 0}, true);
static const Registered<GatherQMM> gatherqmm_class("GatherQMM", Quantization{"", 0, 0}, true, true);

}  // namespace mlx
