// Reductions: dtype and shape rules, the primitive with its derivatives, and its launches.
#include "ops/reduce.h"

#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/ends.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/rearrange.h"
#include "ops/reduce_plan.h"
#include "ops/scan.h"
#include "ops/shape.h"
#include "ops/variance.h"

namespace mlx {
namespace {

Dtype same(Dtype d) {
  return d;
}
Dtype boolean(Dtype) {
  return bool_;
}
/// Sums and products of small integers are 32 bits wide.
Dtype widened(Dtype d) {
  if (d.is_inexact() || d.size() >= 4) return d;
  return d.kind() == Kind::unsigned_integer ? uint32 : int32;
}
Dtype in_float(Dtype d) {
  return d.is_half() ? float32 : widened(d);
}
Dtype always_float(Dtype d) {
  return d.is_half() ? float32 : at_least_float(d);
}

enum class Reduction { sum, mean, prod, min, max, all, any };
Names names_of(Reduction) {
  static constexpr const char* names[] = {"sum", "mean", "prod", "min", "max", "all", "any"};
  return names;
}

struct Row {
  const char* name;
  const char* operation;  ///< OP in kernels/reduce.cl
  Dtype (*result)(Dtype);
  Dtype (*accumulated)(Dtype);
};
const Row rows[] = {
    {"sum", "sum", widened, in_float},      {"mean", "sum", at_least_float, always_float},
    {"prod", "product", widened, in_float}, {"min", "least", same, same},
    {"max", "greatest", same, same},        {"all", "every", boolean, boolean},
    {"any", "some", boolean, boolean},
};

Shape reduced_shape(const Shape& shape, const Axes& axes, bool keepdims) {
  Shape result;
  for (int i = 0; i < int(shape.size()); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i))
      result.push_back(shape[i]);
    else if (keepdims)
      result.push_back(1);
  }
  return result;
}

/// How many rows of a dense matrix to see as one when reducing narrow columns; 1 when that does not
/// pay.
int64_t rows_to_fold(const ReducePlan& plan) {
  if (!plan.by_columns || plan.results != plan.columns || plan.reduced_rank ||
      plan.stride != plan.columns || plan.columns > 64 || plan.total * plan.columns < 32 * 1024)
    return 1;
  for (int64_t fold = 512 / plan.columns; fold > 1; --fold)
    if (plan.total % fold == 0) return fold;
  return 1;
}

class Reduce final : public Primitive, public HasEnds {
 public:
  Reduce(Reduction kind, Axes axes, bool keepdims)
      : kind_(kind), axes_(std::move(axes)), keepdims_(keepdims) {}
  const char* name() const override { return row().name; }
  void fields(Fields& f) override {
    f.field("kind", kind_);
    f.field("axes", axes_);
    f.field("keepdims", keepdims_);
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {reduced_shape(inputs[0].shape(), axes_, keepdims_)};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size());
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    eval_between(inputs[0], {}, outputs[0], queue);
  }
  bool eval_between(const Source& source, std::span<const array>, const Sink& sink,
                    Queue& queue) override {
    const array& x = source.values();
    int64_t count = 1;
    for (const int axis : axes_) count *= x.shape(axis);
    return run(source, axes_, sink, row().accumulated(x.dtype()), count, queue);
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays& outputs) override {
    const array& x = primals[0];
    const array g = spread(cotangents[0]);
    switch (kind_) {
      case Reduction::sum:
        return {astype(broadcast_to(g, x.shape()), x.dtype())};
      case Reduction::mean:
        return {astype(broadcast_to(g * array(1.0 / count(x), g.dtype()), x.shape()), x.dtype())};
      case Reduction::min:
      case Reduction::max:
        return {shared(x, spread(outputs[0]), g)};
      case Reduction::prod:
        return {g * conjugate(others_product(x))};
      default:
        return {zeros_like(x)};
    }
  }

  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    const array& x = primals[0];
    switch (kind_) {
      case Reduction::sum:
        return {sum(tangents[0], axes_, keepdims_)};
      case Reduction::mean:
        return {mean(tangents[0], axes_, keepdims_)};
      case Reduction::min:
      case Reduction::max:
        return {extreme_tangent(x, tangents[0])};
      case Reduction::prod:
        return {sum(tangents[0] * others_product(x), axes_, keepdims_)};
      default:
        return {zeros(output_shapes(primals)[0], bool_)};
    }
  }

  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;

  /// Reduces `source` into `sink`; `last` says that nothing follows, so that a mean is divided.
  /// False as for eval_between().
  bool run(const Source& source, const Axes& axes, const Sink& sink, Dtype accumulated,
           int64_t count, Queue& queue, bool last = true) const;

 private:
  const Row& row() const { return rows[int(kind_)]; }
  double count(const array& x) const {
    double result = 1;
    for (const int axis : axes_) result *= x.shape(axis);
    return result;
  }
  /// A result with the reduced axes put back as size 1.
  array spread(const array& y) const { return keepdims_ ? y : expand_dims(y, axes_); }
  /// At each entry the product of all others that it is multiplied with: zeros do no harm.
  array others_product(const array& x) const {
    Axes order;
    Shape kept;
    for (int i = 0; i < x.ndim(); ++i)
      if (!std::binary_search(axes_.begin(), axes_.end(), i))
        order.push_back(i), kept.push_back(x.shape(i));
    order.insert(order.end(), axes_.begin(), axes_.end());
    kept.push_back(int32_t(count(x)));
    const array turned = transpose(x, order), flat = reshape(turned, kept);
    const array others = cumprod(flat, -1, false, false) * cumprod(flat, -1, true, false);
    Axes back(order.size());
    for (size_t i = 0; i < order.size(); ++i) back[order[i]] = int(i);
    return transpose(reshape(others, turned.shape()), back);
  }
  /// The tangent at the first extreme of an axis; shared among those of several axes.
  array extreme_tangent(const array& x, const array& tangent) const {
    const bool least = kind_ == Reduction::min;
    if (axes_.size() != 1)
      return sum(share(x, least ? min(x, axes_, true) : max(x, axes_, true)) * tangent, axes_,
                 keepdims_);
    const array at = stop_gradient(least ? argmin(x, axes_[0], true) : argmax(x, axes_[0], true));
    const array first = take_along_axis(tangent, at, axes_[0]);
    return keepdims_ ? first : squeeze(first, axes_);
  }
  /// Times g: 1 / n at the n entries equal to the extreme, 0 elsewhere. g is divided before it is
  /// spread over x, which is read as truth values only.
  array shared(const array& x, const array& extreme, const array& g) const {
    const array ties = equal(x, extreme), n = astype(sum(ties, axes_, true), x.dtype());
    return where(ties, reciprocal(n) * g, array(0, x.dtype()) / n * g);
  }
  /// 1 / n at the n entries equal to the extreme, 0 elsewhere.
  array share(const array& x, const array& extreme) const {
    return shared(x, extreme, array(1, x.dtype()));
  }
  Reduction kind_;
  Axes axes_;
  bool keepdims_;
};

