// Sorting and searching: checks, primitives, derivatives, and the launches of kernels/sort.cl.
#include "ops/sort.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/reduce.h"
#include "ops/rows.h"
#include "ops/scan.h"
#include "ops/scatter.h"
#include "ops/shape.h"
#include "ops/sort_keys.h"

namespace mlx {
namespace {

// Rows up to this length stay with one work-item as long as there are enough of them to share out,
// and enough of those that are not short for the scratch space, a row a work-item, to be a small
// part of the whole.
constexpr int64_t long_row = 64 * 1024, short_row = 4096, many_rows = 64, insertion_row = 64;

Defines defines_of(Dtype dtype, bool positions, int bits) {
  Defines result = sort_key_defines(dtype);
  result.emplace_back("BITS", bits);
  if (positions) result.emplace_back("ARG", 1);
  return result;
}

/// Memory for a kernel's own use.
array scratch(int64_t count, Dtype dtype, Queue& queue) {
  return array::scratch({dimension(count, "sort")}, dtype, queue);
}

constexpr int whole = -1;

/// Sorts the last axis, or just so far that element `kth` is in its place; gives positions instead
/// of values if asked.
class Sort final : public Primitive {
 public:
  Sort(bool positions, int kth) : positions_(positions), kth_(kth) {}
  const char* name() const override {
    return kth_ == whole ? (positions_ ? "argsort" : "sort")
           : positions_  ? "argpartition"
                         : "partition";
  }
  void fields(Fields& f) override {
    f.field("positions", positions_);
    f.field("kth", kth_);
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(16 * inputs[0].size());
  }
  /// Where the results come from, a constant to gradients of gradients.
  array order_of(const array& x) const { return stop_gradient(make(x, true, kth_, {})); }
  static array make(const array& x, bool positions, int kth, const StreamOrDevice& s) {
    return array(x.shape(), positions ? uint32 : x.dtype(), make_ref<Sort>(positions, kth), {x},
                 to_stream(s));
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    if (out.size() == 0) return out.allocate(queue);
    const bool dying = inputs[0].is_donatable();
    const array x = contiguous_copy(inputs[0], queue);
    const int64_t n = x.shape(-1), rows = x.size() / n;
    const Capabilities& facts = queue.device().facts();
    const bool shared_out =
        rows >= facts.compute_units && (n <= short_row || (n <= long_row && rows >= many_rows));
    if (n <= insertion_row ||
        (facts.is_cpu && (queue.is_small() || shared_out || x.size() <= 4096))) {
      const bool own = dying || !x.same(inputs[0]);
      if (own && x.is_row_contiguous() && out.itemsize() == x.itemsize())
        out.share(x, x.strides(), x.offset());
      else
        out.allocate(queue);
      sort_rows(x, out, rows, n, queue);
    } else {
      out.allocate(queue);
      sort_by_digits(x, out, rows, n, queue);
    }
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    const array& x = primals[0];
    if (positions_) return {zeros_like(x)};
    return {scatter_add_axis(zeros_like(x), order_of(x), cotangents[0], x.ndim() - 1)};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    const array& x = primals[0];
    if (positions_) return {kth_ == whole ? zeros_like(x, uint32) : zeros_like(tangents[0])};
    return {take_along_axis(tangents[0], order_of(x), x.ndim() - 1)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{make(moveaxis(inputs[0], axes[0], 0), positions_, kth_, {})}, {0}};
  }

 private:
  void sort_rows(const array& x, const array& out, int64_t rows, int64_t n, Queue& queue) const {
    const int64_t items = int64_t(work_items(queue, Work::sort_rows, rows, n));
    const array keys = scratch(items * (positions_ ? 2 : 1) * n, key_of(x.dtype()), queue);
    const array places = positions_ ? scratch(items * n, uint32, queue) : keys;
    launch(queue, "sort", "sort_rows", defines_of(x.dtype(), positions_, 8))
        .over(size_t(items))
        .moving(size_t(x.nbytes() + out.nbytes()))
        .with(reads(x), writes(out), writes(keys), writes(places), rows, n);
  }

  void sort_by_digits(const array& x, const array& out, int64_t rows, int64_t n,
                      Queue& queue) const;

