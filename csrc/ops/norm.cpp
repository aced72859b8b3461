// Fused normalizations: checks, the primitives and their derivatives.
#include "ops/norm.h"

#include <algorithm>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/ends.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/reduce.h"
#include "ops/reduce_plan.h"
#include "ops/rows.h"
#include "ops/shape.h"

namespace mlx::fast {
namespace {

/// What distinguishes one normalization from another. Inputs are x, then weight and bias where
/// there are.
struct Form {
  bool centered, has_weight, has_bias;
  float eps;
  void fields(Fields& f) {
    f.field("centered", centered);
    f.field("has_weight", has_weight);
    f.field("has_bias", has_bias);
    f.field("eps", eps);
  }
  Defines defines(Dtype dtype) const {
    Defines result{{"T", dtype}};
    if (centered) result.emplace_back("CENTERED", 1);
    if (has_weight) result.emplace_back("HAS_WEIGHT", 1);
    if (has_bias) result.emplace_back("HAS_BIAS", 1);
    if (dtype.is_half()) result.emplace_back("IS_HALF", 1);
    return result;
  }
  int bias_at() const { return 1 + has_weight; }
};

Dtype accumulated(Dtype dtype) {
  return dtype == float64 ? float64 : float32;
}

/// The normalization in composed operations, for the derivatives of derivatives.
struct Composed {
  Form form;
  array z, scale;  ///< x normalized, and the factor that did it

  Composed(const Form& form, const array& x) : form(form), z(x), scale(x) {
    const array centered = form.centered ? x - mean(x, Axes{-1}, true) : x;
    scale = rsqrt(mean(square(centered), Axes{-1}, true) + form.eps);
    z = centered * scale;
  }
  /// The Jacobian of z by x, which is symmetric, times t.
  array jacobian(const array& t) const {
    const array level = form.centered ? t - mean(t, Axes{-1}, true) : t;
    return (level - z * mean(t * z, Axes{-1}, true)) * scale;
  }
};

/// A weight or bias batched along `axis`, shaped to broadcast beside x of shape (batch, ...,
/// columns).
array beside(const array& x, const array& operand, int axis) {
  return axis < 0 ? operand : align_examples(moveaxis(operand, axis, 0), x.ndim() - 1);
}

/// Axes from `first` to the last but one.
Axes row_axes(const array& x, int first) {
  Axes axes;
  for (int i = first; i < x.ndim() - 1; ++i) axes.push_back(i);
  return axes;
}

bool any_batched(const std::vector<int>& axes, size_t first, size_t last) {
  return std::any_of(axes.begin() + first, axes.begin() + last, [](int axis) { return axis >= 0; });
}

/// Gradients by x, weight and bias; inputs are x, weight if any, and the cotangent.
class NormGradient final : public Primitive {
 public:
  explicit NormGradient(Form form) : form_(form) {}
  const char* name() const override {
    return form_.centered ? "layer_norm_gradient" : "rms_norm_gradient";
  }
  void fields(Fields& f) override { form_.fields(f); }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(6 * inputs[0].size());
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;

