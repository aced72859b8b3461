// Hadamard transforms: a primitive whose kernel multiplies rows by a Hadamard matrix, factor by
// factor.
#include <bit>
#include <cmath>
#include <string_view>

#include "base/error.h"
#include "graph/copy.h"
#include "graph/deferred.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/elementwise.h"
#include "ops/gather_mm.h"
#include "ops/rows.h"
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

/// n = order · inner, `inner` a power of two.
struct Factors {
  int order, inner;
};

Factors factors_of(int n) {
  const int power = n & -n, odd = n / power;
  const int order = odd == 1 ? 1 : 4 * odd;  // 12, 20 and 28 are four times an odd number
  if ((odd != 1 && odd != 3 && odd != 5 && odd != 7) || n % order != 0)
    fail("hadamard", "Only supports n = m*2^k where m in (1, 12, 20, 28).");
  return {order, n / order};
}

/// The matrix whose rows the kernel adds up.
Signs matrix_of(int order, bool transposed) {
  const Signs signs = order == 12   ? paley12()
                      : order == 20 ? circulant(blocks20)
                      : order == 28 ? circulant(blocks28)
                                    : Signs{1};
  if (!transposed) return signs;
  Signs turned(signs.size());
  for (int i = 0; i < order; ++i)
    for (int j = 0; j < order; ++j) turned[j * order + i] = signs[i * order + j];
  return turned;
}

int last_axis(const array& a) {
  return a.ndim() == 0 ? 1 : a.shape(-1);
}

class Hadamard final : public Primitive {
 public:
  /// `scale` NaN stands for that which makes the transform orthogonal.
  Hadamard(double scale, bool transposed) : scale_(scale), transposed_(transposed) {}
  const char* name() const override { return "Hadamard"; }
  void fields(Fields& f) override {
    f.field("scale", scale_);
    f.field("transposed", transposed_);
  }
  static array make(const array& x, double scale, bool transposed, const StreamOrDevice& s) {
    return array(x.shape(), x.dtype(), make_ref<Hadamard>(scale, transposed), {x}, to_stream(s));
  }
  std::vector<Shape> output_shapes(const Arrays& inputs) const override {
    const Dtype dtype = inputs[0].dtype();
    if (!dtype.is_floating() || dtype == float64) fail(name(), dtype.name(), " is not supported.");
    factors_of(last_axis(inputs[0]));
    return {inputs[0].shape()};
  }
  size_t work(const Arrays& inputs, const Arrays&) const override {
    return size_t(inputs[0].size()) * size_t(std::bit_width(unsigned(last_axis(inputs[0]))));
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    const bool dying = inputs[0].is_donatable();
    const array x = contiguous_copy(inputs[0], queue);
    // A row is read as a whole before it is written.
    if (dying || !x.same(inputs[0]))
      out.share(x, x.strides(), x.offset());
    else
      out.allocate(queue);
    const int64_t n = last_axis(x), rows = x.size() / n;
    const auto [order, inner] = factors_of(int(n));
    RowLaunch shape(queue, rows, n);
    const bool in_place = x.dtype() == float32;
    Defines defines{{"T", x.dtype()}, {"ODD_ORDER", order}};
    if (!in_place) defines.emplace_back("IN_STRIPS", 1);
    const array strips = array::scratch(
        in_place ? Shape{1} : Shape{int32_t(shape.items), int32_t(n)}, float32, queue);
    const array signs =
        array::from_host(matrix_of(order, transposed_).data(), {order, order}, float32);
    const double factor = std::isnan(scale_) ? 1 / std::sqrt(double(n)) : scale_;
    Launch step(queue, shape.kernel(queue, "hadamard", "hadamard_rows", defines));
    shape.shape(step)
        .moving(size_t(2 * out.nbytes()))
        .with(reads(x), reads(signs), writes(strips), writes(out), rows, n, int64_t(inner),
              float(factor));
  }

  Arrays vjp(const Arrays&, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    return {make(cotangents[0], scale_, !transposed_, {})};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {make(tangents[0], scale_, transposed_, {})};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const array x = moveaxis(inputs[0], axes[0], 0);
    if (x.ndim() == 1)  // rows of one element
      return {{squeeze(make(expand_dims(x, {-1}), scale_, transposed_, {}), Axes{-1})}, {0}};
    return {{make(x, scale_, transposed_, {})}, {0}};
  }

 private:
  double scale_;
  bool transposed_;
};

}  // namespace

array hadamard_transform(const array& a, std::optional<float> scale, StreamOrDevice s) {
  if (a.size() == 0) fail("hadamard_transform", "Does not support empty arrays.");
  factors_of(last_axis(a));
  if (last_axis(a) == 1 && scale.value_or(1) == 1 && !follows_shape(a)) return a;
  if (a.dtype() == float64) fail("hadamard_transform", "float64 is not supported.");
  const Dtype dtype = a.dtype().is_floating() ? a.dtype() : float32;
  return Hadamard::make(astype(a, dtype, s), scale ? double(*scale) : std::nan(""), false, s);
}

static const Registered<Hadamard> hadamard_class("Hadamard", 0.0, false);

}  // namespace mlx
