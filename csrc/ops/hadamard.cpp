// Hadamard transforms: products with small Hadamard matrices along the factors of the last axis.
#include <bit>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "graph/deferred.h"
#include "ops/elementwise.h"
#include "ops/gather_mm.h"
#include "ops/matmul.h"
#include "ops/shape.h"

namespace mlx {
namespace {

// Orders 20 and 28 consist of 4 × 4 circulant blocks, given by their first rows (N. J. A. Sloane,
// "A library of Hadamard matrices").
constexpr std::string_view blocks20[] = {"+----", "-++++", "--++-", "-+--+", "+----", "+----",
                                         "+-++-", "--++-", "++--+", "-+--+", "+----", "+----",
                                         "+-++-", "++--+", "-++++", "+----"};
constexpr std::string_view blocks28[] = {
    "+------", "--++++-", "-+-++-+", "-++--++", "++----+", "+------", "+--++--", "-+-++-+",
    "+-+--+-", "-++--++", "+------", "++----+", "+--++--", "+-+--+-", "--++++-", "+------"};
constexpr int largest_power = 64;  ///< of two, whose matrix is multiplied with at once

using Signs = std::vector<float>;  ///< a square matrix by rows

Signs circulant(const std::string_view* blocks) {
  const size_t side = blocks[0].size(), n = 4 * side;
  Signs signs(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      const std::string_view row = blocks[i / side * 4 + j / side];
      signs[i * n + j] = row[(j % side + side - i % side) % side] == '+' ? 1 : -1;
    }
  return signs;
}

/// Order 12, from the quadratic residues of the field of five elements (Paley's second
/// construction).
Signs paley12() {
  constexpr int residue[] = {0, 1, -1, -1, 1};
  constexpr int diagonal[2][2] = {{1, -1}, {-1, -1}}, other[2][2] = {{1, 1}, {1, -1}};
  Signs signs(144);
  for (int i = 0; i < 12; ++i)
    for (int j = 0; j < 12; ++j) {
      const int p = i / 2, q = j / 2, sign = p == 0 || q == 0 ? 1 : residue[(p - q + 5) % 5];
      signs[i * 12 + j] = float(p == q ? diagonal[i % 2][j % 2] : sign * other[i % 2][j % 2]);
    }
  return signs;
}

Signs power_of_two(int n) {
  Signs signs;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) signs.push_back(std::popcount(unsigned(i & j)) % 2 ? -1 : 1);
  return signs;
}

Arrays transformed_rows(const Arrays& inputs, double scale) {
  return {hadamard_transform(inputs[0],
                             std::isnan(scale) ? std::nullopt : std::optional(float(scale)))};
}

}  // namespace

array hadamard_transform(const array& a, std::optional<float> scale, StreamOrDevice s) {
  if (a.size() == 0) fail("hadamard_transform", "Does not support empty arrays.");
  if (a.dtype() == float64) fail("hadamard_transform", "float64 is not supported.");
  const Dtype dtype = a.dtype().is_floating() ? a.dtype() : float32;
  const int n = a.ndim() == 0 ? 1 : a.shape(-1);
  const int power = n & -n, odd = n / power;
  const int order = odd == 1 ? 1 : 4 * odd;  // 12, 20 and 28 are four times an odd number
  if ((odd != 1 && odd != 3 && odd != 5 && odd != 7) || n % order != 0)
    fail("hadamard", "Only supports n = m*2^k where m in (1, 12, 20, 28).");
  if (follows_shape(a))
    return deferred<&transformed_rows>({a}, s, scale ? double(*scale) : std::nan(""));
  array x = astype(a, float32, s);
  // The matrix is a Kronecker product; each factor multiplies an axis of its own, brought to the
  // end and turned by.
  const auto multiply_by = [&](const Signs& signs, int side) {
    const array matrix = array::from_host(signs.data(), {side, side}, float32);
    const array rows = swapaxes(reshape(x, {-1, side, n / side}, s), -1, -2, s);
    x = matmul(rows, matrix, s);  // (…, n / side, side): the next factor is in front
  };
  if (odd == 3) multiply_by(paley12(), 12);
  if (odd == 5) multiply_by(circulant(blocks20), 20);
  if (odd == 7) multiply_by(circulant(blocks28), 28);
  for (int rest = n / order; rest > 1;) {
    const int side = rest < largest_power ? rest : largest_power;
    multiply_by(power_of_two(side), side);
    rest /= side;
  }
  const double factor = scale ? double(*scale) : 1 / std::sqrt(double(n));
  return astype(multiply(reshape(x, a.shape(), s), array(factor, float32), s), dtype, s);
}

static const Registered<DeferredCall<&transformed_rows>> hadamard_class("Hadamard", 0.0);

}  // namespace mlx
