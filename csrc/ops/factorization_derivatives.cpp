// Derivatives of inverses, solutions, determinants and triangular factorisations. X̄ is the
// cotangent of X; the rules follow M. Giles, "Collected matrix derivative results for forward and
// reverse mode algorithmic differentiation" (2008) where no other source is named.
#include "ops/creation.h"
#include "ops/factorization.h"
#include "ops/indexing.h"
#include "ops/linalg.h"
#include "ops/matrix_calculus.h"
#include "ops/reduce.h"

namespace mlx::linalg {

array along(const array& x, int axis, int start, int stop) {
  Shape from(x.ndim(), 0), to = x.shape();
  from[x.ndim() + axis] = start, to[x.ndim() + axis] = stop;
  return slice(x, from, to);
}

array unit_like(const array& a) {
  return eye(a.shape(-1), {}, 0, a.dtype());
}

namespace {

array triangle(const array& a, bool upper) {
  return upper ? triu(a) : tril(a);
}
array trace_of_products(const array& a, const array& b) {
  return sum(a * b, Axes{-1, -2}, true);
}
/// x with x @ Tᵀ = a, or Tᵀ @ x = a, for triangular T.
array over_transpose(const array& a, const array& t, bool upper) {
  return product(a, transposed(tri_inv(t, upper)));
}
array under_transpose(const array& t, const array& a, bool upper) {
  return product(transposed(tri_inv(t, upper)), a);
}

}  // namespace

// Y = A⁻¹: Ā = -Yᴴ Ȳ Yᴴ.
Arrays pull_inverse(const Applied& of) {
  const array y = adjoint(of.outputs[0]);
  return {-product(y, of.cotangents[0], y)};
}

Arrays pull_triangular_inverse(const Applied& of) {
  const array y = transposed(of.outputs[0]);
  return {-triangle(product(y, of.cotangents[0], y), of.options.upper)};
}

// A X = B: B̄ = A⁻ᵀ X̄ and Ā = -B̄ Xᵀ.
Arrays pull_solution(const Applied& of) {
  const array right = solve(transposed(of.inputs[0]), of.cotangents[0]);
  return {-product(right, transposed(of.outputs[0])), right};
}

// The adjugate's transpose, which singular matrices have, too.
Arrays pull_determinant(const Applied& of) {
  const array others = factorize_alike(cofactors, {}, of.inputs[0], {});
  return {expand_dims(of.cotangents[0], {-1, -2}) * others};
}

// log |det A|: A⁻ᵀ. The sign is constant.
Arrays pull_logarithm(const Applied& of) {
  return {expand_dims(of.cotangents[1], {-1, -2}) * transposed(inv(of.inputs[0]))};
}

// C = det A · A⁻ᵀ: from dC = tr(A⁻¹ dA) C - A⁻ᵀ dAᵀ C. Only of regular matrices.
Arrays pull_cofactors(const Applied& of) {
  const array &c = of.outputs[0], &g = of.cotangents[0];
  return {product(trace_of_products(g, c) * unit_like(c) - product(c, transposed(g)),
                  transposed(inv(of.inputs[0])))};
}

// G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
// problems whose variables separate" (1973): dP = -P dA P + P Pᵀ dAᵀ (I - A P) + (I - P A) dAᵀ Pᵀ
// P, where the rank is constant.
Arrays pull_pseudo_inverse(const Applied& of) {
  const array &a = of.inputs[0], &p = of.outputs[0], pt = transposed(p),
              gt = transposed(of.cotangents[0]);
  const array outside_range = product(gt, p, pt) - product(a, p, gt, p, pt);
  const array outside_rows = product(pt, p, gt) - product(pt, p, gt, p, a);
  return {outside_range + outside_rows - product(pt, of.cotangents[0], pt)};
}

// I. Murray, "Differentiation of the Cholesky decomposition" (2016), eq. 10: S = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹,
// where Φ takes the lower triangle and halves the diagonal. The gradient among symmetric matrices
// is the symmetric part.
Arrays pull_cholesky(const Applied& of) {
  const array l = of.options.upper ? transposed(of.outputs[0]) : of.outputs[0];
  const array g = of.options.upper ? transposed(of.cotangents[0]) : of.cotangents[0];
  const array inside = product(transposed(l), g), inverse = tri_inv(l);
  const array half = tril(inside) - unit_like(inside) * inside * 0.5;
  return {symmetric_part(product(transposed(inverse), half, inverse))};
}

// Y = (L Lᵀ)⁻¹, or (Uᵀ U)⁻¹: with M = -Y Ȳ Y, L̄ = (M + Mᵀ) L and Ū = U (M + Mᵀ), triangles of them.
Arrays pull_cholesky_inverse(const Applied& of) {
  const array& y = of.outputs[0];
  const array twice = product(y, symmetric_part(of.cotangents[0]), y) * -2;
  const array factor = triangle(of.inputs[0], of.options.upper);
  return {triangle(of.options.upper ? product(factor, twice) : product(twice, factor),
                   of.options.upper)};
}

// M. Seeger et al., "Auto-differentiating linear algebra" (2017), and for wide matrices H. Liao et
// al., "Differentiable programming tensor networks" (2019): the columns behind the square part are
// Q times those of R.
Arrays pull_qr(const Applied& of) {
  const array &a = of.inputs[0], &q = of.outputs[0];
  const int k = q.shape(-1), n = a.shape(-1);
  const array r = along(of.outputs[1], -1, 0, k), r_cotangent = along(of.cotangents[1], -1, 0, k);
  array q_cotangent = of.cotangents[0];
  const array rest = along(of.cotangents[1], -1, k, n);
  if (n > k) q_cotangent = q_cotangent + product(along(a, -1, k, n), transposed(rest));
  const array m = product(r, transposed(r_cotangent)) - product(transposed(q_cotangent), q);
  const array lower = tril(m), mirrored = lower + transposed(tril(m, -1));
  const array square = over_transpose(q_cotangent + product(q, mirrored), r, true);
  return {n > k ? concatenate({square, product(q, rest)}, -1) : square};
}

// Of the rows in the order that makes them L U, both packed in one matrix. For square ones dL = L
// tril₋₁(M) and dU = triu(M) U with M = L⁻¹ dA U⁻¹ (F. de Hoog, R. Anderssen and M. Lukas,
// "Differentiation of matrix functionals using triangular factorization", 2011); the rows below are
// A U⁻¹, the columns behind L⁻¹ A.
Arrays pull_lu(const Applied& of) {
  const array &packed = of.outputs[0], &g = of.cotangents[0];
  const int m = packed.shape(-2), n = packed.shape(-1), k = std::min(m, n);
  const auto square = [&](const array& x) { return along(along(x, -2, 0, k), -1, 0, k); };
  const array l = tril(square(packed), -1) + unit_like(square(packed)), u = triu(square(packed));
  array l_cotangent = tril(square(g), -1), u_cotangent = triu(square(g)), result = packed;
  std::optional<array> below, behind;
  if (m > k) {
    below = over_transpose(along(g, -2, k, m), u, true);
    u_cotangent = u_cotangent - product(transposed(along(packed, -2, k, m)), *below);
  }
  if (n > k) {
    behind = under_transpose(l, along(g, -1, k, n), false);
    l_cotangent = l_cotangent - product(*behind, transposed(along(packed, -1, k, n)));
  }
  const array inside =
      tril(product(transposed(l), l_cotangent), -1) + triu(product(u_cotangent, transposed(u)));
  result = over_transpose(under_transpose(l, inside, false), u, true);
  if (below) result = concatenate({result, *below}, -2);
  if (behind) result = concatenate({result, *behind}, -1);
  return {take_along_axis(result,
                          broadcast_to(as_rows(stop_gradient(of.outputs[2])), result.shape()), -2)};
}

}  // namespace mlx::linalg
