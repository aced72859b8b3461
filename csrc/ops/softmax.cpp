// Softmax and log-sum-exp: rows in one kernel, other layouts brought to rows.
#include "ops/softmax.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/ends.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "ops/rows.h"
#include "ops/shape.h"

namespace mlx {
namespace {

// A row longer than this is worth several work-items: composed from operations that cut it.
constexpr int64_t long_row = 256 * 1024;

Defines defines_of(const array& x) {
  Defines defines{{"T", x.dtype()}};
  if (x.dtype().is_half()) defines.emplace_back("IS_HALF", 1);
  if (x.dtype() == float64) defines.emplace_back("IS_DOUBLE", 1);
  return defines;
}

void run_rows(const char* kernel, const Arrays& inputs, array& out, Queue& queue) {
  const int64_t columns = inputs[0].shape(-1),
                rows = inputs[0].size() / std::max<int64_t>(columns, 1);
  if (rows == 0) return;
  RowLaunch shape(queue, rows, columns);
  Launch step(queue, shape.kernel(queue, "softmax", kernel, defines_of(inputs[0])));
  Arrays dense;
  for (const array& x : inputs) step.set(reads(dense.emplace_back(contiguous_copy(x, queue))));
  shape.shape(step).moving(size_t(2 * out.nbytes())).with(writes(out), rows, columns);
}

/// Common to primitives over the last axis of inputs of one shape.
class OverLastAxis : public Primitive {
 public:
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(4 * inputs[0].size());
  }
};

/// y * (g - sum(g * y)): the derivative of softmax, which is symmetric.
class SoftmaxGradient final : public OverLastAxis {
 public:
  const char* name() const override { return "softmax_gradient"; }
  static array make(const array& y, const array& g) {
    return array(y.shape(), y.dtype(), make_ref<SoftmaxGradient>(), {y, g}, to_stream({}));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    run_rows("softmax_gradient", inputs, outputs[0], queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array &y = primals[0], &g = primals[1], &h = cotangents[0];
    const array along = sum(h * y, Axes{-1}, true);
    Arrays result;
    for (const int i : argnums)
      result.push_back(i == 0 ? h * (g - sum(g * y, Axes{-1}, true)) - g * along : y * (h - along));
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const array &y = primals[0], &g = primals[1];
    std::optional<array> total;
    for (size_t k = 0; k < argnums.size(); ++k) {
      const array& t = tangents[k];
      const array part = argnums[k] == 0
                             ? t * (g - sum(g * y, Axes{-1}, true)) - y * sum(g * t, Axes{-1}, true)
                             : y * (t - sum(t * y, Axes{-1}, true));
      total = total ? *total + part : part;
    }
    return {*total};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int size = batch_size(inputs, axes);
    return {{make(batch_first(inputs[0], axes[0], size), batch_first(inputs[1], axes[1], size))},
            {0}};
  }
};

class Softmax final : public OverLastAxis, public HasEnds {
 public:
  const char* name() const override { return "softmax"; }
  static array make(const array& x, const StreamOrDevice& s) {
    return array(x.shape(), x.dtype(), make_ref<Softmax>(), {x}, to_stream(s));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    take_over(inputs[0], outputs[0]);
    eval_between(inputs[0], {}, outputs[0], queue);
  }
  bool works_in_place() const override { return true; }
  bool eval_between(const Source& source, std::span<const array>, const Sink& sink,
                    Queue& queue) override {
    const Source x = source.row_major(queue);
    const int64_t columns = x.values().shape(-1), size = x.values().size(),
                  rows = size / std::max<int64_t>(columns, 1);
    if (size == 0) return sink.allocate(queue), true;
    RowLaunch shape(queue, rows, columns);
    Kernel* const kernel = kernel_between(x, sink, queue, "softmax", "softmax_rows",
                                          defines_of(x.values()), shape.group);
    if (!kernel) return false;
    sink.allocate_over(x, queue);
    Launch step(queue, *kernel);
    x.set(step);
    sink.set(step);
    shape.shape(step).moving(x.nbytes() + sink.nbytes()).with(rows, columns);
    return true;
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays& outputs) override {
    return {SoftmaxGradient::make(outputs[0], cotangents[0])};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    return {SoftmaxGradient::make(make(primals[0], {}), tangents[0])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{make(moveaxis(inputs[0], axes[0], 0), {})}, {0}};
  }
};

class LogSumExp final : public OverLastAxis {
 public:
  const char* name() const override { return "logsumexp"; }
  static array make(const array& x, const StreamOrDevice& s) {
    Shape shape = x.shape();
    shape.back() = 1;
    return array(shape, x.dtype(), make_ref<LogSumExp>(), {x}, to_stream(s));
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    shape.back() = 1;
    return {shape};
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    run_rows("logsumexp_rows", inputs, outputs[0], queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {cotangents[0] * Softmax::make(primals[0], {})};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    return {sum(tangents[0] * Softmax::make(primals[0], {}), Axes{-1}, true)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{make(moveaxis(inputs[0], axes[0], 0), {})}, {0}};
  }
};

/// Axes brought to the end and merged into one, and the way back.
struct AsRows {
  Axes order;     ///< kept axes, then the given ones
  bool in_place;  ///< the one axis is the last already
  Shape shape;    ///< after the transposition

