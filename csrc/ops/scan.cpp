// Scans: dtype rules, the primitive with its derivatives, and its launches.
#include "ops/scan.h"

#include <algorithm>

#include "base/error.h"
#include "graph/codegen.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/rows.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

enum class Scanning { sum, prod, max, min, logaddexp };

struct Row {
  const char* name;
  const char* operation;  ///< OP in kernels/scan.cl
};
const Row rows[] = {
    {"cumsum", "sum"}, {"cumprod", "product"}, {"cummax", "greatest"}, {"cummin", "least"}, {"logcumsumexp", "exponents"},
};

class Scan final : public Primitive {
 public:
  Scan(Scanning kind, int axis, bool reverse, bool inclusive)
      : kind_(kind), axis_(axis), reverse_(reverse), inclusive_(inclusive) {}
  const char* name() const override { return rows[int(kind_)].name; }
  void fields(Fields& f) override {
    f.field("kind", kind_);
    f.field("axis", axis_);
    f.field("reverse", reverse_);
    f.field("inclusive", inclusive_);
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override { return {inputs[0].shape()}; }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size() * (kind_ == Scanning::logaddexp ? 16 : 2));
  }
  static array make(Scanning kind, const array& x, int axis, bool reverse, bool inclusive, const StreamOrDevice& s) {
    return array(x.shape(), x.dtype(), make_ref<Scan>(kind, axis, reverse, inclusive), {x}, to_stream(s));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&, const Arrays& outputs) override;
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs, const std::vector<int>& axes) override {
    return {{make(kind_, moveaxis(inputs[0], axes[0], 0), axis_ + 1, reverse_, inclusive_, {})}, {0}};
  }
  void scan_rows(const array& x, const array& out, int64_t count, int64_t n, Queue& queue) const;

 private:
  Defines defines(Dtype dtype) const;
  array prod_vjp(const array& x, const array& y, const array& g) const;
  array extreme_vjp(const array& x, const array& y, const array& g) const;
  array exponents_vjp(const array& x, const array& y, const array& g) const;
  /// The sum of everything that an element flowed into.
  array backwards(const array& g) const { return make(Scanning::sum, g, axis_, !reverse_, inclusive_, {}); }

  Scanning kind_;
  int axis_;
  bool reverse_, inclusive_;
};

Defines Scan::defines(Dtype dtype) const {
  const bool adds = kind_ == Scanning::sum || kind_ == Scanning::prod || kind_ == Scanning::logaddexp;
  Defines result{{"T", dtype}, {"A", dtype.is_half() && adds ? float32 : dtype}, {"O", dtype},
                 {"OP", rows[int(kind_)].operation}};
  if (dtype.is_inexact()) result.emplace_back("IS_FLOAT", 1);
  if (dtype.is_complex()) result.emplace_back("IS_COMPLEX", 1);
  else result.emplace_back("VECTORS", 1);
  if (dtype == bool_) result.emplace_back("IS_LOGICAL", 1);
  return result;
}

void Scan::scan_rows(const array& x, const array& out, int64_t count, int64_t n, Queue& queue) const {
  const Capabilities& facts = queue.device().facts();
  RowLaunch shape(queue, count, n);
  int64_t blocks = 1;
  if (!queue.is_small() && n >= 64 * 1024) {
    const int64_t wanted = facts.is_cpu ? 4 * facts.compute_units : 8 * facts.compute_units;
    blocks = std::clamp<int64_t>((wanted + count - 1) / count, 1, n / (16 * 1024));
    shape = RowLaunch(queue, count * blocks, n / blocks);
  }
  const Defines plain = defines(x.dtype()), grouped = shape.with_group(plain);
  const Dtype accumulated = plain[1].value == "float32" ? float32 : x.dtype();
  const array totals = array::scratch({int32_t(count), int32_t(blocks)}, accumulated, queue);
  const auto run = [&](const char* kernel) {
    Launch step = launch(queue, "scan", kernel, grouped);
    shape.shape(step).moving(size_t(out.nbytes()));
    step.with(reads(x), writes(out), writes(totals), count, n, blocks, int32_t(reverse_), int32_t(!inclusive_));
  };
  if (blocks > 1) {
    run("block_totals");
    const size_t items = facts.is_cpu ? 1 : size_t(std::min<int64_t>(count, 4096));
    launch(queue, "scan", "scan_totals", plain).over(items).with(writes(totals), count, blocks);
  }
  run("scan_rows");
}

