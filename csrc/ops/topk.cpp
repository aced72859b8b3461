// mx.topk: a pass that keeps candidates where few values of long rows are wanted, else a partition.
#include <algorithm>
#include <bit>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/scatter.h"
#include "ops/shape.h"
#include "ops/sort.h"
#include "ops/sort_keys.h"

namespace mlx {
namespace {

// More candidates than this are no longer quick to sort, and shorter rows are sorted as a whole.
constexpr int most_candidates = 256, shortest_row = 256;

/// The last `count` elements along an axis.
array last_of(const array& x, int count, int axis, const StreamOrDevice& s) {
  Shape start(size_t(x.ndim()), 0);
  start[axis] = x.shape(axis) - count;
  return slice(x, start, x.shape(), s);
}

/// The k largest values along the last axis, in ascending order.
class TopK final : public Primitive {
 public:
  explicit TopK(int k) : k_(k) {}
  const char* name() const override { return "topk"; }
  void fields(Fields& f) override { f.field("k", k_); }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    Shape shape = inputs[0].shape();
    if (shape.empty()) fail("topk", "a 0-d array has no last axis.");
    if (k_ < 1 || k_ > most_candidates || shape.back() < k_)
      fail("topk", "Received invalid k=", k_,
           " along axis -1 for array with shape: ", to_string(shape), ".");
    shape.back() = k_;
    return {shape};
  }
  static array make(const array& x, int k, const StreamOrDevice& s) {
    Shape shape = x.shape();
    shape.back() = k;
    return array(shape, x.dtype(), make_ref<TopK>(k), {x}, to_stream(s));
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    out.allocate(queue);
    if (out.size() == 0) return;
    const array x = contiguous_copy(inputs[0], queue);
    const int64_t n = x.shape(-1), rows = x.size() / n;
    Defines defines = sort_key_defines(x.dtype());
    defines.emplace_back("ROOM", int(std::bit_ceil(unsigned(std::max(4 * k_, 64)))));
    launch(queue, "topk", "top_rows", defines)
        .over(work_items(queue, Work::top_rows, rows, n))
        .moving(size_t(x.nbytes() + out.nbytes()))
        .with(reads(x), writes(out), rows, n, int32_t(k_));
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    const array& x = primals[0];
    return {put_along_axis(zeros_like(x), places_in(x), cotangents[0], x.ndim() - 1)};
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents, const std::vector<int>&) override {
    return {take_along_axis(tangents[0], places_in(primals[0]), primals[0].ndim() - 1)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{make(moveaxis(inputs[0], axes[0], 0), k_, {})}, {0}};
  }

 private:
  /// Where the results come from, a constant to gradients of gradients.
  array places_in(const array& x) const {
    return stop_gradient(last_of(argsort(x), k_, x.ndim() - 1, {}));
  }

  int k_;
};

}  // namespace

array topk(const array& a, int k, std::optional<int> axis, StreamOrDevice s) {
  const array x = axis ? a : reshape(a, {-1}, s);
  const int along = normalize_axis(axis.value_or(0), x.ndim(), "topk");
  const int32_t n = x.shape(along);
  if (k < 0 || k > n)
    fail("topk", "Received invalid k=", k, " along axis ", axis.value_or(-1),
         " for array with shape: ", to_string(a.shape()), ".");
  if (k == n) return x;
  const Stream stream = to_stream(s);
  if (k > 0 && k <= most_candidates && n >= std::max(shortest_row, 4 * k) &&
      Device::get(stream.device).facts().is_cpu) {
    if (along == x.ndim() - 1) return TopK::make(x, k, s);
    return moveaxis(TopK::make(moveaxis(x, along, -1, s), k, s), -1, along, s);
  }
  return last_of(partition(x, std::min(n - k, n - 1), along, s), k, along, s);
}

static const Registered<TopK> topk_class("TopK", 0);

}  // namespace mlx
