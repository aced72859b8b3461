// Derivatives of eigenvalues, singular values and their vectors.
//
// Vectors are determined up to a phase each, and up to a rotation among those of equal values.
// Along these directions the derivatives here are zero: right for whatever does not depend on that
// choice, like sums over equal values and projections on all of their vectors. What tells equal
// values apart (a function V f(Λ) Vᵀ with a slope there) has no derivative through its factors.
#include "ops/creation.h"
#include "ops/factorization.h"
#include "ops/linalg.h"
#include "ops/matrix_calculus.h"
#include "ops/reduce.h"

namespace mlx::linalg {
namespace {

/// 1 / x where `valid`, else 0, and so are its derivatives there.
array inverse_where(const array& valid, const array& x) {
  return where(valid, reciprocal(where(valid, x, 1)), 0);
}

/// Differences of values: column minus row, and which pairs count as different.
struct Gaps {
  array difference, distinct;
};

Gaps gaps_between(const array& values, double tolerance) {
  const array difference = as_columns(values) - as_rows(values), size = abs(values);
  const array scale = expand_dims(max(size, Axes{-1}, true), {-1});
  return {difference, greater(abs(difference), scale * tolerance)};
}

array skew_part(const array& a) {
  return a - adjoint(a);
}
array diagonal_of(const array& a) {
  return linalg::diagonal(a, 0, {});
}
array on_diagonal(const array& values) {
  return as_rows(values) * eye(values.shape(-1), {}, 0, values.dtype());
}

/// x with zeros behind its last axis up to `size`.
array padded_to(const array& x, int size) {
  Shape rest = x.shape();
  rest.back() = size - rest.back();
  return rest.back() ? concatenate({x, zeros(rest, x.dtype())}, -1) : x;
}

/// The cotangent of U Σ Vᴴ, where U and V are square (Seeger et al. 2017, and for complex factors
/// S. Wan and S. Zhang, "Automatic differentiation for complex valued SVD", 2019). With Pᴴ = Vᴴ dAᴴ
/// U, dU = U X and dV = V Y: X and Y are skew, and X Σ + dΣ - Σ Y = P.
array singular_rule(const array& a, const array& u, const array& s, const array& vt,
                    const array& u_cotangent, const array& s_cotangent, const array& vt_cotangent) {
  const int m = u.shape(-1), n = vt.shape(-1), k = s.shape(-1);
  const array v = adjoint(vt), skew_u = skew_part(product(adjoint(u), u_cotangent)),
              skew_v = skew_part(product(vt, adjoint(vt_cotangent)));
  const array is_positive = greater(s, max(s, Axes{-1}, true) * uncertainty(a));
  // Each of X and Y has the factor 1 / (s_j² - s_i²); products with s_j (or s_i) are formed so that
  // nothing underflows.
  const auto weights = [&](int size, bool by_column) {
    const array all = padded_to(s, size), total = as_columns(all) + as_rows(all);
    const Gaps gaps = gaps_between(all, cutoff(a));
    const array share =
        (by_column ? as_columns(all) : as_rows(all)) * inverse_where(gaps.distinct, total);
    return share * inverse_where(gaps.distinct, gaps.difference);
  };
  array middle = on_diagonal(s_cotangent);
  if (a.dtype().is_complex()) {  // what the phases of u and v share
    const array turn =
        (imag(diagonal_of(along(skew_u, -2, 0, k))) - imag(diagonal_of(along(skew_v, -2, 0, k)))) *
        0.25;
    middle = astype(middle, complex64) +
             on_diagonal(astype(turn * inverse_where(is_positive, s), complex64) *
                         array(std::complex<float>(0, 1), complex64));
  }
  const array left = along(skew_u * weights(m, true), -1, 0, k),
              right = along(skew_v * weights(n, false), -2, 0, k);
  const array uk = along(u, -1, 0, k), vk = along(vt, -2, 0, k);
  return product(product(u, left) + product(uk, middle), vk) + product(uk, right, vt);
}

}  // namespace

Arrays pull_singular(const Applied& of) {
  const array& a = of.inputs[0];
  if (of.options.vectors)
    return {singular_rule(a, of.outputs[0], of.outputs[1], of.outputs[2], of.cotangents[0],
                          of.cotangents[1], of.cotangents[2])};
  const Arrays factors = svd(a, true);
  const int k = of.outputs[0].shape(-1);
  return {product(along(factors[0], -1, 0, k) * as_columns(of.cotangents[0]),
                  along(factors[2], -2, 0, k))};
}

// Giles 2008, 3.1: Ā = V (diag λ̄ + F ∘ Vᴴ V̄) Vᴴ with F_ij = 1 / (λ_j - λ_i), of Hermitian matrices
// its Hermitian part.
Arrays pull_hermitian(const Applied& of) {
  const array& a = of.inputs[0];
  if (!of.options.vectors) {
    const array v = eigh(a, of.options.upper ? "U" : "L").second;
    return {product(v * as_columns(of.cotangents[0]), adjoint(v))};
  }
  const array &values = of.outputs[0], &v = of.outputs[1];
  const Gaps gaps = gaps_between(values, cutoff(a));
  const array inside =
      product(adjoint(v), of.cotangents[1]) * inverse_where(gaps.distinct, gaps.difference);
  return {symmetric_part(product(v, inside + on_diagonal(of.cotangents[0]), adjoint(v)))};
}

// C. Boeddeker et al., "On the computation of complex-valued gradients with application to
// statistically optimum beamforming" (2017), for vectors of length 1: Ā = V⁻ᴴ (diag λ̄ + F* ∘ (Vᴴ V̄
// - Vᴴ V Re diag(Vᴴ V̄))) Vᴴ.
Arrays pull_eigen(const Applied& of) {
  const array& a = of.inputs[0];
  const auto [values, v] = of.options.vectors ? std::pair(of.outputs[0], of.outputs[1]) : eig(a);
  const array vh = adjoint(v), inverse_h = adjoint(factorize_alike(inverse, {}, v, {}));
  array inside = on_diagonal(of.cotangents[0]);
  if (of.options.vectors) {
    const Gaps gaps = gaps_between(values, std::max(cutoff(a), cutoff(v)));
    const array pulled = product(vh, of.cotangents[1]);
    const array kept =
        pulled - product(vh, v) * as_columns(astype(real(diagonal_of(pulled)), complex64));
    inside = inside + kept * conjugate(inverse_where(gaps.distinct, gaps.difference));
  }
  return {as_dtype(product(inverse_h, inside, vh), a.dtype())};
}

}  // namespace mlx::linalg
