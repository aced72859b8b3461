// Scans: dtype rules, the primitive with its derivatives, and its launches.
#include "ops/scan.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "graph/codegen.h"
#include "graph/copy.h"
#include "graph/ends.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/around_axes.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/recurrence.h"
#include "ops/reduce_plan.h"
#include "ops/rows.h"
#include "ops/scatter.h"
#include "ops/shape.h"

namespace mlx {
namespace {

enum class Scanning { sum, prod, max, min, logaddexp };
Names names_of(Scanning) {
  static constexpr const char* names[] = {"sum", "prod", "max", "min", "logaddexp"};
  return names;
}

struct Row {
  const char* name;
  const char* operation;  ///< OP in kernels/scan.cl
};
const Row rows[] = {
    {"cumsum", "sum"},   {"cumprod", "product"},        {"cummax", "greatest"},
    {"cummin", "least"}, {"logcumsumexp", "exponents"},
};

class Scan final : public Primitive, public HasEnds {
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
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size() * (kind_ == Scanning::logaddexp ? 16 : 2));
  }
  static array make(Scanning kind, const array& x, int axis, bool reverse, bool inclusive,
                    const StreamOrDevice& s) {
    return array(x.shape(), x.dtype(), make_ref<Scan>(kind, axis, reverse, inclusive), {x},
                 to_stream(s));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    eval_between(inputs[0], {}, outputs[0], queue);
  }
  bool works_in_place() const override { return true; }
  bool eval_between(const Source& source, std::span<const array> others, const Sink& sink,
                    Queue& queue) override;
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays& outputs) override;
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{make(kind_, moveaxis(inputs[0], axes[0], 0), axis_ + 1, reverse_, inclusive_, {})},
            {0}};
  }
  /// Scans `count` rows of n. False as for eval_between().
  bool scan_rows(const Source& x, const Sink& out, int64_t count, int64_t n, Queue& queue) const;

 private:
  Defines defines(const Source& x) const;
  array scanned(const array& x, bool inclusive) const {
    return make(kind_, x, axis_, reverse_, inclusive, {});
  }
  array flow(const array& factors, const array& terms, bool backwards) const;
  std::pair<array, array> weights(const array& x) const;
  array source_of(const array& x) const;
  int32_t no_source() const { return reverse_ ? std::numeric_limits<int32_t>::max() : -1; }
  array found(const array& source) const {
    return reverse_ ? less(source, array(no_source(), int32))
                    : greater(source, array(no_source(), int32));
  }

  Scanning kind_;
  int axis_;
  bool reverse_, inclusive_;
};

Defines Scan::defines(const Source& x) const {
  Dtype dtype = x.values().dtype();
  // Sums and products of integers have the same bits without signs.
  if (!x.is_computed() && (kind_ == Scanning::sum || kind_ == Scanning::prod) && dtype != bool_)
    dtype = without_sign(dtype);
  const bool adds =
      kind_ == Scanning::sum || kind_ == Scanning::prod || kind_ == Scanning::logaddexp;
  Defines result{{"T", dtype},
                 {"A", dtype.is_half() && adds ? float32 : dtype},
                 {"O", dtype},
                 {"OP", rows[int(kind_)].operation}};
  if (dtype.is_inexact()) result.emplace_back("IS_FLOAT", 1);
  if (dtype.is_complex())
    result.emplace_back("IS_COMPLEX", 1);
  else
    result.emplace_back("VECTORS", 1);
  if (dtype == bool_) result.emplace_back("IS_LOGICAL", 1);
  return result;
}