  AsRows(const array& x, const Axes& axes) : in_place(axes.size() == 1 && axes[0] == x.ndim() - 1) {
    for (int i = 0; i < x.ndim(); ++i)
      if (!std::binary_search(axes.begin(), axes.end(), i)) order.push_back(i);
    order.insert(order.end(), axes.begin(), axes.end());
    for (const int i : order) shape.push_back(x.shape(i));
  }
  array rows(const array& x, const Axes& axes, const StreamOrDevice& s) const {
    if (in_place) return x;
    Shape merged(shape.begin(), shape.end() - axes.size());
    int64_t columns = 1;
    for (const int i : axes) columns *= x.shape(i);
    merged.push_back(dimension(columns, "softmax"));
    return reshape(transpose(x, order, s), merged, s);
  }
  array back(const array& y, const StreamOrDevice& s) const {
    if (in_place) return y;
    Axes inverse(order.size());
    for (size_t i = 0; i < order.size(); ++i) inverse[order[i]] = int(i);
    return transpose(reshape(y, shape, s), inverse, s);
  }
};

/// The last axis alone where those right before it have one element each and so add nothing.
Axes significant(const array& a, const Axes& axes) {
  const int count = int(axes.size()), first = a.ndim() - count;
  if (count < 2 || axes[0] != first || follows_shape(a)) return axes;
  for (int axis = first; axis + 1 < a.ndim(); ++axis)
    if (a.shape(axis) != 1) return axes;
  return {a.ndim() - 1};
}

int64_t extent(const array& a, const Axes& axes) {
  int64_t result = 1;
  for (const int i : axes) result *= a.shape(i);
  return result;
}

bool composes(const array& x, const Axes& axes) {
  const int64_t columns = extent(x, axes);
  return x.dtype().is_complex() || (columns > long_row && x.size() / columns < 8);
}

Arrays softmax_over(const Arrays& inputs, const Axes& axes) {
  return {softmax(inputs[0], axes)};
}
Arrays logsumexp_over(const Arrays& inputs, const Axes& axes, bool keepdims) {
  return {logsumexp(inputs[0], axes, keepdims)};
}

}  // namespace

array softmax(const array& a, const OptionalAxes& axis, bool, StreamOrDevice s) {
  if (a.ndim() == 0 && axis && !axis->empty())
    fail("softmax", "Received non-empty axes for array with 0 dimensions.");
  if (a.size() == 0) return a;  // MLX looks at no axes then
  const Axes axes =
      significant(a, axis ? normalize_axes(*axis, a.ndim(), "softmax") : all_axes(a.ndim()));
  const array x = astype(a, at_least_float(a.dtype()), s);
  if (axes.empty()) return astype(exp(subtract(x, x, s), s), a.dtype(), s);
  if (composes(x, axes)) {
    const array e = exp(subtract(x, max(x, axes, true, s), s), s);
    return divide(e, sum(e, axes, true, s), s);
  }
  const AsRows layout(x, axes);
  if (!layout.in_place && follows_shape(a)) return deferred<&softmax_over>({a}, s, axes);
  const array y = layout.back(Softmax::make(layout.rows(x, axes, s), s), s);
  // MLX gives whole numbers back where integers are not reduced over just the last axis, and
  // scripts see that.
  return layout.in_place ? y : astype(y, a.dtype(), s);
}

array logsumexp(const array& a, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) {
  if (a.size() == 0) fail("logsumexp", "Received empty array.");
  if (axis && !axis->empty() && a.ndim() == 0)
    fail("logsumexp", "Received non-empty axes for array with 0 dimensions.");
  const Axes axes = axis ? normalize_axes(*axis, a.ndim(), "logsumexp") : all_axes(a.ndim());
  const array x = astype(a, at_least_float(a.dtype()), s);
  if (axes.empty()) return x;
  if (!AsRows(a, axes).in_place && follows_shape(a))
    return deferred<&logsumexp_over>({a}, s, axes, keepdims);
  const auto without_axes = [&](const array& y) { return keepdims ? y : squeeze(y, axes, s); };
  Shape shape;
  for (int i = 0; i < a.ndim(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i))
      shape.push_back(a.shape(i));
    else if (keepdims)
      shape.push_back(1);
  }
  if (!a.dtype().is_inexact() && !AsRows(a, axes).in_place) {
    // MLX subtracts the maximum as an integer here, and unsigned differences wrap: scripts see
    // that.
    const array top = max(a, axes, true, s);
    const array total = log(sum(exp(subtract(a, top, s), s), axes, true, s), s);
    return without_axes(add(total, top, s));
  }
  if (composes(x, axes)) {
    const array top = stop_gradient(max(x, axes, true, s), s);
    const array safe = where(isfinite(top, s), top, array(0, x.dtype()), s);
    const array total = add(log(sum(exp(subtract(x, safe, s), s), axes, true, s), s), top, s);
    return without_axes(where(isinf(top, s), top, total, s));
  }
  const array y = LogSumExp::make(AsRows(x, axes).rows(x, axes, s), s);
  if (!AsRows(a, axes).in_place) return reshape(y, shape, s);
  return keepdims ? y : squeeze(y, Axes{-1}, s);
}

static const Registered<DeferredCall<&softmax_over>> softmax_over_class("SoftmaxOver", Axes{});
static const Registered<DeferredCall<&logsumexp_over>> logsumexp_over_class("LogSumExpOver", Axes{},
                                                                            false);
static const Registered<SoftmaxGradient> softmax_gradient_class("SoftmaxGradient");
static const Registered<Softmax> softmax_class("Softmax");
static const Registered<LogSumExp> log_sum_exp_class("LogSumExp");

}  // namespace mlx
