// Shared by oneDNN's matmul and convolution: engine, streams, scratch memory and the cache of
// primitives.
#pragma once
#ifdef MLX_HAS_DNNL

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include <array>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "base/hash.h"
#include "cl/blas.h"

namespace mlx::onednn {

dnnl::engine& engine();
/// The stream of this thread.
dnnl::stream& stream();
/// At least `bytes` of this thread's scratch memory; valid until the next call with the same slot.
void* scratch(int slot, size_t bytes);
dnnl::memory::data_type data_type(Dtype dtype);  ///< undef when oneDNN lacks it
/// While it lives, this thread and the threads of OpenMP that it starts take denormal numbers for
/// zeros, with which processors multiply a hundred times more slowly.
class DenormalsAreZeros {
 public:
#ifdef __SSE__
  DenormalsAreZeros() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~DenormalsAreZeros() { _mm_setcsr(before_); }
#else
  DenormalsAreZeros() {}
#endif
  DenormalsAreZeros(const DenormalsAreZeros&) = delete;

 private:
#ifdef __SSE__
  unsigned before_;
#endif
};
dnnl::primitive_attr attributes();  ///< scratch memory is ours: plans are shared between threads

// What oneDNN 2 and 3 say differently: in 3 there are no descriptors of operations, and nothing
// that scales a result but a step after it.
#if DNNL_VERSION_MAJOR >= 3
template <typename Primitive, typename... Parts>
auto described(const dnnl::primitive_attr& attribute, const Parts&... parts) {
  return typename Primitive::primitive_desc(engine(), parts..., attribute);
}
/// For gradients, which want to know the forward pass.
template <typename Primitive, typename Forward, typename... Parts>
auto described_after(const Forward& forward, const dnnl::primitive_attr& attribute,
                     const Parts&... parts) {
  return typename Primitive::primitive_desc(engine(), parts..., forward, attribute);
}
inline dnnl::memory::desc any_layout(const dnnl::memory::desc& plain) {
  return {plain.get_dims(), plain.get_data_type(), dnnl::memory::format_tag::any};
}
inline void scale_result(dnnl::primitive_attr&, dnnl::post_ops& after, float factor) {
  after.append_eltwise(dnnl::algorithm::eltwise_linear, factor, 0);
}
#else
template <typename Primitive, typename... Parts>
auto described(const dnnl::primitive_attr& attribute, const Parts&... parts) {
  return typename Primitive::primitive_desc({parts...}, attribute, engine());
}
template <typename Primitive, typename Forward, typename... Parts>
auto described_after(const Forward& forward, const dnnl::primitive_attr& attribute,
                     const Parts&... parts) {
  return typename Primitive::primitive_desc({parts...}, attribute, engine(), forward);
}
inline dnnl::memory::desc any_layout(const dnnl::memory::desc& plain) {
  return {plain.dims(), plain.data_type(), dnnl::memory::format_tag::any};
}
inline void scale_result(dnnl::primitive_attr& attribute, dnnl::post_ops&, float factor) {
  attribute.set_output_scales(0, {factor});
}
#endif

/// Built primitives by the numbers that define them; a null plan remembers that oneDNN refused.
template <typename Plan>
class PlanCache {
 public:
  using Key = std::vector<int64_t>;
  template <typename Make>
  std::shared_ptr<const Plan> find(const Key& key, Make&& make) {
    const std::lock_guard lock(mutex_);
    if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
    if (plans_.size() >= 4096) plans_.clear();
    std::shared_ptr<const Plan> plan;
    try {
      plan = make();
    } catch (const dnnl::error&) {
    }
    return plans_[key] = plan;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<Key, std::shared_ptr<const Plan>, HashNumbers> plans_;
};

}  // namespace mlx::onednn
#endif
