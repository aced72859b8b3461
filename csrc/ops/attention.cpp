// Attention: checks, the primitive, its gradient by recomputation, and batching.
#include "ops/attention.h"

#include "base/error.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/attention_primitive.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/shape.h"
#include "ops/softmax.h"

namespace mlx::fast {
namespace {

constexpr const char* op = "scaled_dot_product_attention";

/// (B, H, …) as (B, groups, H / groups, …).
array grouped(const array& x, int groups) {
  return unflatten(x, 1, {groups, -1});
}

class Attention final : public Primitive {
 public:
  explicit Attention(AttentionKind kind) : kind_(kind) {}
  const char* name() const override { return "ScaledDotProductAttention"; }
  void fields(Fields& f) override {
    f.field("scale", kind_.scale);
    f.field("causal", kind_.causal);
    f.field("has_mask", kind_.has_mask);
    f.field("has_sinks", kind_.has_sinks);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    attend(inputs, outputs[0], kind_, queue);
  }
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  Arrays jvp(const Arrays&, const Arrays&, const std::vector<int>&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays&, const std::vector<int>&) override;
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {result_shape(inputs)};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    const array &q = inputs[0], &k = inputs[1];
    return size_t(q.size()) / std::max(1, q.shape(3)) * size_t(k.shape(2)) *
           (4 + size_t(q.shape(3)) / 8);
  }

  static array apply(const AttentionKind& kind, Arrays inputs, const StreamOrDevice& s = {}) {
    Shape shape = result_shape(inputs);
    const Dtype dtype = inputs[0].dtype();
    return array(std::move(shape), dtype, make_ref<Attention>(kind), std::move(inputs),
                 to_stream(s));
  }

