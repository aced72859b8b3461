// Queues, launches, native work and generated kernels on the CPU device.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "cl/launch.h"

namespace mlx {
namespace {

const char* const add_source =
    "kernel void add_number(global float* x, long x_offset, long count, float number) {\n"
    "  FOR_EACH(i, count) x[x_offset + i] += number;\n"
    "}\n";

struct LaunchTest : testing::Test {
  Device& device = Device::get(Device::preferred());
  Ref<Queue> queue = make_ref<Queue>(device);
  std::optional<Submission> submission{std::in_place};

  Ref<Buffer> zeros(int64_t count) {
    Ref<Buffer> buffer = device.allocator().allocate(size_t(count) * sizeof(float));
    std::fill_n(static_cast<float*>(buffer->write()), count, 0.f);
    return buffer;
  }
  void add(Ref<Buffer>& x, int64_t count, float number) {
    Launch(*queue, device.kernels().generated(add_source, "add_number"))
        .over(4)
        .with(BufferArgument{x.get(), 0, true}, count, number);
  }
};

TEST_F(LaunchTest, LaunchesRunInOrderOnBothLanes) {
  for (const int64_t count : {10, 1000000}) {
    Ref<Buffer> x = zeros(count);
    queue->expect(size_t(count));
    for (int i = 0; i < 300; ++i) add(x, count, 1);
    queue->native("double",
                  [raw = static_cast<float*>(x->raw()), count] {
                    for (int64_t i = 0; i < count; ++i) raw[i] *= 2;
                  },
                  {}, {x.get()});
    add(x, count, 5);
    const auto* const values = static_cast<const float*>(x->read());
    EXPECT_EQ(values[0], 605);
    EXPECT_EQ(values[count - 1], 605);
    EXPECT_TRUE(queue->is_idle());
  }
}

TEST_F(LaunchTest, NativeFailuresSurfaceAtFinish) {
  for (const size_t work : {size_t(1), size_t(1) << 30}) {
    queue->expect(work);
    queue->native("fails", [] { throw std::runtime_error("on purpose"); }, {}, {});
    EXPECT_THROW(queue->finish(), std::runtime_error);
    EXPECT_NO_THROW(queue->finish());
  }
}

TEST_F(LaunchTest, QueuesWaitForEachOther) {
  Ref<Queue> other = make_ref<Queue>(device);
  const int64_t count = 1 << 20;
  Ref<Buffer> x = zeros(count);
  for (int i = 0; i < 50; ++i) {
    queue->expect(size_t(count));
    add(x, count, 1);
    std::swap(queue, other);
    queue->expect(i % 2 ? 1 : size_t(count));
    add(x, count, 1);
  }
  EXPECT_EQ(static_cast<const float*>(x->read())[count - 1], 100);
}

TEST_F(LaunchTest, EightThreadsUseBothLanesAtOnce) {
  submission.reset();
  std::atomic<int> wrong{0};
  const auto work = [&](int thread) {
    Ref<Queue> own;
    {
      const Submission submission;
      own = make_ref<Queue>(device);
    }
    for (int round = 0; round < 100; ++round) {
      const int64_t count = round % 3 ? 100 : 200000;
      Ref<Buffer> x = zeros(count);
      {
        const Submission submission;
        own->expect(size_t(count));
        for (int i = 0; i < 5; ++i)
          Launch(*own, device.kernels().generated(add_source, "add_number"))
              .over(4)
              .with(BufferArgument{x.get(), 0, true}, count, float(thread));
        auto* const raw = static_cast<float*>(x->raw());
        if (device.facts().native_kernels)
          own->native("increment", [raw] { raw[0] += 1; }, {}, {x.get()});
      }
      own->finish();
      const float expected = float(5 * thread) + float(device.facts().native_kernels);
      wrong += static_cast<const float*>(x->read())[0] != expected;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(LaunchTest, ALongQueueIsHeldBackAndCanBeInterrupted) {
  const int64_t count = 1 << 20;
  Ref<Buffer> x = zeros(count);
  check_interrupt = [] { throw std::runtime_error("interrupted"); };
  const auto launch_many = [&] {
    queue->expect(size_t(count));
    for (int i = 0; i < 2000; ++i) add(x, count, 1);
    queue->finish();
  };
  EXPECT_THROW(launch_many(), std::runtime_error);
  EXPECT_LT(queue->ticket(), 1000u);
  check_interrupt = nullptr;
  EXPECT_NO_THROW(queue->finish());
  EXPECT_EQ(static_cast<const float*>(x->read())[7], float(queue->ticket()));
}

TEST_F(LaunchTest, ProductsRoundBeforeTheyAreAdded) {
  Kernel& kernel = device.kernels().generated(
      "kernel void multiply_add(global float* x, long at) { x[0] = x[0] * x[1] + x[2]; }\n",
      "multiply_add");
  const Ref<Buffer> x = device.allocator().allocate(12);
  auto* const values = static_cast<float*>(x->write());
  values[0] = values[1] = 1 + 0x1p-12f;
  values[2] = -(1 + 0x1p-11f);
  Launch(*queue, kernel).over(1).with(BufferArgument{x.get(), 0, true});
  EXPECT_EQ(static_cast<const float*>(x->read())[0], 0);
}

TEST_F(LaunchTest, ABuildFailureTellsLogOptionsAndSource) {
  try {
    Launch(*queue, device.kernels().generated(
                       "kernel void broken(global float* x) { x[0] = nonsense; }\n", "broken"))
        .over(1)
        .enqueue();
    FAIL();
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("nonsense"), std::string::npos);
    EXPECT_NE(text.find("-cl-std"), std::string::npos);
    EXPECT_NE(text.find("\tkernel void broken"), std::string::npos);
  }
}

TEST_F(LaunchTest, AFailedBuildIsNotTriedAgain) {
  Kernel& kernel = device.kernels().generated(
      "kernel void failing(global float* x) { x[0] = nonsense; }\n", "failing");
  std::string messages[2];
  std::chrono::steady_clock::duration times[2];
  for (int i = 0; i < 2; ++i) {
    const auto start = std::chrono::steady_clock::now();
    try {
      Launch(*queue, kernel).over(1).enqueue();
    } catch (const std::runtime_error& error) {
      messages[i] = error.what();
    }
    times[i] = std::chrono::steady_clock::now() - start;
  }
  EXPECT_NE(messages[0].find("nonsense"), std::string::npos);
  EXPECT_EQ(messages[0], messages[1]);
  EXPECT_LT(times[1] * 5, times[0]);
}

TEST_F(LaunchTest, DISABLED_PrintsTinyLatency) {
  Ref<Buffer> x = zeros(16);
  queue->expect(16);
  add(x, 16, 1);
  const auto start = std::chrono::steady_clock::now();
  const int rounds = 100000;
  for (int i = 0; i < rounds; ++i) {
    queue->expect(16);
    add(x, 16, 1);
    queue->finish();
  }
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
  std::printf("tiny launch and wait: %.2f us\n", time.count() / rounds);
  EXPECT_EQ(static_cast<const float*>(x->read())[15], rounds + 1);
}

}  // namespace
}  // namespace mlx
