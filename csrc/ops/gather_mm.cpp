// gather_mm and segmented_mm: one kernel over the pairs of matrices; block_masked_mm as masked
// operands.
#include "ops/gather_mm.h"

#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/rearrange.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// How an operand lies: `count` matrices `matrix` elements apart, with strides of the last two
/// axes. The numbers are a struct of kernels/gather_mm.cl.
struct Matrices {
  array x;
  struct {
    int64_t count, matrix, row, column;
  } lie;
  void set(Launch& launch) const {
    launch.set(reads(x));
    launch.set_bytes(&lie, sizeof lie);
  }
};

Matrices matrices(const array& x, Queue& queue, bool in_place) {
  const array y = in_place ? x : contiguous_copy(x, queue);
  const int64_t count = y.size() / (int64_t(y.shape(-2)) * y.shape(-1));
  const size_t last = size_t(y.ndim()) - 1;
  return {y,
          {count, y.ndim() == 3 ? y.strides()[0] : int64_t(y.shape(-2)) * y.shape(-1),
           y.strides()[last - 1], y.strides()[last]}};
}

/// Columns that lie densely, in at most one batch axis: read in place.
bool has_dense_columns(const array& b) {
  return b.ndim() <= 3 && b.strides()[size_t(b.ndim()) - 2] == 1 &&
         b.strides()[size_t(b.ndim()) - 1] >= b.shape(-2);
}

void multiply_chosen(const array& a, const array& b, const array& lhs, const array& rhs,
                     bool segments, const array& out, Queue& queue) {
  const bool dense_columns = has_dense_columns(b) && b.shape(-1) > 1 && !b.is_row_contiguous();
  const Matrices left = matrices(a, queue, false), right = matrices(b, queue, dense_columns);
  const int64_t m = out.shape(-2), n = out.shape(-1), k = a.shape(-1),
                batches = out.size() / (m * n);
  const int rows = m >= 4 ? 4 : m >= 2 ? 2 : 1;
  Defines defines{{"T", out.dtype()}, {"ROWS", rows}};
  if (segments) defines.emplace_back("SEGMENTS", 1);
  const int64_t width = dense_columns ? 4 : 64,
                tiles = batches * ((m + rows - 1) / rows) * ((n + width - 1) / width);
  Launch step = launch(queue, "gather_mm", dense_columns ? "by_rows" : "by_columns", defines);
  step.over(work_items(queue, Work::quantized, tiles)).moving(size_t(a.nbytes() + b.nbytes()));
  left.set(step);
  right.set(step);
  for (const BufferArgument& each : {reads(lhs), reads(rhs), writes(out)}) step.set(each);
  const int64_t sizes[] = {batches, m, n, k};
  step.set_bytes(sizes, sizeof sizes);
  step.enqueue();
}

size_t product_work(const array& a, const array& out) {
  return size_t(out.size()) * (1 + size_t(a.shape(-1)) / 8);
}