 private:
  static Shape result_shape(const Arrays& inputs) {
    Shape shape = inputs[0].shape();
    shape[3] = inputs[2].shape(3);
    return shape;
  }
  array keep_seen(const array& x, const Arrays& inputs, const array& otherwise) const;
  array scores(const Arrays& inputs) const;
  array weights(const Arrays& inputs) const;
  array with_heads(const array& x, const Arrays& inputs) const;
  AttentionKind kind_;
};

/// Masks and their like, (B, Hq, …) or with axes of size 1, over grouped heads.
array Attention::with_heads(const array& x, const Arrays& inputs) const {
  const int groups = inputs[1].shape(1);
  return x.shape(1) == 1 ? expand_dims(x, {2}) : grouped(x, groups);
}

/// x where the query sees the key by a boolean or causal mask.
array Attention::keep_seen(const array& x, const Arrays& inputs, const array& otherwise) const {
  if (kind_.has_mask)
    return inputs[3].dtype() == bool_ ? where(with_heads(inputs[3], inputs), x, otherwise) : x;
  if (!kind_.causal) return x;
  const int length = inputs[0].shape(2), keys = inputs[1].shape(2);
  const array last = expand_dims(ramp(keys - length, 1, length, int32), {-1});
  return where(greater_equal(last, arange(keys, int32)), x, otherwise);
}

/// Masked scores (B, Hkv, Hq / Hkv, Lq, Lk) in float32 or float64.
array Attention::scores(const Arrays& inputs) const {
  const Dtype dtype = promote(inputs[0].dtype(), float32);
  const array q = grouped(astype(inputs[0], dtype) * double(kind_.scale), inputs[1].shape(1));
  const array k = expand_dims(astype(inputs[1], dtype), {2});
  const array result = matmul(q, swapaxes(k, -1, -2));
  if (kind_.has_mask && inputs[3].dtype() != bool_)
    return result + astype(with_heads(inputs[3], inputs), dtype);
  return keep_seen(result, inputs, array(-dtype.largest(), dtype));
}

array Attention::weights(const Arrays& inputs) const {
  const array x = scores(inputs);
  if (!kind_.has_sinks) return softmax(x, Axes{-1}, true);
  const array sinks = reshape(astype(inputs.back(), x.dtype()), {1, inputs[1].shape(1), -1, 1, 1});
  const array top = stop_gradient(maximum(max(x, Axes{-1}, true), sinks));
  const array e = exp(x - top);
  return e / (sum(e, Axes{-1}, true) + exp(sinks - top));
}

Arrays Attention::vjp(const Arrays& primals, const Arrays& cotangents,
                      const std::vector<int>& argnums, const Arrays& outputs) {
  const array &q = primals[0], &k = primals[1], &v = primals[2];
  const Dtype dtype = promote(q.dtype(), float32);
  const int groups = k.shape(1);
  const array p = weights(primals), g = grouped(astype(cotangents[0], dtype), groups);
  const array keys = expand_dims(astype(k, dtype), {2}),
              values = expand_dims(astype(v, dtype), {2});
  const array queries = grouped(astype(q, dtype), groups);
  // The softmax's gradient is p · (dp - Σ dp p), and that sum is the cotangent times the result.
  const array along = sum(g * grouped(astype(outputs[0], dtype), groups), Axes{-1}, true);
  array ds = p * (matmul(g, swapaxes(values, -1, -2)) - along);
  // Where every key is hidden the weights are all alike, but no score has a say in them.
  if (kind_.has_mask || q.shape(2) > k.shape(2)) ds = keep_seen(ds, primals, array(0, dtype));
  const auto over_group = [&](const array& x, const array& like) {
    return astype(sum(x, Axes{2}), like.dtype());
  };
  Arrays result;
  for (const int i : argnums) {
    const array& x = primals[i];
    if (i == 0) {
      result.push_back(astype(flatten(matmul(ds, keys), 1, 2) * double(kind_.scale), x.dtype()));
    } else if (i == 1) {
      result.push_back(over_group(matmul(swapaxes(ds, -1, -2), queries) * double(kind_.scale), x));
    } else if (i == 2) {
      result.push_back(over_group(matmul(swapaxes(p, -1, -2), g), x));
    } else if (kind_.has_mask && i == 3) {
      result.push_back(x.dtype() == bool_ ? zeros_like(x)
                                          : unbroadcast(flatten(ds, 1, 2), x.shape(), x.dtype()));
    } else {  // a sink is a key with a value of zero
      const array rest = (1 - sum(p, Axes{-1}, true)) * negative(along);
      result.push_back(astype(flatten(sum(rest, Axes{0, 3, 4}), 0, 1), x.dtype()));
    }
  }
  return result;
}

Arrays Attention::jvp(const Arrays& primals, const Arrays& tangents,
                      const std::vector<int>& argnums) {
  const Dtype dtype = promote(primals[0].dtype(), float32);
  const int groups = primals[1].shape(1);
  const array p = weights(primals), values = expand_dims(astype(primals[2], dtype), {2});
  std::optional<array> moved, total;  // tangents of the scores and of the result
  const auto accumulate = [](std::optional<array>& to, const array& part) {
    to = to ? *to + part : part;
  };
  for (size_t i = 0; i < argnums.size(); ++i) {
    const array t = astype(tangents[i], dtype);
    const array q = argnums[i] == 0 ? t : astype(primals[0], dtype),
                k = argnums[i] == 1 ? t : astype(primals[1], dtype);
    if (argnums[i] < 2)
      accumulate(moved, matmul(grouped(q, groups), swapaxes(expand_dims(k, {2}), -1, -2)) *
                            double(kind_.scale));
    else if (argnums[i] == 2)
      accumulate(total, matmul(p, expand_dims(t, {2})));
    else if (kind_.has_mask && argnums[i] == 3) {
      if (primals[3].dtype() != bool_) accumulate(moved, with_heads(t, primals));
    } else {
      const array sinks = reshape(t, {1, groups, -1, 1, 1});
      accumulate(total, negative(sinks * (1 - sum(p, Axes{-1}, true)) * matmul(p, values)));
    }
  }
  if (moved) moved = keep_seen(*moved, primals, array(0, dtype));
  if (moved) accumulate(total, matmul(p * (*moved - sum(p * *moved, Axes{-1}, true)), values));
  if (!total) return {zeros(result_shape(primals), primals[0].dtype())};
  return {astype(flatten(*total, 1, 2), primals[0].dtype())};
}

std::pair<Arrays, std::vector<int>> Attention::vmap(const Arrays& inputs,
                                                    const std::vector<int>& axes) {
  const int size = batch_size(inputs, axes);
  if (kind_.has_sinks && axes.back() >= 0) no_transform("vmap", *this);
  Arrays mapped = inputs;
  for (size_t i = 0; i < 3; ++i) mapped[i] = flatten(batch_first(inputs[i], axes[i], size), 0, 1);
  if (kind_.has_mask && (axes[3] >= 0 || inputs[3].shape(0) > 1)) {
    array mask = batch_first(inputs[3], axes[3], size);
    Shape shape = mask.shape();
    shape[1] = mapped[0].shape(0) / size;
    mapped[3] = flatten(broadcast_to(mask, shape), 0, 1);
  }
  return {{unflatten(apply(kind_, mapped), 0, {size, -1})}, {0}};
}

void check(const array& q, const array& k, const array& v) {
  for (const array* x : {&q, &k, &v})
    if (x->ndim() != 4)
      fail(op, "input with shape ", to_string(x->shape()), " expected to be rank 4");
  for (const array* x : {&k, &v})
    if (x->shape(0) != q.shape(0))
      fail(op, "mismatching batch dimension for input with shape ", to_string(x->shape()), ".");
  if (q.shape(3) != k.shape(3))
    fail(op, "query, keys expected to have matching last dimension; found query shape ",
         to_string(q.shape()), " for keys shape ", to_string(k.shape()), ".");
  if (k.shape(1) != v.shape(1))
    fail(op, "keys, values expected to have matching n_kv_heads; found keys with n_heads ",
         k.shape(1), " for values with n_heads ", v.shape(1), ".");
  if (k.shape(1) == 0 || q.shape(1) % k.shape(1))
    fail(op, "n_heads must be a multiple of n_kv_heads, found n_heads ", q.shape(1),
         " for n_kv_heads ", k.shape(1), ".");
  if (k.shape(2) != v.shape(2))
    fail(op, "keys and values must have the same length, found ", k.shape(2), " and ", v.shape(2),
         ".");
}

/// The mask with four axes, checked against the scores' shape.
array check_mask(const array& mask, const array& q, const array& k, Dtype dtype,
                 const StreamOrDevice& s) {
  if (mask.ndim() > 4)
    fail(op, "the mask with shape ", to_string(mask.shape()), " expected to have at most rank 4.");
  if (mask.dtype() != bool_ && promote(mask.dtype(), dtype) != dtype)
    fail(op, "Mask type must promote to output type ", dtype.name(), ".");
  const Shape scores{q.shape(0), q.shape(1), q.shape(2), k.shape(2)};
  if (broadcast(mask.shape(), scores) != scores)
    fail(op, "mask of shape ", to_string(mask.shape()), " cannot be broadcast to ",
         to_string(scores), ".");
  Shape shape(4 - mask.ndim(), 1);
  shape.insert(shape.end(), mask.shape().begin(), mask.shape().end());
  return shape.size() == size_t(mask.ndim()) ? mask : reshape(mask, shape, s);
}

}  // namespace

