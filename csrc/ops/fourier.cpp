// The primitive behind every Fourier transform: direct, in two steps for long ones, by convolution
// for large primes.
#include "ops/fourier.h"

#include <algorithm>
#include <bit>

#include "cl/group_sizes.h"
#include "graph/copy.h"
#include "graph/primitive.h"
#include "graph/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/fourier_tables.h"
#include "ops/shape.h"

namespace mlx::fft {
static Names names_of(Ends) {
  static constexpr const char* names[] = {"complex", "real", "hermitian"};
  return names;
}

namespace {

// The longest transform that a work-item does in one go; its scratch memory should fit a core's
// cache.
constexpr int64_t direct_limit = 4096;
// Fewer rows than this leave lanes idle, so that two steps pay from a smaller length on.
constexpr int64_t few_rows = 16, split_from = 256;

int lanes_of(const Capabilities& facts) {
  return facts.is_cpu ? 16 : group_of(facts, 32);
}

/// How one end of a launch lies in memory, in elements.
struct End {
  int64_t outer, lane, index, count;
};

struct Pass {
  int64_t outer, lanes, n;
  int64_t length;  ///< of the stages, above n in a convolution, n / 2 where halves()
  End in, out;
  bool swap_in, swap_out;
  float scale;
  const char* factors;  ///< what the tables are for, a macro of the kernel's, or null
  const Factors* tables;
};

/// Two neighbours of real numbers are one of a complex transform of half the length.
bool halves(Ends ends, Dtype given, int64_t n) {
  return n % 2 == 0 && (ends == Ends::hermitian || (ends == Ends::real && given == float32));
}

void enqueue(const Pass& pass, const array& x, const array& y, Ends ends, Queue& queue) {
  Device& device = queue.device();
  const Capabilities& facts = device.facts();
  Defines defines;
  if (x.dtype() == float32) defines.emplace_back("IN_REAL", 1);
  if (y.dtype() == float32) defines.emplace_back("OUT_REAL", 1);
  if (ends == Ends::hermitian) defines.emplace_back("IN_HERMITIAN", 1);
  if (pass.swap_in) defines.emplace_back("SWAP_IN", 1);
  if (pass.swap_out) defines.emplace_back("SWAP_OUT", 1);
  if (pass.factors) defines.emplace_back(pass.factors, 1);
  int lanes = lanes_of(facts);
  const auto kernel_of = [&](int group) -> Kernel& {
    Defines all = defines;
    if (!facts.is_cpu) all.emplace_back("W", group);
    return device.kernels().kernel("fft", "fft", all);
  };
  Kernel& kernel = facts.is_cpu ? kernel_of(lanes) : fit_group(queue, lanes, kernel_of);
  const int64_t width = lanes, tiles = pass.outer * ((pass.lanes + width - 1) / width);
  const int64_t cells = 4 * pass.length * width;
  const int64_t most = facts.is_cpu ? most_items(queue, Work::fourier)
                                    : std::max<int64_t>(1, (int64_t(1) << 24) / cells);
  const int64_t items = queue.is_small() ? 1 : std::clamp<int64_t>(tiles, 1, most);
  const Ref<Buffer> table = roots(device, pass.length);
  const Ref<Buffer> scratch =
      device.allocator().allocate(size_t(items * cells) * sizeof(float), &queue);
  const BufferArgument w{table.get(), 0, false};
  const auto factors = [&](const Ref<Buffer> Factors::* part) {
    return pass.tables ? BufferArgument{(pass.tables->*part).get(), 0, false} : w;
  };
  Launch work(queue, kernel);
  if (facts.is_cpu)
    work.over(size_t(items));
  else
    work.over(size_t(items * width)).in_groups_of(size_t(width));
  work.moving(size_t(x.nbytes() + y.nbytes()))
      .with(reads(x), writes(y), w, factors(&Factors::across), factors(&Factors::along),
            BufferArgument{scratch.get(), 0, true}, pass.outer, pass.lanes, pass.n, pass.length,
            radices_of(pass.length), pass.in.outer, pass.in.lane, pass.in.index, pass.in.count,
            pass.out.outer, pass.out.lane, pass.out.index, pass.out.count, pass.scale);
}

/// The divisor of n nearest to its root, from below.
int64_t half_of(int64_t n) {
  int64_t divisor = int64_t(std::sqrt(double(n)));
  while (n % divisor != 0) --divisor;
  return divisor;
}

/// `x` with an axis cropped or padded with zeros behind.
array fit(const array& x, int axis, int length) {
  if (x.shape(axis) == length) return x;
  Shape stop = x.shape();
  if (stop[axis] > length) {
    stop[axis] = length;
    return slice(x, Shape(stop.size()), stop);
  }
  stop[axis] = length - stop[axis];
  return concatenate({x, zeros(stop, x.dtype())}, axis);
}

enum class Method {
  direct,
  convolve,  ///< by a convolution of a length that the stages take
  split,  ///< in two steps; then the axis is the last one, and either the spectrum of reals or of
          ///< length n with a complex result
};
Names names_of(Method) {
  static constexpr const char* names[] = {"direct", "convolve", "split"};
  return names;
}

/// Of the transforms that make a convolution for length n.
int64_t convolution_length(int64_t n) {
  return int64_t(std::bit_ceil(uint64_t(2 * n - 1)));
}

class Fourier final : public Primitive {
 public:
  Fourier(Ends ends, bool inverse, int axis, int n, double scale, Method method)
      : ends_(ends), inverse_(inverse), axis_(axis), n_(n), scale_(scale), method_(method) {}
  const char* name() const override { return "FFT"; }
  void fields(Fields& f) override {
    f.field("ends", ends_);
    f.field("inverse", inverse_);
    f.field("axis", axis_);
    f.field("n", n_);
    f.field("scale", scale_);
    f.field("method", method_);
  }

