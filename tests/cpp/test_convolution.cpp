// oneDNN's convolutions and gradients against plain loops.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "cl/blas.h"

namespace mlx {
namespace {

struct Case {
  Dtype dtype;
  int batch, channels, filters, groups;
  std::vector<int> extent, kernel, stride, pad_low, pad_high, dilation;
};

Convolution shapes_of(const Case& c) {
  Convolution conv{c.dtype,   {c.batch},  {c.filters}, {c.batch}, c.stride,
                   c.pad_low, c.pad_high, c.dilation,  c.groups};
  for (size_t i = 0; i < c.extent.size(); ++i) {
    const int reach = c.dilation[i] * (c.kernel[i] - 1) + 1;
    conv.input.push_back(c.extent[i]);
    conv.weight.push_back(c.kernel[i]);
    conv.output.push_back((c.extent[i] + c.pad_low[i] + c.pad_high[i] - reach) / c.stride[i] + 1);
  }
  conv.input.push_back(c.channels);
  conv.weight.push_back(c.channels / c.groups);
  conv.output.push_back(c.filters);
  return conv;
}

float get(Dtype dtype, const void* data, int64_t i) {
  return dtype == float32   ? static_cast<const float*>(data)[i]
         : dtype == float16 ? float(static_cast<const float16_t*>(data)[i])
                            : float(static_cast<const bfloat16_t*>(data)[i]);
}

Ref<Buffer> random_buffer(Device& device, Dtype dtype, int64_t count, uint32_t seed) {
  Ref<Buffer> buffer = device.allocator().allocate(size_t(count * dtype.size()));
  void* const to = buffer->write();
  for (int64_t i = 0; i < count; ++i) {
    const float value = float(int((seed = seed * 1664525 + 1013904223) >> 16) % 2001 - 1000) / 500;
    if (dtype == float32)
      static_cast<float*>(to)[i] = value;
    else if (dtype == float16)
      static_cast<float16_t*>(to)[i] = float16_t(value);
    else
      static_cast<bfloat16_t*>(to)[i] = bfloat16_t(value);
  }
  return buffer;
}

/// Advances a multi-index; false after the last.
bool advance(std::vector<int>& index, const std::vector<int>& extent) {
  for (size_t i = extent.size(); i-- > 0;) {
    if (++index[i] < extent[i]) return true;
    index[i] = 0;
  }
  return false;
}

/// Calls f(input index, weight index, output index) for every multiplication of the convolution.
template <typename F>
void for_each_multiplication(const Convolution& c, F&& f) {
  const size_t spatial = c.stride.size();
  const int filters = c.weight[0], depth = c.weight.back(), per_group = filters / c.groups;
  std::vector<int> all(c.output.begin(),
                       c.output.end());  // N, spatial…, O, then the kernel's spatial…, I
  all.insert(all.end(), c.weight.begin() + 1, c.weight.end());
  std::vector<int> at(all.size());
  do {
    const int filter = at[spatial + 1], channel = at.back();
    int64_t input = at[0], weight = filter, output = at[0];
    bool inside = true;
    for (size_t i = 0; i < spatial; ++i) {
      const int place =
          at[1 + i] * c.stride[i] - c.pad_low[i] + at[spatial + 2 + i] * c.dilation[i];
      inside = inside && place >= 0 && place < c.input[1 + i];
      input = input * c.input[1 + i] + place;
      weight = weight * c.weight[1 + i] + at[spatial + 2 + i];
      output = output * c.output[1 + i] + at[1 + i];
    }
    input = input * c.input.back() + filter / per_group * depth + channel;
    if (inside) f(input, weight * depth + channel, output * filters + filter);
  } while (advance(at, all));
}

void expect_pass(Queue& queue, const Case& test, Pass pass) {
  Device& device = queue.device();
  const Convolution c = shapes_of(test);
  const int64_t sizes[3] = {size_of(c.input), size_of(c.weight), size_of(c.output)};
  Ref<Buffer> buffers[3];
  for (int i = 0; i < 3; ++i)
    buffers[i] = random_buffer(device, c.dtype, sizes[i] + 1, uint32_t(i));
  const int result = pass == Pass::forward ? 2 : pass == Pass::input_gradient ? 0 : 1;
  std::vector<double> expected(size_t(sizes[result]), 0.0);
  const void* data[3] = {buffers[0]->read(), buffers[1]->read(), buffers[2]->read()};
  for_each_multiplication(c, [&](int64_t i, int64_t w, int64_t o) {
    const int64_t at[3] = {i, w, o};
    double product = 1;
    for (int k = 0; k < 3; ++k)
      if (k != result) product *= get(c.dtype, data[k], at[k] + 1);
    expected[size_t(at[result])] += product;
  });
  const auto argument = [&](int i) { return BufferArgument{buffers[i].get(), 1, i == result}; };
  // The library convolves 16-bit floats only on processors with instructions for them; elsewhere
  // our own kernels serve.
  if (c.dtype != float32 && !can_convolve(queue, c, pass)) return;
  ASSERT_TRUE(can_convolve(queue, c, pass));
  const int first = result == 0 ? 2 : 0, second = result == 1 ? 2 : 1;
  convolve(queue, c, pass, argument(first), argument(second), argument(result));
  const void* const computed = buffers[result]->read();
  double worst = 0;
  for (int64_t i = 0; i < sizes[result]; ++i)
    worst = std::max(worst, std::abs(expected[size_t(i)] - get(c.dtype, computed, i + 1)) /
                                (1 + std::abs(expected[size_t(i)])));
  EXPECT_LE(worst, c.dtype == float32 ? 2e-5 : 2e-2)
      << c.dtype.name() << " pass " << int(pass) << " groups " << c.groups << " spatial "
      << c.stride.size();
}

TEST(Convolution, AgreesWithPlainLoops) {
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(Device::get(DeviceType::cpu));
  for (const Dtype dtype : {float32, bfloat16, float16})
    for (const Case& test :
         {Case{dtype, 2, 6, 8, 1, {13}, {3}, {2}, {1}, {0}, {1}},
          Case{dtype, 2, 6, 9, 3, {11}, {4}, {1}, {2}, {1}, {2}},
          Case{dtype, 2, 3, 16, 1, {9, 10}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
          Case{dtype, 1, 16, 16, 16, {9, 8}, {3, 2}, {2, 1}, {1, 0}, {1, 2}, {1, 2}},
          Case{dtype, 1, 32, 32, 1, {8, 8}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}},
          Case{
              dtype, 1, 4, 6, 2, {5, 6, 4}, {3, 2, 3}, {1, 2, 1}, {1, 0, 1}, {1, 1, 1}, {1, 1, 1}}})
      for (const Pass pass : {Pass::forward, Pass::input_gradient, Pass::weight_gradient})
        expect_pass(*queue, test, pass);
}

// Figures on request: --gtest_also_run_disabled_tests --gtest_filter='*Figures'
TEST(Convolution, DISABLED_PrintsFigures) {
  const Submission submission;
  Device& device = Device::get(DeviceType::cpu);
  Ref<Queue> queue = make_ref<Queue>(device);
  for (const Dtype dtype : {float32, bfloat16, float16})
    for (const Pass pass : {Pass::forward, Pass::input_gradient, Pass::weight_gradient}) {
      const Case test{dtype, 16, 64, 64, 1, {56, 56}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}};
      const Convolution c = shapes_of(test);
      const Ref<Buffer> a = random_buffer(device, dtype, size_of(c.input), 1);
      const Ref<Buffer> b = random_buffer(
          device, dtype, size_of(pass == Pass::weight_gradient ? c.output : c.weight), 2);
      const Ref<Buffer> result =
          device.allocator().allocate(size_t(size_of(c.output) * dtype.size()));
      double best = 1e9;
      for (int i = 0; i < 6; ++i) {
        const auto start = std::chrono::steady_clock::now();
        queue->expect(size_t(1) << 30);
        convolve(*queue, c, pass, {a.get(), 0, false}, {b.get(), 0, false},
                 {result.get(), 0, true});
        queue->finish();
        best = std::min(
            best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
      std::printf("%s pass %d: %.2f ms, %.1f GFLOP/s\n", dtype.name(), int(pass), best * 1e3,
                  2e-9 * double(size_of(c.output)) * 9 * 64 / best);
    }
}

}  // namespace
}  // namespace mlx
