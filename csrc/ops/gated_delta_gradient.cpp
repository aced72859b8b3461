// The gradient of the gated delta rule in chunks: inside a chunk matrix products, from chunk to
// chunk the state.
//
// With G the decays since the start of a chunk, D[i, j] those from j to i and w = D[last], the
// tokens of a chunk write delta = (I + A)^-1 beta (V - G K S), A = beta D (K K') below the
// diagonal; Y = G Q S + P delta, P = D (Q K') up to the diagonal; and the next chunk starts with
// G[last] S + K' (w delta). This is the WY form of arXiv:2412.06464, section 3.3; S is kept
// transposed, (Dv, Dk), as the operation has it.
#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/gated_delta.h"
#include "ops/matmul.h"
#include "ops/rearrange.h"
#include "ops/reduce.h"
#include "ops/scan.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

constexpr int longest_chunk = 64;

array transposed(const array& x) {
  return swapaxes(x, -1, -2);
}
array column(const array& x) {
  return expand_dims(x, {-1});
}
array dot(const array& a, const array& b) {
  return sum(a * b, Axes{-1});
}

/// (I + a)^-1 for strictly lower triangular a.
class UnitLowerInverse final : public Primitive {
 public:
  const char* name() const override { return "UnitLowerInverse"; }
  static array make(const array& a) {
    return array(a.shape(), a.dtype(), make_ref<UnitLowerInverse>(), {a}, to_stream({}));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    if (outputs[0].size() == 0) return;
    const array a = contiguous_copy(inputs[0], queue);
    const int64_t side = a.shape(-1), matrices = a.size() / (side * side);
    launch(queue, "gated_delta", "unit_lower_inverse", {{"T", a.dtype()}, {"SIDE", int(side)}})
        .over(work_items(queue, Work::small_inverses, matrices * ((side + 15) / 16)))
        .moving(size_t(2 * a.nbytes()))
        .with(reads(a), writes(outputs[0]), matrices);
  }
  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays& outputs) override {
    const array turned = transposed(outputs[0]);
    return {tril(negative(matmul(matmul(turned, cotangents[0]), turned)), -1)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    return {{make(moveaxis(inputs[0], axes[0], 0))}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * size_t(inputs[0].shape(-1)) / 8;
  }
};

/// How tokens (B, T, H, …) are cut: into `count` chunks of `length`, the last one filled up.
struct Chunks {
  int length, count, tokens;
  explicit Chunks(int tokens)
      : length(std::min(tokens, longest_chunk)),
        count((tokens + length - 1) / length),
        tokens(tokens) {}

  /// (B, T, H, …) as (chunks, B, H, length, …).
  array cut(array x, double fill = 0) const {
    if (count * length > tokens) {
      Shape shape = x.shape();
      shape[1] = count * length - tokens;
      x = concatenate({x, full(shape, array(fill, x.dtype()))}, 1);
    }
    return swapaxes(moveaxis(unflatten(x, 1, {count, length}), 1, 0), 2, 3);
  }
  /// The reverse.
  array join(const array& x) const {
    const array joined = flatten(moveaxis(swapaxes(x, 2, 3), 0, 1), 1, 2);
    Shape stop = joined.shape();
    stop[1] = tokens;
    return slice(joined, Shape(stop.size()), stop);
  }
};

array at(const array& x, int chunk) {
  Shape start(size_t(x.ndim())), stop = x.shape();
  start[0] = chunk;
  stop[0] = chunk + 1;
  return squeeze(slice(x, start, stop), Axes{0});
}

/// Decays from token j to token i of a chunk, (…, i, j), 0 above the diagonal.
array decays_between(const array& g) {
  const int n = g.shape(-1);
  const array below = tri(n, n, -1, bool_);
  return tril(cumprod(where(below, column(g), array(1, g.dtype())), -2));
}

/// x moved on by one along the axis, `value` first.
array earlier(const array& x, int axis, double value) {
  const size_t along = size_t(axis + x.ndim());
  Shape first = x.shape(), stop = x.shape();
  first[along] = 1;
  stop[along] -= 1;
  return concatenate({full(first, array(value, x.dtype())), slice(x, Shape(stop.size()), stop)},
                     axis);
}

array last(const array& x, int axis) {
  const size_t along = size_t(axis + x.ndim());
  Shape start(size_t(x.ndim()));
  start[along] = x.shape(axis) - 1;
  return squeeze(slice(x, start, x.shape()), Axes{axis});
}

}  // namespace

