// The primitive of all factorisations: LAPACK in queue order, a matrix at a time.
#include "ops/factorization.h"

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "cl/lapack.h"
#include "graph/copy.h"
#include "graph/registry.h"
#include "ops/linalg.h"
#include "ops/shape.h"

namespace mlx::linalg {
namespace {

const Routine* const routines[] = {
    &inverse,    &triangular_inverse, &cholesky_factor, &cholesky_inverse,
    &qr_factors, &singular_values,    &eigenvalues,     &hermitian_eigenvalues,
    &lu_factors, &solution,           &determinant,     &sign_and_logarithm,
    &cofactors,  &pseudo_inverse};

class Factorization final : public Primitive {
 public:
  Factorization(const Routine& routine, MatrixOptions options, std::vector<Shape> shapes,
                std::vector<Dtype> dtypes)
      : routine_(&routine),
        options_(options),
        shapes_(std::move(shapes)),
        dtypes_(std::move(dtypes)) {}
  const char* name() const override { return routine_->name; }
  void fields(Fields& f) override {
    int routine =
        int(std::find(std::begin(routines), std::end(routines), routine_) - std::begin(routines));
    std::vector<int> dtypes;
    for (const Dtype dtype : dtypes_) dtypes.push_back(dtype.id());
    f.field("routine", routine);
    f.field("upper", options_.upper);
    f.field("vectors", options_.vectors);
    f.field("shapes", shapes_);
    f.field("dtypes", dtypes);
    if (routine < 0 || routine >= int(std::size(routines)))
      fail<std::runtime_error>("import_function", "there is no factorisation ", routine, ".");
    routine_ = routines[routine];
    dtypes_.clear();
    for (const int id : dtypes) dtypes_.push_back(dtype_numbered(id));
  }
  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override;
  Arrays vjp(const Arrays&, const Arrays&, const std::vector<int>&, const Arrays&) override;
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override;
  /// Eigenvalues and -vectors follow the matrix; the others are refused, as in MLX.
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    if (!follows()) return Primitive::output_shapes(inputs);
    Shape values = inputs[0].shape();
    values.erase(values.end() - 1);
    return options_.vectors ? std::vector<Shape>{values, inputs[0].shape()}
                            : std::vector<Shape>{values};
  }
  void check(const Arrays& inputs, const std::vector<Shape>& shapes,
             const std::vector<Dtype>& dtypes) const;
  /// Cubic in the size, and never a matter of microseconds.
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * size_t(std::max(1, inputs[0].shape(-1)));
  }

 private:
  bool follows() const { return routine_ == &eigenvalues || routine_ == &hermitian_eigenvalues; }
  /// The shapes of a matrix' results, also for matrices of another size than the recorded ones.
  std::vector<Shape> shapes_for(const array& matrices) const {
    if (!follows()) return shapes_;
    const int32_t n = matrices.shape(-1);
    return options_.vectors ? std::vector<Shape>{{n}, {n, n}} : std::vector<Shape>{{n}};
  }
  const Routine* routine_;
  MatrixOptions options_;
  std::vector<Shape> shapes_;
  std::vector<Dtype> dtypes_;
};

MatrixRoutine routine_for(const Routine& routine, Dtype dtype) {
  return dtype == float32 ? routine.single : dtype == float64 ? routine.twice : routine.complex;
}

void Factorization::eval(const Arrays& given, Arrays& outputs, Queue& queue) {
  Arrays inputs;
  std::vector<Buffer*> reads, writes;
  std::vector<Ref<Buffer>> kept;  // until the native work has run
  for (const array& x : given) inputs.push_back(contiguous_copy(x, queue));
  for (array& y : outputs) y.allocate(queue);
  for (const array& x : inputs) reads.push_back(&x.buffer()), kept.emplace_back(&x.buffer());
  for (const array& y : outputs) writes.push_back(&y.buffer()), kept.emplace_back(&y.buffer());
  const int m = inputs[0].shape(-2), n = inputs[0].shape(-1);
  int64_t batch = 1;
  for (int i = 0; i < inputs[0].ndim() - 2; ++i) batch *= inputs[0].shape(i);
  if (batch == 0) return;
  struct Part {
    Buffer* buffer;
    int64_t offset, step;  ///< bytes
  };
  const auto part = [&](const array& x) {
    return Part{&x.buffer(), x.offset() * x.itemsize(), x.nbytes() / batch};
  };
  std::vector<Part> from, to;
  std::vector<Shape> shapes;
  for (const array& x : inputs) from.push_back(part(x)), shapes.push_back(x.shape());
  for (const array& y : outputs) to.push_back(part(y));
  const MatrixRoutine run = routine_for(*routine_, inputs[0].dtype());
  queue.native(
      name(),
      [=, kept = std::move(kept), options = options_] {
        for (int64_t i = 0; i < batch; ++i) {
          const auto address = [i](const Part& p) {
            return static_cast<char*>(p.buffer->raw()) + p.offset + i * p.step;
          };
          std::vector<const void*> sources;
          std::vector<void*> results;
          for (const Part& p : from) sources.push_back(address(p));
          for (const Part& p : to) results.push_back(address(p));
          run(m, n, sources, results, shapes, options);
        }
      },
      reads, writes);
}

Arrays Factorization::vjp(const Arrays& primals, const Arrays& cotangents,
                          const std::vector<int>& argnums, const Arrays& outputs) {
  const Arrays all = routine_->pullback({primals, outputs, cotangents, options_});
  Arrays result;
  for (const int i : argnums) result.push_back(all[i]);
  return result;
}