 private:
  Form form_;
};

class Norm final : public Primitive, public HasEnds {
 public:
  explicit Norm(Form form) : form_(form) {}
  const char* name() const override { return form_.centered ? "layer_norm" : "rms_norm"; }
  void fields(Fields& f) override { form_.fields(f); }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(3 * inputs[0].size());
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {inputs[0].shape()};
  }
  static array make(const Form& form, Arrays inputs, const StreamOrDevice& s) {
    const Shape shape = inputs[0].shape();
    const Dtype dtype = inputs[0].dtype();
    return array(shape, dtype, make_ref<Norm>(form), std::move(inputs), to_stream(s));
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    eval_between(inputs[0], std::span(inputs).subspan(1), outputs[0], queue);
  }
  bool works_in_place() const override { return true; }
  bool eval_between(const Source& source, std::span<const array> others, const Sink& sink,
                    Queue& queue) override {
    const Source x = source.row_major(queue);
    const int64_t columns = x.values().shape(-1), size = x.values().size(),
                  rows = size / std::max<int64_t>(columns, 1);
    if (size == 0) return sink.allocate(queue), true;
    RowLaunch shape(queue, rows, columns);
    Kernel* const kernel = kernel_between(x, sink, queue, "norm", "norm_rows",
                                          form_.defines(x.values().dtype()), shape.group);
    if (!kernel) return false;
    sink.allocate_over(x, queue);
    Arrays dense;
    for (const array& other : others) dense.push_back(contiguous_copy(other, queue));
    Launch step(queue, *kernel);
    x.set(step);
    const array& absent = sink.written();
    step.set(reads(form_.has_weight ? dense[0] : absent));
    step.set(reads(form_.has_bias ? dense[form_.bias_at() - 1] : absent));
    sink.set(step);
    shape.shape(step).moving(x.nbytes() + sink.nbytes()).with(rows, columns, form_.eps);
    return true;
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array& x = primals[0];
    std::vector<Shape> shapes{x.shape()};
    std::vector<Dtype> dtypes{x.dtype()};
    for (size_t i = 1; i < primals.size(); ++i)
      shapes.push_back(primals[i].shape()), dtypes.push_back(x.dtype());
    Arrays inputs{x};
    if (form_.has_weight) inputs.push_back(primals[1]);
    inputs.push_back(cotangents[0]);
    const Arrays all =
        array::several(shapes, dtypes, make_ref<NormGradient>(form_), inputs, to_stream({}));
    Arrays result;
    for (const int i : argnums) result.push_back(all[i]);
    return result;
  }

  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    const Composed composed(form_, primals[0]);
    std::optional<array> total;
    for (size_t k = 0; k < argnums.size(); ++k) {
      array part = tangents[k];
      if (argnums[k] == 0) {
        part = composed.jacobian(part);
        if (form_.has_weight) part = part * primals[1];
      } else if (form_.has_weight && argnums[k] == 1) {
        part = composed.z * part;
      }
      total = total ? *total + part : part;
    }
    return {broadcast_to(*total, primals[0].shape())};
  }

  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = batch_first(inputs[0], axes[0], batch_size(inputs, axes));
    Arrays rest{x};
    if (!any_batched(axes, 1, axes.size())) {
      rest.insert(rest.end(), inputs.begin() + 1, inputs.end());
      return {{make(form_, rest, {})}, {0}};
    }
    Form plain = form_;
    plain.has_weight = plain.has_bias = false;
    array y = make(plain, rest, {});
    for (size_t i = 1; i < inputs.size(); ++i) {
      const array operand = beside(x, inputs[i], axes[i]);
      y = form_.has_weight && i == 1 ? y * operand : y + operand;
    }
    return {{y}, {0}};
  }

 private:
  Form form_;
};

void NormGradient::eval(const Arrays& inputs, Arrays& outputs, Queue& queue) {
  for (array& output : outputs) output.allocate(queue);
  array& dx = outputs[0];
  const Dtype wide = accumulated(dx.dtype());
  const int64_t columns = dx.shape(-1), rows = dx.size() / std::max<int64_t>(columns, 1);
  if (columns == 0) return;
  Arrays dense;
  for (const array& input : inputs) dense.push_back(contiguous_copy(input, queue));
  RowLaunch shape(queue, std::max<int64_t>(rows, 1), columns);
  Arrays strips;
  for (size_t i = 1; i < outputs.size(); ++i)
    strips.push_back(array::scratch({int32_t(shape.items), int32_t(columns)}, wide, queue));
  const auto strip = [&](bool has, int output) {
    return has ? writes(strips[output - 1]) : writes(dx);
  };
  Launch step(queue, shape.kernel(queue, "norm", "norm_gradient", form_.defines(dx.dtype())));
  shape.shape(step).moving(size_t(3 * dx.nbytes()));
  step.with(reads(dense[0]), reads(form_.has_weight ? dense[1] : dense[0]), reads(dense.back()),
            writes(dx), strip(form_.has_weight, 1), strip(form_.has_bias, form_.bias_at()), rows,
            columns, form_.eps);
  for (size_t i = 1; i < outputs.size(); ++i) sum_rows_into(strips[i - 1], outputs[i], queue);
}