Arrays gated_delta_gradients(const Arrays& primals, const array& dy_tokens, const array& dstate) {
  const array &queries = primals[0], &values = primals[2], &state = primals[5];
  const Dtype dtype = state.dtype();
  const Chunks chunks(values.shape(1));
  const int groups = queries.shape(2), share = values.shape(2) / std::max(groups, 1),
            n = chunks.length;
  const auto heads = [&](const array& x) { return chunks.cut(repeat(astype(x, dtype), share, 2)); };
  const array q = heads(queries), k = heads(primals[1]), v = chunks.cut(astype(values, dtype));
  const array g = chunks.cut(astype(primals[3], dtype), 1),
              beta = chunks.cut(astype(primals[4], dtype));
  const array dy = chunks.cut(astype(dy_tokens, dtype));
  const array since = cumprod(g, -1), between = decays_between(g), below = tri(n, n, -1, dtype);
  const array until = last(between, -2);  // w
  const array whole = column(last(since, -1));

  // Forward again, for the state at the start of each chunk and what its tokens write.
  const array kk = matmul(k, transposed(k)), qk = matmul(q, transposed(k));
  const array inverse = UnitLowerInverse::make(column(beta) * between * kk * below);
  const array gated_k = column(beta * since) * k, kept_k = column(until) * k, p = between * qk;
  const array u = matmul(inverse, column(beta) * v), w = matmul(inverse, gated_k);
  Arrays states{state}, written;
  for (int c = 0; c < chunks.count; ++c) {
    written.push_back(at(u, c) - matmul(at(w, c), transposed(states.back())));
    states.push_back(column(at(whole, c)) * states.back() +
                     matmul(transposed(written.back()), at(kept_k, c)));
  }
  states.pop_back();
  const array s = stack(states), delta = stack(written);

  // Backward over the chunks: cotangents of the state at their ends and of what the inverse is
  // applied to.
  const array from_p = matmul(transposed(p), dy),
              from_y = matmul(transposed(dy), column(since) * q);
  Arrays ends(size_t(chunks.count), state), solved = ends;
  array end = astype(dstate, dtype);
  for (int c = chunks.count - 1; c >= 0; --c) {
    ends[size_t(c)] = end;
    const array to_write = at(from_p, c) + matmul(at(kept_k, c), transposed(end));
    solved[size_t(c)] = matmul(transposed(at(inverse, c)), to_write);
    end = column(at(whole, c)) * end + at(from_y, c) -
          matmul(transposed(solved[size_t(c)]), at(gated_k, c));
  }
  const array e = stack(ends), dx = stack(solved);

  // What is left has no order: all chunks at once.
  const array ks = matmul(k, transposed(s)), dv = column(beta) * dx;
  const array dp = matmul(dy, transposed(delta)),
              da = negative(matmul(dx, transposed(delta))) * below;
  const array dqk = dp * between, dkk = da * between * column(beta);
  const array dq = column(since) * matmul(dy, s) + matmul(dqk, k);
  const array dk = matmul(transposed(dqk), q) + column(until) * matmul(delta, e) -
                   column(since) * matmul(dv, s) + matmul(dkk + transposed(dkk), k);
  const array dbeta = dot(dx, v - column(since) * ks) + dot(da * between, kk);

  // A decay g[l] stands in D[i, j] = D[i, l] g[l] D[l - 1, j] for j < l <= i, in G as if j were
  // before the chunk, and in what reaches the chunk's end as in its last row. No division, so that
  // decays of 0 have gradients, too.
  const array is_last = astype(equal(arange(n, int32), array(n - 1, int32)), dtype);
  const array at_end = dot(matmul(k, transposed(e)), delta);
  const array by_pair =
      (dp * qk + da * column(beta) * kk + column(is_last) * expand_dims(at_end, {-2})) * below;
  const array by_start = dot(matmul(q, transposed(s)), dy) - dot(dv, ks) +
                         is_last * expand_dims(sum(e * s, Axes{-2, -1}), {-1});
  const array reached = matmul(by_pair, transposed(earlier(between, -2, 0))) +
                        column(by_start) * expand_dims(earlier(since, -1, 1), {-2});
  const array dg = sum(between * reached, Axes{-2});

  const auto over_share = [&](const array& x) {
    const array joined = chunks.join(x);
    return share == 1 ? joined : sum(unflatten(joined, 2, {groups, share}), Axes{3});
  };
  return {over_share(dq),  over_share(dk),     chunks.join(dv),
          chunks.join(dg), chunks.join(dbeta), end};
}

static const Registered<UnitLowerInverse> unit_lower_inverse_class("UnitLowerInverse");

}  // namespace mlx::fast