  bool positions_;
  int kth_;
};

/// The passes over rows too long for one work-item each.
class Passes {
 public:
  Passes(const array& x, bool positions, int64_t rows, int64_t n, Queue& queue)
      : queue_(queue),
        cpu_(queue.device().facts().is_cpu),
        bits_(cpu_ ? 8 : 4),
        positions_(positions),
        dtype_(x.dtype()),
        rows_(rows),
        n_(n),
        x_(x),
        state_(scratch(2 * rows, uint64, queue)) {
    const int64_t units = queue.device().facts().compute_units,
                  wanted = cpu_ ? 4 * units : 1024 * units;
    blocks_ = std::clamp<int64_t>((wanted + rows - 1) / rows, 1,
                                  std::max<int64_t>(n / (cpu_ ? 8192 : 128), 1));
    items_ = size_t(std::min(rows * blocks_, wanted));
    flat_ = cpu_ ? items_ : size_t(std::min<int64_t>(x.size(), wanted));
  }

  void run_on(const array& out, int kth) {
    if (kth != whole) return partition(kth, out);
    cpu_ ? sort_by_buckets(out) : sort_by_passes(out);
  }

 private:
  /// On GPUs: passes from the lowest digit up, to and fro between two sets of keys and places. An
  /// even number of them, so that the memory of the result can be part of the second.
  void sort_by_passes(const array& out) {
    array keys = scratch(out.size(), key_of(dtype_), queue_);
    array keys_to = positions_ ? scratch(out.size(), keys.dtype(), queue_) : out;
    array places = positions_ ? scratch(out.size(), uint32, queue_) : keys;
    array places_to = positions_ ? out : keys_to;
    array counts = counters(1 << bits_), before = counters(1 << bits_);
    run("sort_keys", nullptr, flat_, reads(x_), writes(keys), writes(places), x_.size(), n_);
    for (int32_t shift = 0; shift < bits_of_key(); shift += bits_) {
      run("radix_count", nullptr, items_, reads(keys), writes(counts), reads(state_), rows_, n_,
          blocks_, shift);
      sums_before(counts, before, queue_);
      run("radix_move", nullptr, items_, reads(keys), reads(places), writes(keys_to),
          writes(places_to), reads(before), rows_, n_, blocks_, shift);
      std::swap(keys, keys_to);
      std::swap(places, places_to);
    }
    run("sort_results", nullptr, flat_, reads(keys), reads(places), writes(out), out.size());
  }

  /// On CPU devices: by buckets, which need next to no memory beside the result.
  void sort_by_buckets(const array& out) {
    // Buckets of a few hundred, in one of three numbers of buckets, each of which takes a build of
    // the kernels. Places are spread further, since finding their keys costs more.
    const int enough = std::bit_width(uint64_t(n_ / (positions_ ? 128 : 512)));
    bits_ = positions_ ? std::clamp((enough + 1) / 4 * 4 + 2, 6, 14)
                       : std::clamp((enough + 3) / 4 * 4, 4, 12);
    blocks_ = std::min<int64_t>(blocks_, queue_.device().facts().compute_units);
    const size_t sorters = size_t(
        std::min<int64_t>(rows_ << bits_, int64_t(4 * queue_.device().facts().compute_units)));
    const int64_t room = std::clamp<int64_t>(x_.size() / int64_t(32 * sorters), 1024, 32 * 1024);
    const array keys =
        scratch(int64_t(sorters) * room * (positions_ ? 2 : 1), key_of(dtype_), queue_);
    const array places = positions_ ? scratch(int64_t(sorters) * room, uint32, queue_) : keys;
    const array ranges = scratch(2 * rows_ * blocks_, key_of(dtype_), queue_);
    const array counts = counters(1 << bits_), before = counters(1 << bits_);
    const auto buckets = [&](const char* kernel, size_t items, const auto&... args) {
      launch(queue_, "sort_buckets", kernel, defines_of(dtype_, positions_, bits_))
          .over(items)
          .moving(size_t(x_.nbytes()))
          .with(args..., rows_, n_, blocks_);
    };
    buckets("key_range", items_, reads(x_), writes(ranges));
    buckets("bucket_count", items_, reads(x_), writes(counts), reads(ranges));
    sums_before(counts, before, queue_);
    buckets("bucket_move", items_, reads(x_), writes(out), reads(before), reads(ranges));
    launch(queue_, "sort_buckets", "bucket_sort", defines_of(dtype_, positions_, bits_))
        .over(sorters)
        .moving(size_t(x_.nbytes()))
        .with(reads(x_), writes(out), reads(before), reads(ranges), writes(keys), writes(places),
              rows_, n_, blocks_, room);
  }