bool Reduce::run(const Source& source, const Axes& axes, const Sink& sink, Dtype accumulated,
                 int64_t count, Queue& queue, bool last) const {
  const array& x = source.values();
  ReducePlan plan = plan_reduce(x, axes, false, queue);
  if (!plan.fits && source.is_computed()) return false;
  if (!plan.fits)
    return run(contiguous_copy(x, queue), axes, sink, accumulated, count, queue, last);
  if (plan.results == 0) return sink.allocate(queue), true;
  const int64_t fold = rows_to_fold(plan);
  const bool cut = plan.parts > 1;
  if (sink.is_computed() && (fold > 1 || cut))
    return then_finish(sink, queue, [&](const Sink& values) {
      return run(source, axes, values, accumulated, count, queue, last);
    });
  if (fold > 1) {
    // Few columns: several rows side by side make wide ones.
    const Source wide = source.seen_as({int32_t(plan.total / fold), int32_t(fold * plan.columns)});
    const array sums = array::scratch({int32_t(fold), int32_t(plan.columns)}, accumulated, queue);
    if (!run(wide, {0}, sums, accumulated, count, queue, false)) return false;
    return run(sums, {0}, sink, accumulated, count, queue);
  }
  // Sums, products and truth values of integers have the same bits without signs.
  const bool signless = !source.is_computed() && !sink.is_computed() && kind_ != Reduction::min &&
                        kind_ != Reduction::max;
  const auto bits = [&](Dtype dtype) { return signless ? without_sign(dtype) : dtype; };
  const bool widens = accumulated != bool_ && accumulated != x.dtype();
  const Dtype result = cut ? accumulated : sink.values().dtype();
  Defines defines{{"T", widens ? x.dtype() : bits(x.dtype())},
                  {"A", bits(accumulated)},
                  {"O", bits(result)},
                  {"OP", row().operation}};
  if (x.dtype().is_complex()) defines.emplace_back("IS_COMPLEX", 1);
  if (accumulated == bool_) defines.emplace_back("IS_LOGICAL", 1);
  const Sink to =
      cut ? array::scratch({int32_t(plan.parts), int32_t(plan.results)}, accumulated, queue) : sink;
  const char* const name = plan.by_rows ? "reduce_rows" : "reduce_columns";
  Kernel* const kernel = kernel_between(source, to, queue, "reduce", name, defines, plan.group);
  if (!kernel) return false;
  to.allocate(queue);
  Launch step(queue, *kernel);
  step.moving(source.nbytes() + to.nbytes());
  source.set(step);
  to.set(step);
  set_walk(step, plan);
  step.set(kind_ == Reduction::mean && last && !cut ? count : int64_t(1));
  if (!plan.by_rows) step.set(plan.columns);
  step.enqueue();
  return !cut || run(to.values(), {0}, sink, accumulated, count, queue, last);
}