bool Scan::scan_rows(const Source& x, const Sink& out, int64_t count, int64_t n,
                     Queue& queue) const {
  const Capabilities& facts = queue.device().facts();
  RowLaunch shape(queue, count, n);
  int64_t blocks = 1;
  if (!queue.is_small() && n >= 64 * 1024) {
    const int64_t wanted = most_items(queue, Work::scan_blocks);
    blocks = std::clamp<int64_t>((wanted + count - 1) / count, 1,
                                 n / work_size(queue.device(), Work::scan_blocks).grain);
    shape = RowLaunch(queue, count * blocks, n / blocks);
  }
  if (blocks > 1 && x.is_computed() && !facts.is_cpu) return false;  // it would be computed twice
  const Dtype dtype = x.values().dtype();
  const Defines plain = defines(x);
  const Dtype accumulated = plain[1].value == "float32" ? float32 : dtype;
  const auto kernel = [&](const Source& from, const char* name) {
    return kernel_between(from, out, queue, "scan", name, plain, shape.group);
  };
  Kernel* const first = kernel(x, blocks > 1 ? "block_totals" : "scan_rows");
  if (!first) return false;
  out.allocate_over(x, queue);
  const array totals = array::scratch({int32_t(count), int32_t(blocks)}, accumulated, queue);
  const auto run = [&](Kernel& kernel, const Source& from) {
    Launch step(queue, kernel);
    from.set(step);
    out.set(step);
    shape.shape(step).moving(out.nbytes());
    step.with(writes(totals), count, n, blocks, int32_t(reverse_), int32_t(!inclusive_));
  };
  run(*first, x);
  if (blocks == 1) return true;
  const size_t items = facts.is_cpu ? 1 : size_t(std::min<int64_t>(count, 4096));
  launch(queue, "scan", "scan_totals", plain).over(items).with(writes(totals), count, blocks);
  // Loops have left what they computed to read where the results come.
  const Source seen = x.is_computed() ? Source(out.written()) : x;
  run(*kernel(seen, "scan_rows"), seen);
  return true;
}

bool Scan::eval_between(const Source& source, std::span<const array> others, const Sink& sink,
                        Queue& queue) {
  if (sink.is_computed())
    return then_finish(sink, queue, [&](const Sink& values) {
      return eval_between(source, others, values, queue);
    });
  if (source.values().size() == 0) return sink.allocate(queue), true;
  const Source x = source.row_major(queue);
  const auto [outer, n, inner] = AroundAxes(x.values().shape(), axis_, axis_);
  if (inner == 1) return scan_rows(x, sink, outer, n, queue);
  Kernel* const kernel = kernel_between(x, sink, queue, "scan", "scan_columns", defines(x));
  if (!kernel) return false;
  sink.allocate_over(x, queue);
  const bool is_cpu = queue.device().facts().is_cpu;
  const int64_t units = is_cpu ? outer * ((inner + 1023) / 1024) : outer * inner;
  Launch step(queue, *kernel);
  step.over(work_items(queue, Work::scan_columns, units)).moving(x.nbytes() + sink.nbytes());
  x.set(step);
  sink.set(step);
  step.with(outer, n, inner, int32_t(reverse_), int32_t(!inclusive_));
  return true;
}

Arrays Scan::vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
                 const Arrays& outputs) {
  const array &x = primals[0], &g = cotangents[0];
  switch (kind_) {
    case Scanning::sum:
      return {make(Scanning::sum, g, axis_, !reverse_, inclusive_, {})};
    case Scanning::prod:
      return {flow(conjugate(x), g, true) * conjugate(inclusive_ ? scanned(x, false) : outputs[0])};
    case Scanning::logaddexp: {
      const auto [kept, taken] = weights(x);
      return {flow(conjugate(kept), g, true) * conjugate(taken)};
    }
    default: {
      const array source = source_of(x), has_source = found(source);
      return {scatter_add_axis(zeros_like(x), where(has_source, source, zeros_like(source)),
                               where(has_source, g, zeros_like(g)), axis_)};
    }
  }
}

Arrays Scan::jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) {
  const array &x = primals[0], &t = tangents[0];
  switch (kind_) {
    case Scanning::sum:
      return {scanned(t, inclusive_)};
    case Scanning::prod:
      return {flow(x, t * scanned(x, false), false)};
    case Scanning::logaddexp: {
      const auto [kept, taken] = weights(x);
      return {flow(kept, t * taken, false)};
    }
    default: {
      const array source = source_of(x), has_source = found(source);
      return {where(has_source,
                    take_along_axis(t, where(has_source, source, zeros_like(source)), axis_),
                    zeros_like(t))};
    }
  }
}

