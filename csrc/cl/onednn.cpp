// oneDNN's matrix products as native kernels.
#include "cl/blas_libraries.h"
#include "cl/onednn_plans.h"
#include "cl/trace.h"

#ifdef MLX_HAS_DNNL
#include <algorithm>
#include <cstdlib>
#include <cstring>

// Present when oneDNN runs on OpenMP.
extern "C" [[gnu::weak]] void omp_set_num_threads(int);
extern "C" [[gnu::weak]] int omp_get_max_threads();

namespace mlx::onednn {

using dnnl::memory;

dnnl::engine& engine() {
  static auto* const instance =
      new dnnl::engine(dnnl::engine::kind::cpu, 0);  // leaked: used at exit
  return *instance;
}

dnnl::stream& stream() {
  thread_local dnnl::stream instance(engine());
  return instance;
}

void* scratch(int slot, size_t bytes) {
  struct Free {
    void operator()(void* block) const { std::free(block); }
  };
  thread_local std::unique_ptr<void, Free> blocks[4];
  thread_local size_t sizes[4] = {};
  if (sizes[slot] < bytes) {
    blocks[slot].reset(std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096));
    sizes[slot] = bytes;
    if (!blocks[slot]) throw std::bad_alloc();
  }
  return blocks[slot].get();
}

memory::data_type data_type(Dtype dtype) {
  return dtype == float32    ? memory::data_type::f32
         : dtype == bfloat16 ? memory::data_type::bf16
                             : memory::data_type::undef;
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return result;
}

namespace {

/// A product of so few multiplications is done before other threads have woken.
bool is_small(const Product& p) {
  return p.batch * p.m * p.n * p.k < int64_t(1) << 21;
}

/// While it lives, primitives made and run by this thread use one thread.
class OneThread {
 public:
  explicit OneThread(bool wanted) {
    if (!wanted || !omp_set_num_threads || !omp_get_max_threads) return;
    before_ = omp_get_max_threads();
    omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_) omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;

 private:
  int before_ = 0;
};

struct MatmulPlan {
  dnnl::matmul primitive;
  memory::desc a, b, c, scratch;
};

memory::desc describe(Dtype dtype, const Matrix& matrix, int64_t batch, int64_t rows,
                      int64_t columns) {
  const bool repeats = matrix.batch_stride == 0;
  const int64_t step = repeats ? rows * columns : matrix.batch_stride;
  const memory::dims strides = matrix.transposed ? memory::dims{step, 1, matrix.leading}
                                                 : memory::dims{step, matrix.leading, 1};
  return memory::desc({repeats ? 1 : batch, rows, columns}, data_type(dtype), strides);
}

std::shared_ptr<const MatmulPlan> make_plan(const Product& p, bool one_thread) {
  const OneThread thread(one_thread);
  auto plan = std::make_shared<MatmulPlan>();
  plan->a = describe(p.dtype, p.a, p.batch, p.m, p.k);
  plan->b = describe(p.dtype, p.b, p.batch, p.k, p.n);
  plan->c = describe(p.wide_c ? float32 : p.dtype, p.c, p.batch, p.m, p.n);
  dnnl::primitive_attr attribute = attributes();
  dnnl::post_ops after;
  if (p.alpha != 1) scale_result(attribute, after, p.alpha);
  if (p.beta != 0) after.append_sum(p.beta);
  attribute.set_post_ops(after);
  const auto description = described<dnnl::matmul>(attribute, plan->a, plan->b, plan->c);
  plan->scratch = description.scratchpad_desc();
  plan->primitive = dnnl::matmul(description);
  return plan;
}

std::shared_ptr<const MatmulPlan> plan_for(const Product& p) {
  static auto* const plans = new PlanCache<MatmulPlan>;  // leaked: used at exit
  const auto bits = [](float value) { return int64_t(std::bit_cast<uint32_t>(value)); };
  return plans->find({p.dtype.id(), p.wide_c, p.batch, p.m, p.n, p.k, p.a.transposed, p.a.leading,
                      p.a.batch_stride, p.b.transposed, p.b.leading, p.b.batch_stride, p.c.leading,
                      p.c.batch_stride, bits(p.alpha), bits(p.beta)},
                     [&] { return make_plan(p, is_small(p)); });
}

void execute(const MatmulPlan& plan, void* a, void* b, void* c) {
  const DenormalsAreZeros mode;
  plan.primitive.execute(
      stream(),
      {{DNNL_ARG_SRC, memory(plan.a, engine(), a)},
       {DNNL_ARG_WEIGHTS, memory(plan.b, engine(), b)},
       {DNNL_ARG_DST, memory(plan.c, engine(), c)},
       {DNNL_ARG_SCRATCHPAD, memory(plan.scratch, engine(), scratch(0, plan.scratch.get_size()))}});
  stream().wait();
}

/// Nanoseconds of a product of 192³ on one thread; several would wait for each other where other
/// programs run.
class Trial {
 public:
  explicit Trial(Dtype dtype) : memory_(3 * n * n * size_t(dtype.size())) {
    const Matrix matrix{nullptr, 0, false, n, 0};
    try {
      plan_ = make_plan({dtype, 1, n, n, n, matrix, matrix, matrix}, true);
    } catch (const dnnl::error&) {
    }
  }
  int64_t time() {
    if (!plan_) return INT64_MAX;
    const size_t bytes = memory_.size() / 3;
    const int64_t start = trace::now();
    execute(*plan_, memory_.data(), memory_.data() + bytes, memory_.data() + 2 * bytes);
    return trace::now() - start;
  }

