// matmul and addmm: operands as they lie in memory, and gradients that reuse transposed views.
#include "ops/matmul.h"

#include "base/error.h"
#include "cl/blas.h"
#include "graph/copy.h"
#include "graph/registry.h"
#include "graph/together.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/shape.h"

namespace mlx {
namespace {

Shape batch_of(const array& x) {
  return Shape(x.shape().begin(), x.shape().end() - 2);
}

/// Shape of op(a) @ op(b), where op transposes the last two axes if asked to.
Shape product_shape(const array& a, bool transpose_a, const array& b, bool transpose_b) {
  Shape shape = a.ndim() == 2 && b.ndim() == 2 ? Shape{} : broadcast(batch_of(a), batch_of(b));
  shape.push_back(a.shape(transpose_a ? -1 : -2));
  shape.push_back(b.shape(transpose_b ? -2 : -1));
  return shape;
}

/// One factor of an evaluated product: rows × columns matrices, read in place where its strides
/// allow.
struct Factor {
  array x;
  bool transposed = false;
  int64_t leading = 0;
  Strides batch;  ///< over the result's batch axes
};

/// Finds an order in which the last two axes are a matrix for the library: unit stride one way,
/// rows apart the other.
bool describe(Factor& factor, bool transpose) {
  const array& x = factor.x;
  const size_t last = x.ndim() - 1;
  int64_t rows = x.shape(-2), columns = x.shape(-1), down = x.strides()[last - 1],
          across = x.strides()[last];
  if (transpose) std::swap(rows, columns), std::swap(down, across);
  const auto fits = [](int64_t rows, int64_t columns, int64_t down, int64_t across) {
    return (columns == 1 || across == 1) && (rows == 1 || down >= columns);
  };
  if (fits(rows, columns, down, across)) {
    factor.transposed = false;
    factor.leading = rows == 1 ? columns : down;
    return true;
  }
  factor.transposed = true;
  factor.leading = columns == 1 ? rows : across;
  return fits(columns, rows, across, down);
}

Factor factor_of(const array& x, bool transpose, const Shape& batch, Queue& queue) {
  Factor factor{x, false, 0, {}};
  if (!describe(factor, transpose)) {
    factor.x = contiguous_copy(x, queue);
    describe(factor, transpose);
  }
  const Strides& strides = factor.x.strides();
  factor.batch = broadcast_strides(batch_of(x), Strides(strides.begin(), strides.end() - 2), batch);
  return factor;
}

Matrix matrix(const Factor& factor, int64_t offset, int64_t batch_stride) {
  return {&factor.x.buffer(), factor.x.offset() + offset, factor.transposed, factor.leading,
          batch_stride};
}

/// out = alpha · op(a) @ op(b) + beta · out.
void run_product(const array& a, bool transpose_a, const array& b, bool transpose_b, float alpha,
                 float beta, const array& out, Queue& queue) {
  const Shape batch = batch_of(out);
  const Factor left = factor_of(a, transpose_a, batch, queue),
               right = factor_of(b, transpose_b, batch, queue);
  const int64_t m = out.shape(-2), n = out.shape(-1), k = a.shape(transpose_a ? -2 : -1);
  const Collapsed loops = collapse_dims(batch, {&left.batch, &right.batch});
  const Shape& shape = loops.shape;
  const size_t inner = shape.size() - 1;
  const int64_t repeats = out.size() / (m * n * shape[inner]);
  for (int64_t i = 0; i < repeats; ++i) {
    int64_t at_a = 0, at_b = 0, rest = i;
    for (size_t axis = inner; axis-- > 0; rest /= shape[axis]) {
      at_a += rest % shape[axis] * loops.strides[0][axis];
      at_b += rest % shape[axis] * loops.strides[1][axis];
    }
    const int64_t count = shape[inner];
    const bool once = count == 1;
    const Product product{out.dtype(),
                          count,
                          m,
                          n,
                          k,
                          matrix(left, at_a, once ? 0 : loops.strides[0][inner]),
                          matrix(right, at_b, once ? 0 : loops.strides[1][inner]),
                          {&out.buffer(), out.offset() + i * count * m * n, false, n, m * n},
                          alpha,
                          beta};
    if (!can_multiply(queue, product)) {
      const Capabilities& facts = queue.device().facts();
      if (out.dtype() == float64 && !facts.fp64)
        fail<std::runtime_error>("matmul", "float64 needs the extension cl_khr_fp64, which ",
                                 facts.name, " (", facts.platform, ") lacks.");
      fail<std::runtime_error>("matmul", "no library here multiplies ", out.dtype().name(),
                               " matrices.");
    }
    multiply(queue, product);
  }
}

/// Work in element operations: a library does some sixteen multiplications in the time of one of
/// those.
size_t product_work(const array& a, bool transpose_a, const array& out) {
  return size_t(out.size()) * (1 + size_t(a.shape(transpose_a ? -2 : -1)) / 16);
}

array product(const array& a, bool transpose_a, const array& b, bool transpose_b,
              const StreamOrDevice& s = {});

array conjugated(const array& x) {
  return x.dtype().is_complex() ? conjugate(x) : x;
}

array as_matrix(const array& x) {
  return reshape(x, {-1, x.shape(-1)});
}

/// Cotangent of op(a) in op(a) @ op(b), laid out as a.
array left_cotangent(const array& g, const array& a, bool transpose_a, const array& b,
                     bool transpose_b) {
  const array other = conjugated(b);
  const array result =
      transpose_a ? product(other, transpose_b, g, true) : product(g, false, other, !transpose_b);
  return unbroadcast(result, a.shape(), a.dtype());
}

array right_cotangent(const array& g, const array& a, bool transpose_a, const array& b,
                      bool transpose_b) {
  const array other = conjugated(a);
  // Weights shared by a batch: one product over all rows instead of a batch of them and a sum.
  if (b.ndim() == 2 && g.ndim() > 2 && !transpose_a && batch_of(a) == batch_of(g)) {
    const array rows = as_matrix(other), cotangents = as_matrix(g);
    return transpose_b ? product(cotangents, true, rows, false)
                       : product(rows, true, cotangents, false);
  }
  const array result =
      transpose_b ? product(g, true, other, transpose_a) : product(other, !transpose_a, g, false);
  return unbroadcast(result, b.shape(), b.dtype());
}

/// op(a) @ op(b) of two operands of one dtype with at least two axes.
class Matmul final : public Primitive {
 public:
  Matmul(bool transpose_a, bool transpose_b)
      : transpose_a_(transpose_a), transpose_b_(transpose_b) {}
  const char* name() const override { return "Matmul"; }
  void fields(Fields& f) override {
    f.field("transpose_a", transpose_a_);
    f.field("transpose_b", transpose_b_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    outputs[0].allocate(queue);
    if (outputs[0].size() == 0) return;
    run_product(inputs[0], transpose_a_, inputs[1], transpose_b_, 1, 0, outputs[0], queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array &a = primals[0], &b = primals[1], &g = cotangents[0];
    Arrays result;
    for (const int i : argnums)
      result.push_back(i == 0 ? left_cotangent(g, a, transpose_a_, b, transpose_b_)
                              : right_cotangent(g, a, transpose_a_, b, transpose_b_));
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    std::optional<array> total;
    for (size_t i = 0; i < argnums.size(); ++i) {
      const bool left = argnums[i] == 0;
      const array part = product(left ? tangents[i] : primals[0], transpose_a_,
                                 left ? primals[1] : tangents[i], transpose_b_);
      total = total ? *total + part : part;
    }
    return {*total};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const Arrays aligned = align_batch(inputs, axes);
    return {{product(aligned[0], transpose_a_, aligned[1], transpose_b_)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {product_shape(inputs[0], transpose_a_, inputs[1], transpose_b_)};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const override {
    return product_work(inputs[0], transpose_a_, outputs[0]);
  }
  /// A few rows times several large matrices, each read once.
  static bool eval_together(const Nodes& nodes, Queue& queue) {
    const array& a = nodes[0]->inputs[0];
    if (&a.buffer().device() != &queue.device() || nodes.size() > most_together) return false;
    std::vector<Factor> factors;  // hold what the products refer to
    std::vector<Product> products;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto& each = static_cast<const Matmul&>(*nodes[i]->primitive);
      const array& b = nodes[i]->inputs[1];
      const int64_t k = b.shape(each.transpose_b_ ? -1 : -2), n = nodes[i]->shape.back();
      // All of a is rows of one matrix.
      if (each.transpose_a_ || b.ndim() != 2 || !a.is_row_contiguous() || k == 0 || n == 0 ||
          a.size() > most_few_rows * k || &b.buffer().device() != &queue.device())
        return false;
      factors.push_back(factor_of(b, each.transpose_b_, {}, queue));
      products.push_back({a.dtype(),
                          1,
                          a.size() / k,
                          n,
                          k,
                          {&a.buffer(), a.offset(), false, k, 0},
                          matrix(factors.back(), 0, 0),
                          {nullptr, 0, false, n, 0}});
    }
    if (!can_multiply_together(queue, products)) return false;
    for (size_t i = 0; i < nodes.size(); ++i) {
      array out{Ref<Node>(nodes[i])};
      out.allocate(queue);
      products[i].c.buffer = &out.buffer();
    }
    multiply_together(queue, products);
    return true;
  }

 private:
  bool transpose_a_, transpose_b_;
};

array product(const array& a, bool transpose_a, const array& b, bool transpose_b,
              const StreamOrDevice& s) {
  Shape shape = product_shape(a, transpose_a, b, transpose_b);
  if (a.shape(transpose_a ? -2 : -1) == 0) return zeros(std::move(shape), a.dtype(), s);
  return array(std::move(shape), a.dtype(), make_ref<Matmul>(transpose_a, transpose_b), {a, b},
               to_stream(s));
}

array add_product(const array& c, const array& a, const array& b, float alpha, float beta,
                  const StreamOrDevice& s = {});

/// alpha · (a @ b) + beta · c for operands of one dtype; c broadcasts to the product.
class AddMM final : public Primitive {
 public:
  AddMM(float alpha, float beta) : alpha_(alpha), beta_(beta) {}
  const char* name() const override { return "AddMM"; }
  void fields(Fields& f) override {
    f.field("alpha", alpha_);
    f.field("beta", beta_);
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    const array& c = inputs[0];
    array& out = outputs[0];
    if (c.is_row_contiguous() && c.shape() == out.shape() && c.is_donatable()) {
      out.share(c, c.strides(), c.offset());
    } else {
      out.allocate(queue);
      if (beta_ != 0 && out.size() > 0) copy_into(c, out, queue);
    }
    if (out.size() > 0) run_product(inputs[1], false, inputs[2], false, alpha_, beta_, out, queue);
  }
  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>& argnums,
             const Arrays&) override {
    const array &c = primals[0], &a = primals[1], &b = primals[2], &g = cotangents[0];
    const auto scaled = [](const array& x, float factor) {
      return factor == 1 ? x : x * double(factor);
    };
    Arrays result;
    for (const int i : argnums) {
      if (i == 0) result.push_back(scaled(unbroadcast(g, c.shape(), c.dtype()), beta_));
      if (i == 1) result.push_back(scaled(left_cotangent(g, a, false, b, false), alpha_));
      if (i == 2) result.push_back(scaled(right_cotangent(g, a, false, b, false), alpha_));
    }
    return result;
  }
  Arrays jvp(const Arrays& primals, const Arrays& tangents,
             const std::vector<int>& argnums) override {
    std::optional<array> total;
    for (size_t i = 0; i < argnums.size(); ++i) {
      const array& t = tangents[i];
      array part = argnums[i] == 0 ? t * double(beta_)
                                   : (argnums[i] == 1 ? product(t, false, primals[2], false)
                                                      : product(primals[1], false, t, false)) *
                                         double(alpha_);
      total = total ? *total + part : part;
    }
    return {broadcast_to(*total, output_shapes(primals)[0])};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const Arrays x = align_batch(inputs, axes);
    // A batched c under unbatched factors: the product is made once.
    if (axes[1] < 0 && axes[2] < 0)
      return {{x[0] * double(beta_) + product(x[1], false, x[2], false) * double(alpha_)}, {0}};
    return {{add_product(x[0], x[1], x[2], alpha_, beta_)}, {0}};
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    return {product_shape(inputs[1], false, inputs[2], false)};
  }
  size_t work(const Arrays& inputs, const Arrays& outputs) const override {
    return size_t(outputs[0].size()) + product_work(inputs[1], false, outputs[0]);
  }

 private:
  float alpha_, beta_;
};

array add_product(const array& c, const array& a, const array& b, float alpha, float beta,
                  const StreamOrDevice& s) {
  Shape shape = product_shape(a, false, b, false);
  if (a.shape(-1) == 0) return broadcast_to(c * double(beta), shape, s);
  return array(std::move(shape), a.dtype(), make_ref<AddMM>(alpha, beta), {c, a, b}, to_stream(s));
}

/// Makes vectors matrices and checks that the inner sizes meet.
struct Factors {
  array a, b;
  bool row, column;  ///< a was, b was a vector
};

Factors factors(const char* op, const array& a, const array& b, Dtype dtype,
                const StreamOrDevice& s) {
  if (a.ndim() == 0 || b.ndim() == 0)
    fail(op, "Got 0 dimension input. Inputs must have at least one dimension.");
  Factors f{astype(a, dtype, s), astype(b, dtype, s), a.ndim() == 1, b.ndim() == 1};
  if (f.row) f.a = expand_dims(f.a, {0}, s);
  if (f.column) f.b = expand_dims(f.b, {1}, s);
  if (f.a.shape(-1) != f.b.shape(-2))
    fail(op, "Last dimension of first input with shape ", to_string(a.shape()),
         " must match second to last dimension of second input with shape ", to_string(b.shape()),
         ".");
  return f;
}

array without_vectors(const array& x, const Factors& f, const StreamOrDevice& s) {
  if (!f.row && !f.column) return x;
  Axes axes;
  if (f.row) axes.push_back(-2);
  if (f.column) axes.push_back(-1);
  return squeeze(x, axes, s);
}

}  // namespace

array matmul(const array& a, const array& b, StreamOrDevice s) {
  const Dtype dtype = a.dtype() == b.dtype() ? a.dtype() : promote(a.dtype(), b.dtype());
  if (a.ndim() > 0 && b.ndim() > 0 && !dtype.is_inexact())
    fail("matmul", "Only inexact types are supported but ", a.dtype().name(), " and ",
         b.dtype().name(), " were provided which results in ", dtype.name(),
         ", which is not a floating point type.");
  const Factors f = factors("matmul", a, b, dtype, s);
  return without_vectors(product(f.a, false, f.b, false, s), f, s);
}

array addmm(const array& c, const array& a, const array& b, float alpha, float beta,
            StreamOrDevice s) {
  const Dtype dtype = promote(promote(a.dtype(), b.dtype()), c.dtype());
  if (!dtype.is_inexact())
    fail("addmm", "Only real floating point types are supported but ", c.dtype().name(), ", ",
         a.dtype().name(), " and ", b.dtype().name(), " were provided which results in ",
         dtype.name(), ", which is not a real floating point type.");
  const Factors f = factors("addmm", a, b, dtype, s);
  // The axis of a vector factor vanishes from the result; c is given for the result.
  array addend = astype(c, dtype, s);
  if (f.column && addend.ndim() > 0) addend = expand_dims(addend, {-1}, s);
  if (f.row && addend.ndim() > (f.column ? 1 : 0)) addend = expand_dims(addend, {-2}, s);
  const Shape shape = product_shape(f.a, false, f.b, false);
  if (broadcast(addend.shape(), shape) != shape)
    fail("addmm", "input c must broadcast to the output shape.");
  return without_vectors(add_product(addend, f.a, f.b, alpha, beta, s), f, s);
}

static const Together matmuls(typeid(Matmul), most_together, Matmul::eval_together);
static const Registered<Matmul> matmul_class("Matmul", false, false);
static const Registered<AddMM> addmm_class("AddMM", 1.0f, 1.0f);

}  // namespace mlx