/// Terms that flow from element to element, scaled by the factor of each step: along the scan from
/// one element to the next, or backwards from a result to all that it was made of.
array Scan::flow(const array& factors, const array& terms, bool backwards) const {
  const RecurrenceMode mode = !inclusive_ ? RecurrenceMode::exclusive
                              : backwards ? RecurrenceMode::factor_before
                                          : RecurrenceMode::inclusive;
  return recurrence(factors, terms, axis_, backwards != reverse_, mode);
}

/// For a log-sum-exp: the share of each sum that was there before its last element, and the share
/// of that element.
std::pair<array, array> Scan::weights(const array& x) const {
  const array total = scanned(x, true), size = real(total), none = array(0, x.dtype());
  const array is_zero = equal(size, array(-INFINITY, size.dtype()));  // a sum of nothing so far
  const auto share = [&](const array& part) {
    return where(is_zero, none, exp(where(is_zero, none, part - total)));
  };
  return {share(scanned(x, false)), share(x)};
}

/// Which element each extreme is: the latest of equal ones; out of range where there is none.
array Scan::source_of(const array& x) const {
  const array number = make(Scanning::sum, ones_like(x, int32), axis_, false, false, {}),
              nowhere(no_source(), int32);
  const array extremes = scanned(x, true);
  return stop_gradient(make(reverse_ ? Scanning::min : Scanning::max,
                            where(equal(x, extremes), number, nowhere), axis_, reverse_, inclusive_,
                            {}));
}

array scan(Scanning kind, const array& a, std::optional<int> axis, bool reverse, bool inclusive,
           std::optional<Dtype> dtype, const StreamOrDevice& s) {
  const bool sums = kind == Scanning::sum || kind == Scanning::prod;
  array x = axis ? a : sums ? flatten(a, 0, -1, s) : reshape(a, {-1}, s);
  const int along = normalize_axis(axis.value_or(0), x.ndim(), rows[int(kind)].name);
  if (kind == Scanning::sum && x.dtype() == bool_) x = astype(x, int32, s);
  if (kind == Scanning::logaddexp) x = astype(x, at_least_float(x.dtype()), s);
  if (dtype) x = astype(x, *dtype, s);
  if (x.size() == 0) return x;
  // A long axis with few neighbours is scanned as rows.
  const int64_t inner = AroundAxes(x.shape(), along, along).inner;
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

array cumsum(const array& a, std::optional<int> axis, bool reverse, bool inclusive,
             std::optional<Dtype> dtype, StreamOrDevice s) {
  return scan(Scanning::sum, a, axis, reverse, inclusive, dtype, s);
}

array cumprod(const array& a, std::optional<int> axis, bool reverse, bool inclusive,
              std::optional<Dtype> dtype, StreamOrDevice s) {
  return scan(Scanning::prod, a, axis, reverse, inclusive, dtype, s);
}

array cummax(const array& a, std::optional<int> axis, bool reverse, bool inclusive,
             StreamOrDevice s) {
  return scan(Scanning::max, a, axis, reverse, inclusive, {}, s);
}

array cummin(const array& a, std::optional<int> axis, bool reverse, bool inclusive,
             StreamOrDevice s) {
  return scan(Scanning::min, a, axis, reverse, inclusive, {}, s);
}

array logcumsumexp(const array& a, std::optional<int> axis, bool reverse, bool inclusive,
                   StreamOrDevice s) {
  return scan(Scanning::logaddexp, a, axis, reverse, inclusive, {}, s);
}

array diff(const array& a, int n, int axis, StreamOrDevice s) {
  if (n < 0) fail("diff", "Order `n` must be non-negative.");
  if (axis < -a.ndim() || axis >= a.ndim())
    fail<std::out_of_range>("diff", "Axis is out of bounds for the array.");
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