/// Inputs: a, b, lhs, rhs (uint32, of one shape).
class GatherMM final : public Primitive {
 public:
  const char* name() const override { return "GatherMM"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    if (outputs[0].size() == 0) return;
    multiply_chosen(inputs[0], inputs[1], contiguous_copy(inputs[2], queue),
                    contiguous_copy(inputs[3], queue), false, outputs[0], queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const auto flat = [](const array& x) { return reshape(x, {-1, x.shape(-2), x.shape(-1)}); };
    const array a = flat(primals[0]), b = flat(primals[1]), g = flat(cotangents[0]);
    const array lhs = flatten(primals[2]), rhs = flatten(primals[3]);
    Arrays result;
    for (const int i : argnums) {
      if (i > 1) no_gradient_of_indices("gather_mm");
      const array each = i == 0 ? gather_mm(g, swapaxes(b, -1, -2), {}, rhs)
                                : matmul(swapaxes(gather(a, {lhs}, 0), -1, -2), g);
      const array& like = i == 0 ? a : b;
      const array total =
          scatter(zeros_like(like), {i == 0 ? lhs : rhs}, each, 0, ScatterMode::add);
      result.push_back(reshape(total, primals[i].shape()));
    }
    return result;
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    Arrays moved = inputs;
    for (const size_t i : {0, 1}) {
      moved[i + 2] = batch_first(inputs[i + 2], axes[i + 2], size);
      if (axes[i] < 0) continue;
      moved[i] = moveaxis(inputs[i], axes[i], 0);
      moved[i + 2] = indices_of_examples(moved[i + 2], moved[i]);
    }
    return {{array(output_shapes(moved)[0], inputs[0].dtype(), make_ref<GatherMM>(), moved,
                   to_stream({}))},
            {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[2].shape();
    shape.push_back(inputs[0].shape(-2));
    shape.push_back(inputs[1].shape(-1));
    return {shape};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const override {
    return product_work(inputs[0], outputs[0]);
  }
};

/// Inputs: a (m, k), b (k, n), segments (…, 2) in uint32.
class SegmentedMM final : public Primitive {
 public:
  const char* name() const override { return "SegmentedMM"; }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    if (outputs[0].size() == 0) return;
    const array segments = contiguous_copy(inputs[2], queue);
    multiply_chosen(inputs[0], inputs[1], segments, segments, true, outputs[0], queue);
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[2].shape();
    shape.back() = inputs[0].shape(0);
    shape.push_back(inputs[1].shape(1));
    return {shape};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const override {
    return product_work(inputs[0], outputs[0]);
  }
};

Dtype floating(const char* op, const array& a, const array& b) {
  const Dtype dtype = promote(a.dtype(), b.dtype());
  if (!dtype.is_floating())
    fail(op, "Only real floating point types are supported but ", a.dtype().name(), " and ",
         b.dtype().name(), " were provided which results in ", dtype.name(),
         ", which is not a real floating point type.");
  return dtype;
}

/// Indices (uint32) of every matrix, shaped as the batch of x.
array every_matrix(const array& x, const StreamOrDevice& s) {
  const Shape batch(x.shape().begin(), x.shape().end() - 2);
  return reshape(arange(size_of(batch), uint32, s), batch, s);
}

array squeezed(const array& y, bool row, bool column, const StreamOrDevice& s) {
  Axes axes;
  if (row) axes.push_back(-2);
  if (column) axes.push_back(-1);
  return axes.empty() ? y : squeeze(y, axes, s);
}

/// x with each tile of its last two axes multiplied by an entry of the mask.
array masked(const array& x, const std::optional<array>& mask, int block, const StreamOrDevice& s) {
  if (!mask) return x;
  const int rows = x.shape(-2), columns = x.shape(-1);
  Shape tiles(x.shape().begin(), x.shape().end() - 2);
  tiles.push_back((rows + block - 1) / block);
  tiles.push_back((columns + block - 1) / block);
  array spread = broadcast_to(
      *mask, broadcast(mask->shape(), tiles) == tiles ? tiles : broadcast(mask->shape(), tiles), s);
  if (spread.shape() != tiles)
    fail("block_masked_mm", "a mask of shape ", to_string(mask->shape()), " does not fit.");
  spread = repeat(repeat(spread, block, -1, s), block, -2, s);
  Shape stop = spread.shape();
  stop[stop.size() - 2] = rows;
  stop[stop.size() - 1] = columns;
  spread = slice(spread, Shape(stop.size()), stop, s);
  if (mask->dtype() == bool_) return where(spread, x, array(0, x.dtype()), s);
  return multiply(x, astype(spread, x.dtype(), s), s);
}

}  // namespace

array indices_of_examples(const array& indices, const array& x) {
  const int64_t each = x.size() / (int64_t(x.shape(0)) * x.shape(-2) * x.shape(-1));
  Shape shape(size_t(indices.ndim()), 1);
  shape[0] = x.shape(0);
  const array first = reshape(arange(x.shape(0), uint32), shape) * array(each, uint32);
  return minimum(indices, array(each - 1, uint32)) + first;
}

array gather_mm(const array& a, const array& b, const std::optional<array>& lhs_indices,
                const std::optional<array>& rhs_indices, bool, StreamOrDevice s) {
  if (!lhs_indices && !rhs_indices) return matmul(a, b, s);
  if (a.ndim() == 0 || b.ndim() == 0)
    fail("gather_mm", "Got 0 dimension input. Inputs must have at least one dimension.");
  for (const std::optional<array>& indices : {lhs_indices, rhs_indices})
    if (indices && !indices->dtype().is_integer())
      fail("gather_mm", "Got indices with invalid dtype. Indices must be integral.");
  const Dtype dtype = floating("gather_mm", a, b);
  array left = astype(a, dtype, s), right = astype(b, dtype, s);
  if (a.ndim() == 1) left = expand_dims(left, {0}, s);
  if (b.ndim() == 1) right = expand_dims(right, {1}, s);
  if (left.shape(-1) != right.shape(-2))
    fail("gather_mm", "Last dimension of first input with shape ", to_string(a.shape()),
         " must match second to last dimension of second input with shape ", to_string(b.shape()),
         ".");
  const array lhs = lhs_indices ? *lhs_indices : every_matrix(left, s),
              rhs = rhs_indices ? *rhs_indices : every_matrix(right, s);
  const Shape batch = broadcast(lhs.shape(), rhs.shape());
  const Arrays indices{broadcast_to(astype(lhs, uint32, s), batch, s),
                       broadcast_to(astype(rhs, uint32, s), batch, s)};
  if (dtype == float64) {  // the kernel computes in float
    const auto flat = [&](const array& x) { return reshape(x, {-1, x.shape(-2), x.shape(-1)}, s); };
    const array product =
        matmul(gather(flat(left), {indices[0]}, 0, s), gather(flat(right), {indices[1]}, 0, s), s);
    return squeezed(product, a.ndim() == 1, b.ndim() == 1, s);
  }
  Arrays inputs{left, right, indices[0], indices[1]};
  auto primitive = make_ref<GatherMM>();
  Shape shape = primitive->output_shapes(inputs)[0];
  const array product(std::move(shape), dtype, std::move(primitive), std::move(inputs),
                      to_stream(s));
  return squeezed(product, a.ndim() == 1, b.ndim() == 1, s);
}

array block_masked_mm(const array& a, const array& b, int block_size,
                      const std::optional<array>& mask_out, const std::optional<array>& mask_lhs,
                      const std::optional<array>& mask_rhs, StreamOrDevice s) {
  if (block_size <= 0)
    fail("block_masked_mm", "block_size must be positive but is ", block_size, ".");
  if (a.ndim() == 1 || b.ndim() == 1) {
    const array left = a.ndim() == 1 ? expand_dims(a, {0}, s) : a,
                right = b.ndim() == 1 ? expand_dims(b, {1}, s) : b;
    return squeezed(block_masked_mm(left, right, block_size, mask_out, mask_lhs, mask_rhs, s),
                    a.ndim() == 1, b.ndim() == 1, s);
  }
  if (a.ndim() == 0 || b.ndim() == 0)
    fail("block_masked_mm", "Got 0 dimension input. Inputs must have at least one dimension.");
  return masked(matmul(masked(a, mask_lhs, block_size, s), masked(b, mask_rhs, block_size, s), s),
                mask_out, block_size, s);
}

array segmented_mm(const array& a, const array& b, const array& segments, StreamOrDevice s) {
  if (a.ndim() != 2 || b.ndim() != 2) fail("segmented_mm", "Batched matmul not supported");
  if (segments.ndim() == 0 || segments.shape(-1) != 2)
    fail("segmented_mm", "The segments should have shape (..., 2) but ",
         to_string(segments.shape()), " was provided.");
  if (!segments.dtype().is_integer())
    fail("segmented_mm", "Got segments with invalid dtype. Segments must be integral.");
  const Dtype dtype = floating("segmented_mm", a, b);
  if (a.shape(1) != b.shape(0))
    fail("segmented_mm", "Last dimension of first input with shape ", to_string(a.shape()),
         " must match second to last dimension of second input with shape ", to_string(b.shape()),
         ".");
  const array left = astype(a, dtype, s), right = astype(b, dtype, s),
              bounds = astype(segments, uint32, s);
  if (dtype == float64) {  // the kernel computes in float
    const array place = arange(a.shape(1), uint32, s), zero(0, dtype);
    const auto bound = [&](int i) { return take(bounds, array(i, int32), -1, s); };
    const array inside = logical_and(greater_equal(place, expand_dims(bound(0), {-1}, s), s),
                                     less(place, expand_dims(bound(1), {-1}, s), s), s);
    return matmul(where(expand_dims(inside, {-2}, s), left, zero, s),
                  where(expand_dims(inside, {-1}, s), right, zero, s), s);
  }
  Arrays inputs{left, right, bounds};
  auto primitive = make_ref<SegmentedMM>();
  Shape shape = primitive->output_shapes(inputs)[0];
  return array(std::move(shape), dtype, std::move(primitive), std::move(inputs), to_stream(s));
}

static const Registered<GatherMM> gathermm_class("GatherMM");
static const Registered<SegmentedMM> segmentedmm_class("SegmentedMM");

}  // namespace mlx