void Scan::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  array& out = outputs[0];
  out.allocate(queue);
  if (out.size() == 0) return;
  const array x = contiguous_copy(inputs[0], queue);
  int64_t outer = 1, inner = 1;
  const int64_t n = x.shape(axis_);
  for (int i = 0; i < axis_; ++i) outer *= x.shape(i);
  for (int i = axis_ + 1; i < x.ndim(); ++i) inner *= x.shape(i);
  if (inner == 1) return scan_rows(x, out, outer, n, queue);
  const Capabilities& facts = queue.device().facts();
  const int64_t units = facts.is_cpu ? outer * ((inner + 1023) / 1024) : outer * inner;
  launch(queue, "scan", "scan_columns", defines(x.dtype()))
      .over(work_items(queue, units, 1, 4096 * facts.compute_units))
      .moving(size_t(2 * out.nbytes()))
      .with(reads(x), writes(out), outer, n, inner, int32_t(reverse_), int32_t(!inclusive_));
}

Arrays Scan::vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&, const Arrays& outputs) {
  const array &x = primals[0], &y = outputs[0], &g = cotangents[0];
  switch (kind_) {
    case Scanning::sum: return {backwards(g)};
    case Scanning::prod: return {prod_vjp(x, y, g)};
    case Scanning::max:
    case Scanning::min: return {extreme_vjp(x, y, g)};
    default: return {exponents_vjp(x, y, g)};
  }
}

/// Up to the first zero everything may be divided by x; at it, the zero is left out; beyond it all products are 0.
array Scan::prod_vjp(const array& x, const array& y, const array& g) const {
  const array one(1, x.dtype()), none(0, x.dtype());
  const array is_zero = equal(x, none);
  const array zeros_met = make(Scanning::sum, astype(is_zero, int32), axis_, reverse_, true, {});
  const array first = logical_and(is_zero, equal(zeros_met, array(1, int32)));
  const array without = make(Scanning::prod, where(first, one, x), axis_, reverse_, inclusive_, {});
  const array before = backwards(g * y) / where(is_zero, one, x);
  return where(equal(zeros_met, array(0, int32)), before, where(first, backwards(g * without), none));
}

/// Each result's cotangent goes to the latest element that equals the extreme.
array Scan::extreme_vjp(const array& x, const array& y, const array& g) const {
  const array extremes = inclusive_ ? y : make(kind_, x, axis_, reverse_, true, {});
  Shape along(size_t(x.ndim()), 1);
  const int32_t n = along[axis_] = x.shape(axis_);
  const array number = reshape(arange(0, 1, n, int32), along);
  const array nowhere(reverse_ ? n : -1, int32);
  const array source = make(reverse_ ? Scanning::min : Scanning::max, where(equal(x, extremes), number, nowhere), axis_,
                            reverse_, inclusive_, {});
  const array has_source = logical_and(greater_equal(source, array(0, int32)), less(source, array(n, int32)));
  return scatter_add_axis(zeros_like(x), stop_gradient(where(has_source, source, array(0, int32))),
                          where(has_source, g, array(0, g.dtype())), axis_);
}

/// The part of `g` above 0 (or below, negated) in logarithms, with an addition that cancels between the two parts: without
/// it the derivatives at 0 would be 0 times infinity.
array log_part(const array& g, bool above) {
  const array least(g.dtype() == float16 ? 1e-7 : 1e-20, g.dtype());
  return log(maximum(above ? g : negative(g), array(0, g.dtype())) + least);
}

/// exp(x) * backwards(g * exp(-y)) without overflow: positive and negative cotangents apart, in logarithms.
array Scan::exponents_vjp(const array& x, const array& y, const array& g) const {
  const auto part = [&](bool above) {
    return exp(make(Scanning::logaddexp, log_part(g, above) - y, axis_, !reverse_, inclusive_, {}) + x);
  };
  return part(true) - part(false);
}