 private:
  static constexpr int64_t n = 192;
  std::vector<char> memory_;
  std::shared_ptr<const MatmulPlan> plan_;
};

struct TrialTimes {
  int64_t bfloat16_time = INT64_MAX, float32_time = INT64_MAX;
};

/// The quickest turn of each, which take turns.
const TrialTimes& trial_times() {
  static const TrialTimes times = [] {
    Trial narrow(bfloat16), wide(float32);
    TrialTimes best;
    for (int i = 0; i < 12; ++i) {
      best.bfloat16_time = std::min(best.bfloat16_time, narrow.time());
      best.float32_time = std::min(best.float32_time, wide.time());
    }
    trace::say(1, "oneDNN multiplies 192 x 192 x 192 in ", best.bfloat16_time / 1000,
               " us in bfloat16, in ", best.float32_time / 1000, " us in float32");
    return best;
  }();
  return times;
}

}  // namespace

bool multiplies_bfloat16_well() {
  const TrialTimes& t = trial_times();
  return t.bfloat16_time != INT64_MAX && t.bfloat16_time / 5 < t.float32_time / 4;
}

bool multiplies_bfloat16_badly() {
  const TrialTimes& t = trial_times();
  return t.bfloat16_time / 4 > t.float32_time;
}

bool multiply(Queue& queue, const Product& p) {
  if (data_type(p.dtype) == memory::data_type::undef || !queue.device().facts().native_kernels)
    return false;
  auto plan = plan_for(p);
  if (!plan) return false;
  queue.native("onednn_matmul",
               [plan = std::move(plan), p] {
                 const OneThread thread(is_small(p));
                 execute(*plan, address(p.a, p.dtype), address(p.b, p.dtype),
                         address(p.c, p.wide_c ? float32 : p.dtype));
               },
               {p.a.buffer, p.b.buffer}, {p.c.buffer});
  return true;
}

std::string version() {
  const dnnl_version_t* const v = dnnl_version();
  return std::to_string(v->major) + '.' + std::to_string(v->minor) + '.' + std::to_string(v->patch);
}

}  // namespace mlx::onednn

#else
namespace mlx::onednn {
bool multiply(Queue&, const Product&) {
  return false;
}
bool multiplies_bfloat16_well() {
  return false;
}
bool multiplies_bfloat16_badly() {
  return false;
}
std::string version() {
  return "";
}
}  // namespace mlx::onednn
#endif