  void eval(const Arrays& inputs, Arrays& outputs, Queue& queue) override {
    array& out = outputs[0];
    const bool dying = inputs[0].is_donatable();
    const array x = contiguous_copy(inputs[0], queue);
    // A tile is read as a whole before it is written, and so is all of x in two steps: the result
    // may take the place of what nobody else reads.
    const bool alike = x.dtype() == out.dtype() && x.shape() == out.shape();
    if (alike && (dying || !x.same(inputs[0])))
      out.share(x, x.strides(), x.offset());
    else
      out.allocate(queue);
    if (out.size() == 0) return;
    if (method_ == Method::split) {
      if (ends_ != Ends::hermitian) return in_two_steps(x, out, n_, inverse_, queue);
      const array pairs = joined(x, out, queue);
      return in_two_steps(pairs, pairs, n_ / 2, true, queue);
    }
    int64_t before = 1, after = 1;
    for (int i = 0; i < axis_; ++i) before *= x.shape(i);
    for (int i = axis_ + 1; i < x.ndim(); ++i) after *= x.shape(i);
    const int64_t from = x.shape(axis_), to = out.shape(axis_),
                  used = std::min<int64_t>(from, bins());
    Pass pass{before,
              after,
              n_,
              n_,
              {from * after, 1, after, used},
              {to * after, 1, after, to},
              inverse_,
              inverse_,
              float(scale_),
              nullptr,
              nullptr};
    Factors tables;
    if (method_ == Method::convolve) {
      pass.length = convolution_length(n_);
      tables = chirp_factors(queue.device(), n_, pass.length);
      pass.scale = float(scale_ / double(pass.length));
      pass.factors = "CONVOLVE";
      pass.tables = &tables;
    } else if (halves(ends_, x.dtype(), n_)) {
      pass.length = n_ / 2;
      tables.across = tables.along = roots(queue.device(), n_);
      pass.factors = "HALVED";
      pass.tables = &tables;
    }
    // Rows, or columns too narrow to fill the lanes: the lanes go down instead.
    if (after == 1 || (after < lanes_of(queue.device().facts()) && before > after)) {
      std::swap(pass.outer, pass.lanes);
      std::swap(pass.in.outer, pass.in.lane);
      std::swap(pass.out.outer, pass.out.lane);
    }
    enqueue(pass, x, out, ends_, queue);
  }

