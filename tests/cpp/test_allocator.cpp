// The pool: size classes, reuse in stream order, limits, refusals.
#include <gtest/gtest.h>

#include <cstring>

#include "cl/launch.h"

namespace mlx {
namespace {

struct AllocatorTest : testing::Test {
  Device& device = Device::get(Device::preferred());
  Allocator& allocator = device.allocator();
  AllocatorTest() { allocator.clear_cache(); }
};

TEST(Capacity, WastesAtMostAnEighthOfLargeBlocks) {
  for (size_t bytes = 1; bytes < (size_t(1) << 40); bytes += bytes / 7 + 1) {
    const size_t capacity = capacity_for(bytes);
    ASSERT_GE(capacity, bytes);
    ASSERT_EQ(capacity_for(capacity), capacity);
    if (bytes > 4096) ASSERT_LE(capacity, bytes + bytes / 8 + 1);
    if (bytes > size_t(1) << 30) ASSERT_LE(capacity, bytes + (size_t(2) << 20));
    const int size_class = size_class_of(capacity);
    ASSERT_LE(size_of_class(size_class), capacity);
    ASSERT_GT(size_of_class(size_class + 1), capacity);
    if (bytes <= size_t(1) << 30) ASSERT_EQ(size_of_class(size_class), capacity);
  }
}

TEST_F(AllocatorTest, CountsAndReusesBlocks) {
  const size_t before = allocator.active();
  Ref<Buffer> block = allocator.allocate(100000);
  Buffer* const address = block.get();
  EXPECT_EQ(allocator.active() - before, 100000u);
  EXPECT_GE(allocator.peak(), allocator.active());
  EXPECT_EQ(allocator.cached(), 0u);
  block = nullptr;
  EXPECT_EQ(allocator.active(), before);
  EXPECT_GT(allocator.cached(), 0u);
  block = allocator.allocate(99000);
  EXPECT_EQ(block.get(), address);
  EXPECT_EQ(allocator.cached(), 0u);
}

TEST_F(AllocatorTest, ASlightlyLargerBlockIsReused) {
  Ref<Buffer> block = allocator.allocate(10 << 20);
  Buffer* const address = block.get();
  block = nullptr;
  block = allocator.allocate((8 << 20) + 1);
  EXPECT_EQ(block.get(), address);
  EXPECT_EQ(block->bytes(), (size_t(8) << 20) + 1);
  block = nullptr;
  block = allocator.allocate(1 << 20);
  EXPECT_NE(block.get(), address);
}

TEST_F(AllocatorTest, HoldsLittleMoreThanWasEverInUse) {
  const size_t base = allocator.active();
  for (size_t size = 1; size <= 96; ++size)
    const Ref<Buffer> block = allocator.allocate(size << 20);
  EXPECT_LE(allocator.active() + allocator.cached() - base,
            allocator.peak() - base + (size_t(48) << 20));
}

TEST_F(AllocatorTest, FreesTheLongestUnusedBlockFirst) {
  const size_t previous = allocator.set_cache_limit(3 << 20);
  Ref<Buffer> old = allocator.allocate(1 << 20), recent = allocator.allocate(2 << 20);
  Buffer* const address = recent.get();
  old = nullptr;
  recent = nullptr;
  {
    const Ref<Buffer> more = allocator.allocate(100 << 10);
  }
  EXPECT_EQ(allocator.allocate(2 << 20).get(), address);
  EXPECT_LT(allocator.cached(), size_t(3) << 20);
  allocator.set_cache_limit(previous);
}

TEST_F(AllocatorTest, AnEmptyRequestGivesAValidBuffer) {
  const Ref<Buffer> block = allocator.allocate(0);
  EXPECT_NE(block->handle(), nullptr);
  EXPECT_NE(block->write(), nullptr);
}

TEST_F(AllocatorTest, TheCacheLimitBoundsWhatIsKept) {
  const size_t previous = allocator.set_cache_limit(1 << 20);
  {
    const Ref<Buffer> block = allocator.allocate(8 << 20);
  }
  EXPECT_LE(allocator.cached(), size_t(1) << 20);
  EXPECT_EQ(allocator.set_cache_limit(previous), size_t(1) << 20);
}

TEST_F(AllocatorTest, RefusesWhatTheDeviceCannotHold) {
  for (const size_t bytes : {size_t(1) << 45, size_t(1) << 62, SIZE_MAX}) try {
      allocator.allocate(bytes);
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("[malloc] cannot allocate"), std::string::npos)
          << error.what();
    }
}

TEST_F(AllocatorTest, AFreedBlockIsReusedOnItsQueueAtOnceAndElsewhereWhenDone) {
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(device), other = make_ref<Queue>(device);
  queue->expect(size_t(1) << 30);
  Kernel& kernel = device.kernels().generated(
      "kernel void slow(global float* x, long at, long count) {\n"
      "  for (long k = 0; k < 200; ++k) FOR_EACH(i, count) x[at + i] = x[at + i] * 0.5f + 1;\n}\n",
      "slow");
  Ref<Buffer> block = allocator.allocate(4 << 20, queue.get());
  Buffer* const address = block.get();
  Launch(*queue, kernel).over(4).with(BufferArgument{block.get(), 0, true}, int64_t(1 << 20));
  block = nullptr;
  const Ref<Buffer> elsewhere = allocator.allocate(4 << 20, other.get());
  if (!queue->is_idle()) EXPECT_NE(elsewhere.get(), address);
  const Ref<Buffer> again = allocator.allocate(4 << 20, queue.get());
  EXPECT_EQ(again.get(), address);
  queue->finish();
}

TEST_F(AllocatorTest, HostChangesReachTheDeviceAndBack) {
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(device);
  Kernel& kernel = device.kernels().generated(
      "kernel void twice(global float* x, long at, long count) { FOR_EACH(i, count) x[at + i] *= "
      "2; }\n",
      "twice");
  const Ref<Buffer> x = allocator.allocate(64);
  static_cast<float*>(x->write())[1] = 3;
  for (const float expected : {6.f, 12.f}) {
    Launch(*queue, kernel).over(1).with(BufferArgument{x.get(), 1, true}, int64_t(1));
    EXPECT_EQ(static_cast<const float*>(x->read())[1], expected);
  }
  static_cast<float*>(x->write())[1] = 5;
  Launch(*queue, kernel).over(1).with(BufferArgument{x.get(), 1, true}, int64_t(1));
  EXPECT_EQ(static_cast<const float*>(x->read())[1], 10);
}

TEST_F(AllocatorTest, ABlockLargerThanOneMemoryObjectWorksOnUnifiedDevices) {
  if (!device.facts().unified) GTEST_SKIP();
  const size_t bytes = (size_t(9) << 28);  // 2.25 GiB, hardly touched
  Ref<Buffer> x;
  try {
    x = allocator.allocate(bytes);
  } catch (const std::runtime_error&) {
    GTEST_SKIP() << "not enough memory";
  }
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(device);
  Kernel& kernel = device.kernels().generated(
      "kernel void mark(global uchar* x, long at) { x[at] = 7; }\n", "mark");
  Launch(*queue, kernel).over(1).with(BufferArgument{x.get(), int64_t(bytes) - 1, true});
  EXPECT_EQ(static_cast<const unsigned char*>(x->read())[bytes - 1], 7);
  x = nullptr;
  allocator.clear_cache();
}

}  // namespace
}  // namespace mlx
