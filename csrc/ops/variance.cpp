// Variances over neighbouring axes: the primitive, its derivatives, and its launches.
#include "ops/variance.h"

#include <algorithm>

#include "graph/copy.h"
#include "graph/primitive.h"
#include "ops/around_axes.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "ops/rows.h"
#include "ops/shape.h"

namespace mlx {
namespace {

class AxesVariance final : public Primitive {
 public:
  AxesVariance(int first, int last, bool keepdims, int ddof)
      : first_(first), last_(last), keepdims_(keepdims), ddof_(ddof) {}
  const char* name() const override { return "variance"; }
  void fields(Fields& f) override {
    f.field("first", first_), f.field("last", last_);
    f.field("keepdims", keepdims_), f.field("ddof", ddof_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    const array& g = cotangents[0];
    return {slope(primals[0]) * (keepdims_ ? g : expand_dims(g, axes()))};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    return {sum(slope(primals[0]) * tangents[0], axes(), keepdims_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& batched) override {
    const array x = batch_first(inputs[0], batched[0], batch_size(inputs, batched));
    return {{variance(x, first_ + 1, last_ + 1, keepdims_, ddof_, {})}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape;
    for (int i = 0; i < inputs[0].ndim(); ++i) {
      const bool reduced = i >= first_ && i <= last_;
      if (!reduced || keepdims_) shape.push_back(reduced ? 1 : inputs[0].shape(i));
    }
    return {shape};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(2 * inputs[0].size());
  }

 private:
  Axes axes() const {
    Axes result;
    for (int i = first_; i <= last_; ++i) result.push_back(i);
    return result;
  }
  /// The derivative of the variance by each element.
  array slope(const array& x) const {
    const int64_t count = AroundAxes(x.shape(), first_, last_).along;
    return (x - mean(x, axes(), true)) * (2.0 / double(std::max<int64_t>(count - ddof_, 0)));
  }

  int first_, last_;
  bool keepdims_;
  int ddof_;
};

void AxesVariance::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& out = outputs[0];
  out.allocate(queue);
  if (out.size() == 0) return;
  const array x = contiguous_copy(inputs[0], queue);
  const auto [outer, n, inner] = AroundAxes(x.shape(), first_, last_);
  const int64_t ddof = ddof_;
  const Capabilities& facts = queue.device().facts();
  const bool rows = inner == 1;
  // What can be done side by side without cutting n: groups or tiles of columns, or work-items.
  constexpr int64_t tile = 1024;
  const int64_t tasks = rows || !facts.is_cpu ? outer * inner : outer * ((inner + tile - 1) / tile);
  const Work family = rows && !facts.is_cpu ? Work::reduce_rows : Work::reduce_parts;
  const int64_t fewest = 4 * work_size(queue.device(), family).grain / (facts.is_cpu ? inner : 1);
  const int64_t parts = std::clamp<int64_t>(most_items(queue, family) / tasks, 1,
                                            std::max<int64_t>(n / std::max<int64_t>(fewest, 1), 1));
  const Dtype computed = x.dtype() == float64 ? float64 : float32;
  const array partial =
      array::scratch({int32_t(parts > 1 ? parts : 0), int32_t(outer * inner), 2}, computed, queue);
  RowLaunch each(queue, outer * parts, n / parts);
  const auto step = [&](const char* kernel, bool by_rows, int64_t units, int64_t elements) {
    Launch work(queue, each.kernel(queue, "variance", kernel, {{"T", x.dtype()}}));
    if (by_rows)
      each.shape(work);
    else
      work.over(work_items(queue, Work::reduce, units, elements));
    work.moving(size_t(x.nbytes()))
        .with(reads(x), writes(out), writes(parts > 1 ? partial : out), outer, n, inner, parts,
              ddof);
  };
  step(rows ? "variance_rows" : "variance_columns", rows, tasks * parts,
       std::max<int64_t>(x.size() / (tasks * parts), 1));
  if (parts > 1) step("variance_total", false, outer * inner, 2 * parts);
}

}  // namespace

array variance(const array& x, int first, int last, bool keepdims, int ddof,
               const StreamOrDevice& s) {
  auto primitive = make_ref<AxesVariance>(first, last, keepdims, ddof);
  Shape shape = primitive->output_shapes({x})[0];
  return array(std::move(shape), x.dtype(), std::move(primitive), {x}, to_stream(s));
}

}  // namespace mlx