  void partition(int64_t kth, const array& out) {
    const size_t few = cpu_ ? 1 : size_t(rows_);
    array counts = counters(1 << bits_), parts = counters(3), before = counters(3);
    run("select_start", nullptr, few, writes(state_), rows_, kth);
    for (int32_t shift = bits_of_key() - bits_; shift >= 0; shift -= bits_) {
      run("radix_count", "SELECT", items_, reads(x_), writes(counts), reads(state_), rows_, n_,
          blocks_, shift);
      run("select_digit", nullptr, few, reads(counts), writes(state_), rows_, blocks_, shift);
    }
    run("split_count", nullptr, items_, reads(x_), writes(parts), reads(state_), rows_, n_,
        blocks_);
    sums_before(parts, before, queue_);
    run("split_move", nullptr, items_, reads(x_), writes(out), reads(before), reads(state_), rows_,
        n_, blocks_);
  }

  int32_t bits_of_key() const { return int32_t(8 * dtype_.size()); }
  /// For each row and block, so many counts.
  array counters(int64_t count) {
    return array::scratch({int32_t(rows_), dimension(blocks_ * count, "sort")}, uint32, queue_);
  }
  /// Launches one of the kernels, in the variant that `define` names.
  template <typename... Args>
  void run(const char* kernel, const char* define, size_t items, const Args&... args) {
    Defines defines = defines_of(dtype_, positions_, bits_);
    if (define) defines.emplace_back(define, 1);
    launch(queue_, "sort", kernel, defines).over(items).moving(size_t(x_.nbytes())).with(args...);
  }