  Arrays vjp(const Arrays& primals, const Arrays& cotangents, const std::vector<int>&,
             const Arrays&) override {
    const array &x = primals[0], &g = cotangents[0];
    if (ends_ == Ends::hermitian) {
      const array spectrum = transform(g, Ends::real, !inverse_, axis_, n_, scale_);
      return {fit(multiply(spectrum, multiplicity(x.ndim())), axis_, x.shape(axis_))};
    }
    const array spread =
        fit(transform(g, Ends::complex, !inverse_, axis_, n_, scale_), axis_, x.shape(axis_));
    return {x.dtype().is_complex() ? spread : real(spread)};
  }
  Arrays jvp(const Arrays&, const Arrays& tangents, const std::vector<int>&) override {
    return {transform(tangents[0], ends_, inverse_, axis_, n_, scale_)};
  }
  std::pair<Arrays, std::vector<int>> vmap(const Arrays& inputs,
                                           const std::vector<int>& axes) override {
    const int axis = axis_ + (axes[0] <= axis_);
    return {{transform(inputs[0], ends_, inverse_, axis, n_, scale_)}, axes};
  }
  size_t work(const Arrays&, const Arrays& outputs) const override {
    return size_t(outputs[0].size()) * size_t(std::bit_width(unsigned(n_)));
  }

 private:
  /// How many elements of the axis are read.
  int64_t bins() const { return ends_ == Ends::hermitian ? n_ / 2 + 1 : n_; }

  /// How many of the n elements each of 0 … n / 2 stands for.
  array multiplicity(int ndim) const {
    std::vector<float> counts(size_t(n_) / 2 + 1, 2.0f);
    counts[0] = 1;
    if (n_ % 2 == 0) counts.back() = 1;
    Shape shape(size_t(ndim), 1);
    shape[axis_] = int32_t(counts.size());
    return array::from_host(counts.data(), shape, float32);
  }

  /// n = n1 · n2: transforms of the columns of an n1 × n2 matrix, twiddles, transforms of its rows,
  /// transposed (Bailey, "FFTs in external or hierarchical memory", 1990).
  void in_two_steps(const array& x, const array& out, int64_t n, bool inverse, Queue& queue) const {
    const int64_t n1 = half_of(n), n2 = n / n1, rows = x.size() / n;
    const array between = array::scratch(x.shape(), complex64, queue);
    const Factors factors = twiddles(queue.device(), n1, n2, lanes_of(queue.device().facts()));
    enqueue({rows,
             n2,
             n1,
             n1,
             {n, 1, n2, n1},
             {n, 1, n2, n1},
             inverse,
             false,
             float(scale_),
             "TWIDDLE",
             &factors},
            x, between, Ends::complex, queue);
    enqueue({rows, n1, n2, n2, {n, n2, 1, n2}, {n, 1, n1, n2}, false, inverse, 1, nullptr, nullptr},
            between, out, Ends::complex, queue);
  }

  /// In the memory of `out`, the complex spectrum whose transform is the pairs of the result.
  array joined(const array& x, const array& out, Queue& queue) const {
    constexpr int64_t near = 1024;
    const int64_t half = n_ / 2, rows = out.size() / n_;
    const Factors factors = long_roots(queue.device(), n_, near);
    Launch join = launch(queue, "fft_join", "fft_join", {{"NEAR", int(near)}});
    join.over(work_items(queue, Work::elementwise, rows * (half / 2 + 1)))
        .moving(size_t(x.nbytes() + out.nbytes()))
        .with(reads(x), writes(out), BufferArgument{factors.along.get(), 0, false},
              BufferArgument{factors.across.get(), 0, false}, rows, half, int64_t(x.shape(-1)),
              int(!inverse_));
    array pairs(make_ref<Node>(Shape{dimension(rows, "fft"), dimension(half, "fft")}, complex64));
    pairs.share(out, {half, 1}, out.offset() / 2);
    return pairs;
  }