array scaled_dot_product_attention(const array& q, const array& k, const array& v, float scale,
                                   const AttentionMask& mask, const std::optional<array>& sinks,
                                   bool, StreamOrDevice s) {
  check(q, k, v);
  const Dtype dtype = promote(promote(q.dtype(), k.dtype()), v.dtype());
  if (!dtype.is_floating()) fail(op, "Received unsupported type ", dtype.name(), ".");
  AttentionKind kind{scale, false, false, bool(sinks)};
  Arrays inputs{astype(q, dtype, s), astype(k, dtype, s), astype(v, dtype, s)};
  if (mask && std::holds_alternative<std::string>(*mask)) {
    const std::string& name = std::get<std::string>(*mask);
    if (!name.empty() && name != "causal")
      fail(op, "invalid mask option '", name, "'. Must be 'causal', or an array.");
    kind.causal = !name.empty();
  } else if (mask) {
    inputs.push_back(check_mask(std::get<array>(*mask), q, k, dtype, s));
    kind.has_mask = true;
  }
  if (sinks) {
    if (sinks->shape() != Shape{q.shape(1)})
      fail(op, "Received invalid shape for sinks ", to_string(sinks->shape()), ".");
    if (promote(sinks->dtype(), dtype) != dtype)
      fail(op, "Type of sinks must promote to output type ", dtype.name(), ".");
    inputs.push_back(*sinks);
  }
  return Attention::apply(kind, std::move(inputs), s);
}

static const Registered<Attention> attention_class("Attention", AttentionKind{});

}  // namespace mlx::fast
