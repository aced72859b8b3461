// Discovery, roles, forks and exits.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "cl/discovery.h"
#include "cl/group_sizes.h"
#include "cl/launch.h"

namespace mlx {
namespace {

TEST(Device, TheCpuIsThereAndSaysWhatItHas) {
  const Device& device = Device::get(DeviceType::cpu);
  EXPECT_TRUE(Device::exists(DeviceType::cpu));
  EXPECT_TRUE(device.facts().is_cpu);
  EXPECT_TRUE(device.facts().unified);
  EXPECT_GE(device.facts().compute_units, 1);
  EXPECT_GT(device.facts().memory, size_t(1) << 28);
  EXPECT_EQ(&device, &Device::get(DeviceType::cpu));
  bool listed = false;
  for (const Found& found : platforms()) listed = listed || found.role.rfind("mx.cpu", 0) == 0;
  EXPECT_TRUE(listed);
}

enum class Type { cpu, gpu, accelerator };

Offer offer(const char* name, Type type, const char* version = "OpenCL 3.0") {
  const bool pocl = std::string(version).find("PoCL") != std::string::npos;
  return {
      nullptr,           nullptr,           0,    0,
      "A platform",      version,           name, "1",
      type == Type::cpu, type == Type::gpu, pocl, pocl && std::string(name).rfind("basic", 0) == 0};
}

TEST(Roles, AcceleratorsServeOnlyWhenNamed) {
  const std::vector<Offer> all{offer("FPGA emulation", Type::accelerator),
                               offer("Xeon", Type::cpu)};
  EXPECT_EQ(choose_among(all, DeviceType::gpu).wide, nullptr);
  EXPECT_EQ(choose_among(all, DeviceType::cpu).wide, &all[1]);
  EXPECT_TRUE(answers_to(all[0], "fpga"));
  EXPECT_TRUE(answers_to(all[0], "Accelerator"));
}

TEST(Roles, AGpuServesAsBothWhereThereIsNoCpuDevice) {
  const std::vector<Offer> all{offer("FPGA emulation", Type::accelerator),
                               offer("Radeon", Type::gpu)};
  EXPECT_EQ(choose_among(all, DeviceType::gpu).wide, &all[1]);
  EXPECT_EQ(choose_among(all, DeviceType::cpu).wide, &all[1]);
  EXPECT_EQ(choose_among(all, DeviceType::cpu).small, nullptr);
}

TEST(Roles, PoclIsTheCpuAmongSeveralAndHasASmallDevice) {
  const std::vector<Offer> all{offer("Xeon", Type::cpu),
                               offer("pthread-Xeon", Type::cpu, "PoCL 3.1"),
                               offer("basic-Xeon", Type::cpu, "PoCL 3.1")};
  EXPECT_EQ(choose_among(all, DeviceType::cpu).wide, &all[1]);
  EXPECT_EQ(choose_among(all, DeviceType::cpu).small, &all[2]);
}

TEST(Roles, PoclsDevicesAnswerToTheNamesOfAllItsVersions) {
  const Offer now = offer("cpu-haswell", Type::cpu, "OpenCL 3.0 PoCL 7.0"),
              before = offer("pthread-haswell", Type::cpu, "OpenCL 3.0 pocl 3.1 PoCL");
  for (const char* const name : {"pocl", "cpu", "pthread", "haswell", "0:0"}) {
    EXPECT_TRUE(answers_to(now, name)) << name;
    EXPECT_TRUE(answers_to(before, name)) << name;
  }
  EXPECT_FALSE(answers_to(now, "gpu"));
}

TEST(GroupSizes, AreWithinTheDevice) {
  Capabilities device;
  for (const auto& [most, side] :
       {std::pair{1, 1}, {8, 2}, {64, 8}, {128, 8}, {256, 16}, {1024, 16}}) {
    device.max_group = size_t(most);
    EXPECT_EQ(square_group(device), side);
    EXPECT_EQ(group_of(device, 64), std::min(64, most));
  }
}

TEST(DeviceProcess, AnUnknownNameTellsWhatThereIs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        setenv("MLX_CL_DEVICE", "no such device", 1);
        try {
          Device::get(DeviceType::gpu);
        } catch (const std::invalid_argument& error) {
          std::fputs(error.what(), stderr);
          std::_Exit(0);
        }
        std::_Exit(1);
      },
      testing::ExitedWithCode(0), "names no OpenCL device.*0:0");
}

TEST(DeviceProcess, ANamedCpuDeviceIsADiscreteGpu) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char* const name : {"PORTABLE computing", "0:0"})
    EXPECT_EXIT(
        {
          setenv("MLX_CL_DEVICE", name, 1);
          const Device& gpu = Device::get(DeviceType::gpu);
          const Device& cpu = Device::get(DeviceType::cpu);
          const bool discrete =
              !gpu.facts().unified && !gpu.facts().is_cpu && !gpu.facts().native_kernels;
          std::_Exit(discrete && gpu.context() != cpu.context() &&
                             Device::preferred() == DeviceType::gpu
                         ? 0
                         : 1);
        },
        testing::ExitedWithCode(0), "")
        << name;
}

void use_the_device(size_t work) {
  Device& device = Device::get(Device::preferred());
  const Submission submission;
  Ref<Queue> queue = make_ref<Queue>(device);
  queue->expect(work);
  const Ref<Buffer> x = device.allocator().allocate(4 << 20, queue.get());
  Kernel& kernel = device.kernels().generated(
      "kernel void fill(global float* x, long at, long count) { FOR_EACH(i, count) x[at + i] = i; "
      "}\n",
      "fill");
  for (int i = 0; i < 100; ++i)
    Launch(*queue, kernel).over(4).with(BufferArgument{x.get(), 0, true}, int64_t(1 << 20));
}

TEST(DeviceProcess, AForkedChildIsToldAndNeverHangs) {
  use_the_device(size_t(1) << 30);
  Ref<Queue> queue = make_ref<Queue>(Device::get(Device::preferred()));
  const Ref<Buffer> buffer = Device::get(Device::preferred()).allocator().allocate(16);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a hang becomes a signal
    int told = 0;
    const auto expect_refusal = [&](auto&& use) {
      try {
        use();
      } catch (const std::runtime_error& error) {
        told += std::string(error.what()).find("fork") != std::string::npos;
      }
    };
    expect_refusal([] { Device::get(DeviceType::cpu); });
    expect_refusal([] { const Submission submission; });
    expect_refusal([&] { queue->finish(); });
    expect_refusal([&] { buffer->device().allocator().allocate(100); });
    {
      const Ref<Buffer> dropped = buffer;
    }
    std::exit(told == 4 ? 0 : 1);  // with exit handlers
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

TEST(DeviceProcess, ExitsCleanlyWithWorkPending) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        alarm(60);
        use_the_device(size_t(1) << 30);
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(DeviceProcess, ForkBeforeFirstUseWorks) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const pid_t child = fork();
        use_the_device(10);
        if (child == 0) std::exit(0);
        int status = 0;
        waitpid(child, &status, 0);
        std::exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mlx