std::pair<Arrays, std::vector<int>> Reduce::vmap(const Arrays& inputs,
                                                 const std::vector<int>& axes) {
  const int batch = axes[0];
  Axes shifted = axes_;
  int before = 0;
  for (int& axis : shifted) axis < batch ? ++before : ++axis;
  const array& x = inputs[0];
  const array y(reduced_shape(x.shape(), shifted, keepdims_), row().result(x.dtype()),
                make_ref<Reduce>(kind_, shifted, keepdims_), {x}, to_stream({}));
  return {{y}, {keepdims_ ? batch : batch - before}};
}

array reduce(Reduction kind, const array& a, const OptionalAxes& axis, bool keepdims,
             const StreamOrDevice& s) {
  const Row& row = rows[int(kind)];
  Axes axes = axis ? normalize_axes(*axis, a.ndim(), row.name) : all_axes(a.ndim());
  if (axes.empty()) {
    const bool converts =
        kind == Reduction::mean || kind == Reduction::all || kind == Reduction::any;
    return converts ? astype(a, row.result(a.dtype()), s) : a;
  }
  Shape shape = reduced_shape(a.shape(), axes, keepdims);
  if (kind == Reduction::min || kind == Reduction::max)
    for (const int i : axes)
      if (a.shape(i) == 0)
        fail(row.name, "Cannot ", row.name, " reduce over axis ", i, " with size 0.");
  return array(std::move(shape), row.result(a.dtype()),
               make_ref<Reduce>(kind, std::move(axes), keepdims), {a}, to_stream(s));
}

}  // namespace

void sum_rows_into(const array& x, const array& out, Queue& queue) {
  Reduce(Reduction::sum, {0}, false).run(x, {0}, out, x.dtype(), 1, queue);
}

#define REDUCTION(name)                                                                   \
  array name(const array& a, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) { \
    return reduce(Reduction::name, a, axis, keepdims, s);                                 \
  }
REDUCTION(sum)
REDUCTION(prod)
REDUCTION(min)
REDUCTION(max)
REDUCTION(all)
REDUCTION(any)
#undef REDUCTION

array mean(const array& a, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) {
  return reduce(Reduction::mean, a, axis, keepdims, s);
}

namespace {
Arrays divided_variance(const Arrays& inputs, const Axes& axes, bool keepdims, int ddof) {
  return {var(inputs[0], axes, keepdims, ddof)};
}
}  // namespace

array var(const array& a, const OptionalAxes& axis, bool keepdims, int ddof, StreamOrDevice s) {
  const Axes axes = axis ? normalize_axes(*axis, a.ndim(), "var") : all_axes(a.ndim());
  // Recordings keep the operations, which fuse with others and have names in files.
  const bool neighbours = !axes.empty() && axes.back() - axes.front() + 1 == int(axes.size());
  if (neighbours && !a.dtype().is_complex() && !Tracing::recording())
    return variance(astype(a, at_least_float(a.dtype()), s), axes.front(), axes.back(), keepdims,
                    ddof, s);
  double count = 1;
  for (const int i : axes) count *= a.shape(i);
  const array deviation = subtract(a, mean(a, axes, true, s), s);
  const array squares = square(a.dtype().is_complex() ? abs(deviation, s) : deviation, s);
  if (ddof == 0) return mean(squares, axes, keepdims, s);
  if (follows_shape(a)) return deferred<&divided_variance>({a}, s, axes, keepdims, ddof);
  const array divisor(std::max(count - ddof, 0.0), squares.dtype());
  return divide(sum(squares, axes, keepdims, s), divisor, s);
}

array std(const array& a, const OptionalAxes& axis, bool keepdims, int ddof, StreamOrDevice s) {
  return sqrt(var(a, axis, keepdims, ddof, s), s);
}

std::pair<array, array> minmax(const array& a, const OptionalAxes& axis, bool keepdims,
                               StreamOrDevice s) {
  return {min(a, axis, keepdims, s), max(a, axis, keepdims, s)};
}

array count_nonzero(const array& a, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) {
  return astype(sum(not_equal(a, array(0, a.dtype()), s), axis, keepdims, s), int32, s);
}

array trace(const array& a, int offset, int axis1, int axis2, std::optional<Dtype> dtype,
            StreamOrDevice s) {
  if (a.ndim() < 2)
    fail("trace", "Array must have at least two dimensions, but got ", a.ndim(), " dimensions.");
  const int first = normalize_axis(axis1, a.ndim(), "trace");
  const int second = normalize_axis(axis2, a.ndim(), "trace");
  if (first == second) fail("trace", "axis1 and axis2 cannot be the same axis.");
  const array entries = diagonal(a, offset, first, second, s);
  return sum(dtype ? astype(entries, *dtype, s) : entries, Axes{-1}, false, s);
}

static const Registered<DeferredCall<&divided_variance>> variance_class("Variance", Axes{}, false,
                                                                        0);
static const Registered<Reduce> reduce_class("Reduce", Reduction::sum, Axes{}, false);

}  // namespace mlx