Arrays NormGradient::vjp(const Arrays& primals, const Arrays& cotangents,
                         const std::vector<int>& argnums, const Arrays&) {
  // With J the Jacobian of z by x: dx = J h where h = g * weight, dweight = sum(g * z), dbias =
  // sum(g). J depends on x as  d(u . J h) = -scale * (z * (u . J h) + J (u (h . z) + h (u . z))) /
  // n . dx.
  const array &x = primals[0], &g = primals.back(), &u = cotangents[0];
  const Composed composed(form_, x);
  const array& z = composed.z;
  const array h = form_.has_weight ? g * primals[1] : g, along_u = composed.jacobian(u);
  const auto dot = [](const array& a, const array& b) { return mean(a * b, Axes{-1}, true); };
  Arrays result;
  for (const int i : argnums) {
    if (i == 0) {
      const array bent = z * dot(along_u, h) + composed.jacobian(u * dot(h, z) + h * dot(u, z));
      array by_x = negative(composed.scale * bent);
      if (form_.has_weight) by_x = by_x + composed.jacobian(cotangents[1] * g);
      result.push_back(by_x);
    } else if (i == int(primals.size()) - 1) {
      array by_g = form_.has_weight ? along_u * primals[1] + cotangents[1] * z : along_u;
      if (form_.has_bias) by_g = by_g + cotangents[form_.bias_at()];
      result.push_back(by_g);
    } else {
      result.push_back(sum(g * along_u, row_axes(x, 0)));
    }
  }
  return result;
}

std::pair<Arrays, std::vector<int>> NormGradient::vmap(const Arrays& inputs,
                                                       const std::vector<int>& axes) {
  const int size = batch_size(inputs, axes);
  const array x = batch_first(inputs[0], axes[0], size),
              g = batch_first(inputs.back(), axes.back(), size);
  const Composed composed(form_, x);
  Arrays result{composed.jacobian(form_.has_weight ? g * beside(x, inputs[1], axes[1]) : g)};
  if (form_.has_weight) result.push_back(sum(g * composed.z, row_axes(x, 1)));
  if (form_.has_bias) result.push_back(sum(g, row_axes(x, 1)));
  return {result, std::vector<int>(result.size(), 0)};
}

array norm(const char* op, bool centered, const array& x, const std::optional<array>& weight,
           const std::optional<array>& bias, float eps, const StreamOrDevice& s) {
  if (x.ndim() == 0)
    fail(op, "Input must have at least 1 dimension but got input with 0 dimensions.");
  Dtype dtype = x.dtype();
  const auto check = [&](const std::optional<array>& operand, const char* what) {
    if (!operand) return;
    if (operand->ndim() != 1)
      fail(op, what, " must have 1 dimension but has ", operand->ndim(), " dimensions.");
    if (operand->size() != x.shape(-1))
      fail(op, what, " must have the same size as the last dimension of x but has ",
           operand->size(), " elements.");
    dtype = promote(dtype, operand->dtype());
  };
  check(weight, "weight");
  check(bias, "bias");
  if (!dtype.is_floating()) fail(op, "Received unsupported type ", dtype.name(), ".");
  Arrays inputs{astype(x, dtype, s)};
  if (weight) inputs.push_back(astype(*weight, dtype, s));
  if (bias) inputs.push_back(astype(*bias, dtype, s));
  return Norm::make({centered, weight.has_value(), bias.has_value(), eps}, std::move(inputs), s);
}

}  // namespace

array rms_norm(const array& x, const std::optional<array>& weight, float eps, StreamOrDevice s) {
  return norm("rms_norm", false, x, weight, std::nullopt, eps, s);
}

array layer_norm(const array& x, const std::optional<array>& weight,
                 const std::optional<array>& bias, float eps, StreamOrDevice s) {
  return norm("layer_norm", true, x, weight, bias, eps, s);
}

static const Registered<NormGradient> norm_gradient_class("NormGradient", Form{});
static const Registered<Norm> norm_class("Norm", Form{});

}  // namespace mlx::fast
