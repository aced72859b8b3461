// Writing rows where a mask is true, and its opposite.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/index_launch.h"
#include "ops/indexing.h"
#include "ops/scan.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// Inputs: the array, the mask, the values. With `to_places` row k of the values goes to the k-th
/// true place of the array, otherwise the array (rows like the values, more than enough) receives
/// the values found at true places.
class MaskedCopy final : public Primitive {
 public:
  explicit MaskedCopy(bool to_places) : to_places_(to_places) {}
  const char* name() const override { return to_places_ ? "masked_put" : "masked_take"; }
  void fields(Fields& f) override { f.field("to_places", to_places_); }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array &g = cotangents[0], &mask = primals[1], &values = primals[2];
    Arrays result;
    for (const int i : argnums) {
      if (i == 1)
        result.push_back(zeros_like(mask));
      else if (!to_places_)
        result.push_back(i == 0 ? zeros_like(primals[0]) : masked_put(zeros_like(values), mask, g));
      else
        result.push_back(i == 2 ? masked_take(g, mask, values.shape(0))
                                : where(spread(mask, g.ndim()), zeros_like(g), g));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const Arrays all = all_tangents(primals, tangents, argnums, 3);
    return {to_places_ ? masked_put(all[0], primals[1], all[2])
                       : masked_take(all[2], primals[1], all[0].shape(0))};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const override {
    return size_t(outputs[0].size() + 4 * inputs[1].size());
  }

 private:
  static array spread(const array& mask, int ndim) {
    Shape shape = mask.shape();
    shape.resize(ndim, 1);
    return reshape(mask, shape);
  }
  bool to_places_;
};

void MaskedCopy::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& y = outputs[0];
  if (inputs[0].is_donatable() && inputs[0].is_row_contiguous()) {
    y.share(inputs[0], inputs[0].strides(), inputs[0].offset());
  } else {
    y.allocate(queue);
    if (y.size()) copy_into(inputs[0], view_into(y, y.shape(), y.strides(), 0), queue);
  }
  const array mask = contiguous_copy(inputs[1], queue), values = contiguous_copy(inputs[2], queue);
  const int64_t n = mask.size();
  if (n == 0) return;
  const int64_t inner = (to_places_ ? y : values).size() / n;
  if (inner == 0) return;
  const array& rows_of = to_places_ ? values : y;
  const int64_t rows = rows_of.size() / inner;
  const int64_t chunks = int64_t(work_items(queue, Work::mask, n / 512, 512));
  const array counts = array::scratch({int32_t(chunks)}, int32, queue);
  const Word word = widest_word(queue, {y.itemsize()});
  const Defines defines{{"U", word.type}};
  launch(queue, "mask", "count_true", defines)
      .over(size_t(chunks))
      .with(reads(mask), writes(counts), n, chunks);
  if (to_places_) {
    Buffer* const counted = &counts.buffer();
    queue.native("masked_put",
                 [counted, chunks, rows, keep = counts] {
                   int64_t total = 0;
                   for (int64_t c = 0; c < chunks; ++c)
                     total += static_cast<const int32_t*>(counted->raw())[c];
                   if (total > rows)
                     fail<std::runtime_error>("masked_put", "the mask has ", total,
                                              " true places, but there are only ", rows,
                                              " values.");
                 },
                 {counted}, {});
  }
  if (rows == 0) return;
  launch(queue, "mask", "copy_true", defines)
      .over(size_t(chunks))
      .moving(2 * values.nbytes())
      .with(reads(mask), reads(counts), reads(values), writes(y), n, chunks, inner, rows,
            int64_t(to_places_));
}

/// Each example counts its own true places: they number the rows that are read or, taking, added to
/// zeros.
std::pair<Arrays, std::vector<int>> MaskedCopy::vmap(const Arrays& inputs,
                                                     const std::vector<int>& axes) {
  const int size = batch_size(inputs, axes);
  const array a = batch_first(inputs[0], axes[0], size),
              mask = batch_first(inputs[1], axes[1], size);
  const array values = batch_first(inputs[2], axes[2], size);
  const array& rows_of = to_places_ ? values : a;
  if (rows_of.shape(1) == 0) return {{a}, {0}};
  const array number = cumsum(astype(reshape(mask, {size, -1}), int32), 1, false, false);
  const array row = reshape(minimum(number, array(rows_of.shape(1) - 1, int32)), mask.shape());
  const Arrays at{example_indices(size, row), row};
  const array shown = spread(mask, (to_places_ ? a : values).ndim());
  if (to_places_) return {{where(shown, gather(values, at, 0), a)}, {0}};
  return {
      {scatter(zeros_like(a), at, where(shown, values, zeros_like(values)), 0, ScatterMode::add)},
      {0}};
}

}  // namespace

array masked_take(const array& a, const array& mask, int32_t count, StreamOrDevice s) {
  Shape shape(a.shape().begin() + mask.ndim(), a.shape().end());
  shape.insert(shape.begin(), count);
  return array(shape, a.dtype(), make_ref<MaskedCopy>(false), {zeros(shape, a.dtype(), s), mask, a},
               to_stream(s));
}

array masked_put(const array& a, const array& mask, const array& values, StreamOrDevice s) {
  if (mask.dtype() != bool_)
    fail("masked_put", "the mask must hold bools, not ", mask.dtype().name(), ".");
  if (mask.ndim() > a.ndim() ||
      !std::equal(mask.shape().begin(), mask.shape().end(), a.shape().begin()))
    fail("masked_put", "a mask of shape ", to_string(mask.shape()),
         " does not match an array of shape ", to_string(a.shape()), ".");
  return array(a.shape(), a.dtype(), make_ref<MaskedCopy>(true),
               {a, mask, astype(values, a.dtype(), s)}, to_stream(s));
}

static const Registered<MaskedCopy> masked_copy_class("MaskedCopy", true);

}  // namespace mlx