  Ends ends_;
  bool inverse_;
  int axis_, n_;
  double scale_;
  Method method_;
};

array make(const array& x, Ends ends, bool inverse, int axis, int n, double scale, Method method,
           const StreamOrDevice& s) {
  auto primitive = make_ref<Fourier>(ends, inverse, axis, n, scale, method);
  Shape shape = x.shape();
  shape[axis] = ends == Ends::real ? n / 2 + 1 : n;
  return array(std::move(shape), ends == Ends::hermitian ? float32 : complex64,
               std::move(primitive), {x}, to_stream(s));
}

/// Elements 0 … n - 1 of the last axis from elements 0 … n / 2.
array mirrored(const array& x, int n) {
  const array half = fit(x, x.ndim() - 1, n / 2 + 1);
  Shape start(size_t(x.ndim()), 0), stop = half.shape(), strides(size_t(x.ndim()), 1);
  if (n < 3) return fit(half, x.ndim() - 1, n);
  start[start.size() - 1] = (n - 1) / 2;
  stop[stop.size() - 1] = 0;
  strides[strides.size() - 1] = -1;
  return concatenate({half, conjugate(slice(half, start, stop, strides))}, -1);
}

/// Along the last axis and of length n, by transforms of any length (Bluestein, see fft.cl).
array by_convolution(const array& x, bool inverse, int n, double scale, const StreamOrDevice& s) {
  const int last = x.ndim() - 1,
            m = dimension(convolution_length(n), "fft");  // above 2^29 elements it is too long
  const Chirp table = chirp(n, m, inverse);
  const array turned = multiply(x, table.factors, s);
  const array spectrum =
      multiply(transform(turned, Ends::complex, false, last, m, 1, s), table.spectrum, s);
  const array filtered = transform(spectrum, Ends::complex, true, last, m, scale / m, s);
  return multiply(fit(filtered, last, n), table.factors, s);
}

}  // namespace

uint64_t radices_of(int64_t n) {
  uint64_t radices = 0;
  int shift = 0;
  for (const int radix : {8, 4, 2, 3, 5, 7, 11, 13})
    for (; n % radix == 0; n /= radix, shift += 4) {
      if (radix == 8 && n % 32 == 16) break;  // 4 and 4 rather than 8 and 2
      if (shift > 60) return 0;
      radices |= uint64_t(radix) << shift;
    }
  return n == 1 ? radices | uint64_t(radices == 0) : 0;
}

array transform(const array& x, Ends ends, bool inverse, int axis, int n, double scale,
                const StreamOrDevice& s) {
  const int64_t rows = x.shape(axis) == 0 ? 0 : x.size() / x.shape(axis);
  const int64_t least =
      n <= direct_limit && !radices_of(n) ? convolution_length(n) : n;  // of one launch's stages
  const auto splits_at = [&](int64_t length) {
    const int64_t part = length < split_from ? 1 : half_of(length);
    return part > 1 && radices_of(part) && radices_of(length / part) &&
           (length > direct_limit || rows < few_rows);
  };
  const bool splits = splits_at(n);
  // A launch works on all lanes at once; with a few in use, long convolutions pay in parts.
  const bool in_parts = least > n && least > 4 * split_from && rows * 4 < few_rows;
  if (!splits && least <= direct_limit && !in_parts)
    return make(x, ends, inverse, axis, n, scale, least == n ? Method::direct : Method::convolve,
                s);
  // Everything else works on whole complex rows.
  array row = moveaxis(x, axis, -1, s);
  if (ends == Ends::hermitian && n % 2 == 0 && splits_at(n / 2)) {
    const int last = row.ndim() - 1;
    return moveaxis(make(row, ends, inverse, last, n, scale, Method::split, s), -1, axis, s);
  }
  row = ends == Ends::hermitian ? mirrored(row, n) : fit(row, x.ndim() - 1, n);
  array result = splits
                     ? make(row, Ends::complex, inverse, row.ndim() - 1, n, scale, Method::split, s)
                     : by_convolution(row, inverse, n, scale, s);
  if (ends == Ends::hermitian) result = real(result, s);
  if (ends == Ends::real) result = fit(result, row.ndim() - 1, n / 2 + 1);
  return moveaxis(result, -1, axis, s);
}

static const Registered<Fourier> fourier_class("Fourier", Ends::complex, false, 0, 1, 1.0,
                                               Method::direct);

}  // namespace mlx::fft