std::pair<Arrays, std::vector<int>> Factorization::vmap(const Arrays& inputs,
                                                        const std::vector<int>& axes) {
  Arrays mapped;
  const int size = batch_size(inputs, axes);
  if (routine_ == &solution &&
      axes[0] < 0) {  // one matrix, factored once: the batch becomes further columns
    const array right = moveaxis(inputs[1], axes[1], -2);
    const array x = solve(inputs[0], flatten(right, -2, -1));
    return {{unflatten(x, -1, {size, -1})}, {x.ndim() - 1}};
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    mapped.push_back(batch_first(inputs[i], axes[i], size));
  return {factorize(*routine_, options_, mapped, shapes_for(mapped[0]), dtypes_, {}),
          std::vector<int>(shapes_.size(), 0)};
}

/// The results of one m × n matrix.
std::vector<Shape> results_of(const Routine* routine, const MatrixOptions& options,
                              const Arrays& inputs) {
  const int32_t m = inputs[0].shape(-2), n = inputs[0].shape(-1), k = std::min(m, n);
  if (routine == &qr_factors) return {{m, k}, {k, n}};
  if (routine == &singular_values)
    return options.vectors ? std::vector<Shape>{{m, m}, {k}, {n, n}} : std::vector<Shape>{{k}};
  if (routine == &lu_factors) return {{m, n}, {k}, {m}};
  if (routine == &pseudo_inverse) return {{n, m}};
  if (m != n) return {};
  if (routine == &eigenvalues || routine == &hermitian_eigenvalues)
    return options.vectors ? std::vector<Shape>{{n}, {n, n}} : std::vector<Shape>{{n}};
  if (routine == &solution) return {{n, inputs[1].shape(-1)}};
  if (routine == &determinant) return {Shape{}};
  if (routine == &sign_and_logarithm) return {Shape{}, Shape{}};
  return {{n, n}};
}

/// The dtype of result `i` of `count`.
Dtype dtype_of_result(const Routine* routine, Dtype dtype, size_t i, size_t count) {
  if (routine == &eigenvalues) return complex64;
  if (routine == &lu_factors && i > 0) return uint32;
  const bool values = routine == &singular_values         ? i == 1 || count == 1
                      : routine == &hermitian_eigenvalues ? i == 0
                                                          : false;
  return values && dtype == complex64 ? Dtype(float32) : dtype;
}

void Factorization::check(const Arrays& inputs, const std::vector<Shape>& shapes,
                          const std::vector<Dtype>& dtypes) const {
  const auto require = [&](bool fits) {
    if (!fits) fail<std::runtime_error>("import_function", name(), " does not fit its matrices.");
  };
  for (const array& x : inputs) require(x.ndim() >= 2);
  require(!inputs.empty() && inputs.size() == (routine_ == &solution ? 2 : 1));
  const Dtype dtype = inputs[0].dtype();
  require(dtype == float32 || dtype == float64 || dtype == complex64);
  require(routine_for(*routine_, dtype));
  const Shape batch(inputs[0].shape().begin(), inputs[0].shape().end() - 2);
  if (inputs.size() == 2) {
    Shape right = batch;
    right.push_back(inputs[0].shape(-1)), right.push_back(inputs[1].shape(-1));
    require(inputs[1].shape() == right && inputs[1].dtype() == dtype);
  }
  const std::vector<Shape> results = results_of(routine_, options_, inputs);
  require(!results.empty() && shapes.size() == results.size() && shapes_.size() == results.size() &&
          dtypes_ == dtypes);
  for (size_t i = 0; i < results.size(); ++i) {
    Shape whole = batch;
    whole.insert(whole.end(), results[i].begin(), results[i].end());
    require(whole == shapes[i] && dtypes[i] == dtype_of_result(routine_, dtype, i, results.size()));
    require(shapes_[i] == results[i]);
  }
}

const Registered<Factorization> factorization_class("Factorization", std::ref(inverse),
                                                    MatrixOptions{}, std::vector<Shape>{},
                                                    std::vector<Dtype>{});

}  // namespace

Arrays factorize(const Routine& routine, const MatrixOptions& options, const Arrays& inputs,
                 const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes,
                 const StreamOrDevice& s) {
  lapack::require(routine.name);
  std::vector<Shape> full;
  for (const Shape& shape : shapes) {
    full.emplace_back(inputs[0].shape().begin(), inputs[0].shape().end() - 2);
    full.back().insert(full.back().end(), shape.begin(), shape.end());
  }
  auto primitive = make_ref<Factorization>(routine, options, shapes, dtypes);
  if (shapes.size() == 1)
    return {array(full[0], dtypes[0], std::move(primitive), inputs, to_stream(s))};
  return array::several(std::move(full), dtypes, std::move(primitive), inputs, to_stream(s));
}

void check_factorization(const Primitive& primitive, const Arrays& inputs,
                         const std::vector<Shape>& shapes, const std::vector<Dtype>& dtypes) {
  if (const auto* const found = dynamic_cast<const Factorization*>(&primitive))
    found->check(inputs, shapes, dtypes);
}

array factorize_alike(const Routine& routine, const MatrixOptions& options, const array& a,
                      const StreamOrDevice& s) {
  return factorize(routine, options, {a}, {{a.shape(-2), a.shape(-1)}}, {a.dtype()}, s)[0];
}

}  // namespace mlx::linalg