  Queue& queue_;
  bool cpu_;
  int bits_;  ///< of a digit: a work-item keeps a counter for each; few on GPUs, where there are
              ///< many work-items
  bool positions_;
  Dtype dtype_;
  int64_t rows_, n_, blocks_ = 1;
  size_t items_ = 1, flat_ = 1;
  array x_, state_;
};

void Sort::sort_by_digits(const array& x, const array& out, int64_t rows, int64_t n,
                          Queue& queue) const {
  Passes passes(x, positions_, rows, n, queue);
  passes.run_on(out, kth_);
}

class SearchSorted final : public Primitive {
 public:
  explicit SearchSorted(bool right) : right_(right) {}
  const char* name() const override { return "searchsorted"; }
  void fields(Fields& f) override { f.field("right", right_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[1].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(16 * inputs[1].size());
  }
  static array make(const array& row, const array& values, bool right, const StreamOrDevice& s) {
    return array(values.shape(), uint32, make_ref<SearchSorted>(right), {row, values},
                 to_stream(s));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    const array& row = inputs[0];
    const array values = contiguous_copy(inputs[1], queue);
    const int64_t n = row.size(), stride = n ? row.strides()[0] : 1;
    launch(queue, "sort", "search_sorted", defines_of(row.dtype(), true, 8))
        .over(work_items(queue, Work::search_sorted, out.size()))
        .with(n ? reads(row) : reads(values), stride, reads(values), writes(out), out.size(), n,
              int32_t(right_));
  }
  Arrays vjp(const Arrays& primals, const Arrays&, const std::vector<int>& argnums,
             const Arrays&) override {
    Arrays result;
    for (const int i : argnums) result.push_back(zeros_like(primals[i]));
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays&, const std::vector<int>&) override {
    return {zeros(primals[1].shape(), uint32)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    if (axes[0] >= 0)
      fail("searchsorted",
           "Cannot vmap over the sorted sequence, only over the values being searched for.");
    return {{make(inputs[0], inputs[1], right_, {})}, {axes[1]}};
  }

 private:
  bool right_;
};

/// Sorts along any axis by turning it to the end.
array sort_along(const array& a, std::optional<int> axis, bool positions, int kth, const char* op,
                 const StreamOrDevice& s) {
  const array x = axis ? a : reshape(a, {-1}, s);
  const int along = normalize_axis(axis.value_or(0), x.ndim(), op);
  if (along == x.ndim() - 1) return Sort::make(x, positions, kth, s);
  return moveaxis(Sort::make(moveaxis(x, along, -1, s), positions, kth, s), -1, along, s);
}

/// `kth` counted from the front, after a check against the axis.
int checked_kth(const array& a, int kth, std::optional<int> axis, const char* op) {
  const int along = axis ? normalize_axis(*axis, a.ndim(), op) : 0;
  const int64_t n = axis ? a.shape(along) : a.size();
  if (kth < -n || kth >= n)
    fail(op, "Received invalid kth ", kth, " along axis ", axis.value_or(-1),
         " for array with shape: ", to_string(a.shape()), ".");
  return int(kth < 0 ? kth + n : kth);
}

}  // namespace

array sort(const array& a, std::optional<int> axis, StreamOrDevice s) {
  return sort_along(a, axis, false, whole, "sort", s);
}
array argsort(const array& a, std::optional<int> axis, StreamOrDevice s) {
  return sort_along(a, axis, true, whole, "argsort", s);
}

array partition(const array& a, int kth, std::optional<int> axis, StreamOrDevice s) {
  return sort_along(a, axis, false, checked_kth(a, kth, axis, "partition"), "partition", s);
}

array argpartition(const array& a, int kth, std::optional<int> axis, StreamOrDevice s) {
  return sort_along(a, axis, true, checked_kth(a, kth, axis, "argpartition"), "argpartition", s);
}

array median(const array& a, const OptionalAxes& axis, bool keepdims, StreamOrDevice s) {
  const Axes axes = axis ? normalize_axes(*axis, a.ndim(), "median") : all_axes(a.ndim());
  array x = astype(a, at_least_float(a.dtype()), s);
  if (a.ndim() == 0) return x;
  if (axes.empty()) fail("median", "at least one axis is needed.");
  Axes order;
  Shape shape, rows;
  for (int i = 0; i < a.ndim(); ++i) {
    const bool kept = !std::binary_search(axes.begin(), axes.end(), i);
    if (kept)
      order.push_back(i), rows.push_back(a.shape(i)), shape.push_back(a.shape(i));
    else if (keepdims)
      shape.push_back(1);
  }
  order.insert(order.end(), axes.begin(), axes.end());
  int64_t count = 1;
  for (const int i : axes) count *= a.shape(i);
  if (count == 0) fail("median", "Cannot take median along empty axis.");
  const int32_t n = dimension(count, "median");
  rows.push_back(n);
  const array sorted = Sort::make(reshape(transpose(x, order, s), rows, s), false, whole, s);
  const auto at = [&](int32_t i) {
    Shape start(rows.size(), 0), stop = rows;
    start.back() = i;
    stop.back() = i + 1;
    return slice(sorted, start, stop, s);
  };
  // A NaN sorts last and must show.
  array middle =
      n % 2 ? at(n / 2) : multiply(add(at(n / 2 - 1), at(n / 2), s), array(0.5, x.dtype()), s);
  const array last = at(n - 1);
  const array missing =
      x.dtype().is_complex() ? array(std::complex<float>(NAN, 0), complex64) : last;
  if (x.dtype().is_inexact()) middle = where(isnan(last, s), missing, middle, s);
  return reshape(middle, shape, s);
}

array searchsorted(const array& sorted_sequence, const array& values, const std::string& side,
                   StreamOrDevice s) {
  if (sorted_sequence.ndim() != 1)
    fail("searchsorted", "The sorted sequence must be 1-D but has ", sorted_sequence.ndim(),
         " dimensions.");
  if (side != "left" && side != "right")
    fail("searchsorted", "Invalid side '", side, "'. Expected 'left' or 'right'.");
  const Dtype dtype = promote(sorted_sequence.dtype(), values.dtype());
  return SearchSorted::make(astype(sorted_sequence, dtype, s), astype(values, dtype, s),
                            side == "right", s);
}

static const Registered<Sort> sort_class("Sort", false, whole);
static const Registered<SearchSorted> search_sorted_class("SearchSorted", false);

}  // namespace mlx
