// CLBlast's matrix products, trusted only after they agreed with our own kernel.
#include "cl/blas_libraries.h"
#include "cl/trace.h"

#ifdef MLX_HAS_CLBLAST
#include <cmath>
#include <cstring>
#include <map>
#include <tuple>

// After ours, which state the OpenCL version.
#include <clblast.h>

namespace mlx::clblast_library {
namespace {

/// CLBlast takes different kernels for different sizes, so each regime is checked by a product of
/// its own.
struct Regime {
  int64_t least_volume, m, n, k;
};
constexpr Regime regimes[] = {
    {0, 40, 56, 48}, {int64_t(1) << 24, 272, 288, 304}, {int64_t(1) << 30, 1088, 1040, 1056}};

template <typename T>
clblast::StatusCode enqueue(Queue& queue, const Product& p) {
  const auto transpose = [](const Matrix& x) {
    return x.transposed ? clblast::Transpose::kYes : clblast::Transpose::kNo;
  };
  cl_command_queue lane = queue.lane();
  const auto one = [&](int64_t i) {
    return clblast::Gemm<T>(clblast::Layout::kRowMajor, transpose(p.a), transpose(p.b), size_t(p.m),
                            size_t(p.n), size_t(p.k), T(p.alpha), p.a.buffer->handle(),
                            size_t(p.a.offset + i * p.a.batch_stride), size_t(p.a.leading),
                            p.b.buffer->handle(), size_t(p.b.offset + i * p.b.batch_stride),
                            size_t(p.b.leading), T(p.beta), p.c.buffer->handle(),
                            size_t(p.c.offset + i * p.c.batch_stride), size_t(p.c.leading), &lane);
  };
  if (p.batch == 1) return one(0);
  if (p.a.batch_stride == 0 || p.b.batch_stride == 0 || p.batch < 4) {
    for (int64_t i = 0; i < p.batch; ++i)
      if (const auto code = one(i); code != clblast::StatusCode::kSuccess) return code;
    return clblast::StatusCode::kSuccess;
  }
  return clblast::GemmStridedBatched<T>(
      clblast::Layout::kRowMajor, transpose(p.a), transpose(p.b), size_t(p.m), size_t(p.n),
      size_t(p.k), T(p.alpha), p.a.buffer->handle(), size_t(p.a.offset), size_t(p.a.leading),
      size_t(p.a.batch_stride), p.b.buffer->handle(), size_t(p.b.offset), size_t(p.b.leading),
      size_t(p.b.batch_stride), T(p.beta), p.c.buffer->handle(), size_t(p.c.offset),
      size_t(p.c.leading), size_t(p.c.batch_stride), size_t(p.batch), &lane);
}

bool run(Queue& queue, const Product& p) {
  for (Buffer* const buffer : {p.a.buffer, p.b.buffer}) buffer->use(queue, false);
  p.c.buffer->use(queue, true);
  const clblast::StatusCode code = p.dtype == float32   ? enqueue<float>(queue, p)
                                   : p.dtype == float64 ? enqueue<double>(queue, p)
                                                        : enqueue<std::complex<float>>(queue, p);
  queue.submitted_one();
  if (code != clblast::StatusCode::kSuccess)
    trace::say(1, "CLBlast refused a product with code ", int(code));
  return code == clblast::StatusCode::kSuccess;
}

/// Small whole numbers, whose products every precision adds up exactly.
Ref<Buffer> whole_numbers(Queue& queue, Dtype dtype, int64_t count, uint32_t seed) {
  Ref<Buffer> buffer = queue.device().allocator().allocate(size_t(count * dtype.size()));
  void* const to = buffer->write();
  visit(dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < count; ++i) {
      seed = seed * 1664525 + 1013904223;
      static_cast<T*>(to)[i] = T(float(int(seed >> 24) % 7 - 3));
    }
  });
  return buffer;
}

bool agrees(Queue& queue, Dtype dtype, const Regime& r, bool transposed, int64_t batch) {
  const Ref<Buffer> a = whole_numbers(queue, dtype, batch * r.m * r.k, 1);
  const Ref<Buffer> b = whole_numbers(queue, dtype, batch * r.k * r.n, 2);
  const Ref<Buffer> c = whole_numbers(queue, dtype, batch * r.m * r.n, 3);
  const Ref<Buffer> d = whole_numbers(queue, dtype, batch * r.m * r.n, 3);
  Product p{dtype,
            batch,
            r.m,
            r.n,
            r.k,
            {a.get(), 0, transposed, transposed ? r.m : r.k, r.m * r.k},
            {b.get(), 0, !transposed, transposed ? r.n : r.k, r.k * r.n},
            {c.get(), 0, false, r.n, r.m * r.n},
            2,
            1};
  if (!run(queue, p)) return false;
  p.c.buffer = d.get();
  multiply_with_kernel(queue, p);
  return std::memcmp(c->read(), d->read(), size_t(batch * r.m * r.n * dtype.size())) == 0;
}

bool is_trusted(Queue& queue, const Product& p) {
  static auto* const verdicts =
      new std::map<std::tuple<const Device*, int, int, bool>, bool>;  // submission lock
  int at = 0;
  while (at < 2 && p.m * p.n * p.k >= regimes[at + 1].least_volume) ++at;
  const auto key =
      std::tuple{static_cast<const Device*>(&queue.device()), int(p.dtype.id()), at, p.batch > 1};
  if (const auto known = verdicts->find(key); known != verdicts->end()) return known->second;
  const int64_t batch = p.batch > 1 ? 4 : 1;
  const bool trusted = agrees(queue, p.dtype, regimes[at], false, batch) &&
                       agrees(queue, p.dtype, regimes[at], true, batch);
  trace::say(1, "CLBlast ", trusted ? "agrees" : "does NOT agree",
             " with our kernel: ", p.dtype.name(), ", ", regimes[at].m, " x ", regimes[at].n, " x ",
             regimes[at].k, ", batch ", batch);
  return (*verdicts)[key] = trusted;
}

}  // namespace

bool multiply(Queue& queue, const Product& p) {
  if (p.dtype != float32 && p.dtype != float64 && p.dtype != complex64) return false;
  return is_trusted(queue, p) && run(queue, p);
}

void release_programs() {
  clblast::ClearCache();
}

std::string version() {
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
  return TEXT(CLBLAST_VERSION_MAJOR) "." TEXT(CLBLAST_VERSION_MINOR) "." TEXT(
      CLBLAST_VERSION_PATCH);
#undef TEXT
#undef TEXT_
}

}  // namespace mlx::clblast_library

#else
namespace mlx::clblast_library {
bool multiply(Queue&, const Product&) {
  return false;
}
void release_programs() {}
std::string version() {
  return "";
}
}  // namespace mlx::clblast_library
#endif