Arrays Scan::jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) {
  if (kind_ == Scanning::sum) return {make(kind_, tangents[0], axis_, reverse_, inclusive_, {})};
  if (kind_ == Scanning::logaddexp) {
    // The running mean of the tangents, weighted by exp(x).
    const array& x = primals[0];
    const array y = make(kind_, x, axis_, reverse_, inclusive_, {});
    const auto part = [&](bool above) {
      return exp(make(Scanning::logaddexp, log_part(tangents[0], above) + x, axis_, reverse_, inclusive_, {}) - y);
    };
    return {part(true) - part(false)};
  }
  throw std::runtime_error("JVP is not implemented for cumulative prod/min/max");
}

array scan(Scanning kind, const array& a, std::optional<int> axis, bool reverse, bool inclusive,
           std::optional<Dtype> dtype, const StreamOrDevice& s) {
  const bool sums = kind == Scanning::sum || kind == Scanning::prod;
  array x = axis ? a : sums ? flatten(a, 0, -1, s) : reshape(a, {-1}, s);
  const int along = normalize_axis(axis.value_or(0), x.ndim(), rows[int(kind)].name);
  if (kind == Scanning::sum && x.dtype() == bool_) x = astype(x, int32, s);
  if (dtype) x = astype(x, *dtype, s);
  if (x.size() == 0) return x;
  // In whole numbers log(1 + exp(-d)) is 0, so that the larger one remains.
  if (kind == Scanning::logaddexp && !x.dtype().is_inexact()) kind = Scanning::max;
  // A long axis with few neighbours is scanned as rows.
  int64_t inner = 1;
  for (int i = along + 1; i < x.ndim(); ++i) inner *= x.shape(i);
  const bool turned = inner > 1 && inner < 16 && x.shape(along) >= 512;
  if (turned) x = moveaxis(x, along, -1, s);
  const array y = Scan::make(kind, x, turned ? x.ndim() - 1 : along, reverse, inclusive, s);
  return turned ? moveaxis(y, -1, along, s) : y;
}

}  // namespace

void sums_before(const array& x, const array& out, Queue& queue) {
  const int64_t n = x.shape(-1);
  Scan(Scanning::sum, x.ndim() - 1, false, false).scan_rows(x, out, x.size() / n, n, queue);
}

array cumsum(const array& a, std::optional<int> axis, bool reverse, bool inclusive, std::optional<Dtype> dtype,
             StreamOrDevice s) {
  return scan(Scanning::sum, a, axis, reverse, inclusive, dtype, s);
}

array cumprod(const array& a, std::optional<int> axis, bool reverse, bool inclusive, std::optional<Dtype> dtype,
              StreamOrDevice s) {
  return scan(Scanning::prod, a, axis, reverse, inclusive, dtype, s);
}

array cummax(const array& a, std::optional<int> axis, bool reverse, bool inclusive, StreamOrDevice s) {
  return scan(Scanning::max, a, axis, reverse, inclusive, {}, s);
}

array cummin(const array& a, std::optional<int> axis, bool reverse, bool inclusive, StreamOrDevice s) {
  return scan(Scanning::min, a, axis, reverse, inclusive, {}, s);
}

array logcumsumexp(const array& a, std::optional<int> axis, bool reverse, bool inclusive, StreamOrDevice s) {
  return scan(Scanning::logaddexp, a, axis, reverse, inclusive, {}, s);
}

array diff(const array& a, int n, int axis, StreamOrDevice s) {
  if (n < 0) fail("diff", "Order `n` must be non-negative.");
  if (axis < -a.ndim() || axis >= a.ndim()) fail("diff", "Axis is out of bounds for the array.");
  const int along = axis < 0 ? axis + a.ndim() : axis;
  array x = a;
  for (; n > 0 && x.shape(along) > 0; --n) {
    Shape first(size_t(x.ndim()), 0), second = first, high = x.shape(), low = high;
    second[along] = 1;
    low[along] -= 1;
    const array left = slice(x, first, low, s), right = slice(x, second, high, s);
    x = a.dtype() == bool_ ? not_equal(right, left, s) : subtract(right, left, s);
  }
  return x;
}

static const Registered<Scan> scan_class("Scan", Scanning{}, 0, false, true);

}  // namespace mlx
