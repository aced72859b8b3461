// The folder of built binaries: damaged entries, bounds, unwritable folders.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "cl/launch.h"

namespace mlx {
namespace {

namespace fs = std::filesystem;

// The tests need a cache, and keep out of the user's; this runs before anything reads the variable.
const std::string tests_folder = [] {
  const char* const given = std::getenv("MLX_CL_CACHE");
  const std::string folder = given && given != std::string("off") ? given : (fs::temp_directory_path() / "mlx-opencl-tests").string();
  setenv("MLX_CL_CACHE", folder.c_str(), 1);
  return folder;
}();

struct Ending : testing::Environment {
  void TearDown() override { prepare_exit(); }
};
const auto* const ending = testing::AddGlobalTestEnvironment(new Ending);

std::string path_of(const std::string& key) { return disk_cache::folder() + "/" + key + ".clbin"; }

TEST(DiskCache, KeepsWhatIsStored) {
  const std::string key = digest("kept"), content("some\0bytes", 10);
  disk_cache::store(key, content);
  EXPECT_EQ(disk_cache::load(key), content);
  EXPECT_GE(disk_cache::usage().entries, 1u);
  EXPECT_GE(disk_cache::usage().bytes, content.size());
  EXPECT_EQ(disk_cache::load(digest("never stored")), "");
}

TEST(DiskCache, ADamagedEntryIsAMiss) {
  const std::string key = digest("damaged"), content(1000, 'x');
  for (const auto damage : {0, 9, 20, 500}) {
    disk_cache::store(key, content);
    std::fstream file(path_of(key), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(damage);
    file.put('!');
    file.close();
    EXPECT_EQ(disk_cache::load(key), "") << "at byte " << damage;
  }
  for (const size_t length : {0, 5, 24, 900}) {
    disk_cache::store(key, content);
    fs::resize_file(path_of(key), length);
    EXPECT_EQ(disk_cache::load(key), "") << "cut to " << length;
  }
}

const char* const source = "kernel void seven(global int* x, long at) { x[at] = 7; }\n";

int seven(Device& device) {
  const auto lock = submission_lock();
  Ref<Queue> queue = make_ref<Queue>(device);
  const Ref<Buffer> x = device.allocator().allocate(4);
  Launch(*queue, device.kernels().generated(source, "seven")).over(1).with(BufferArgument{x.get(), 0, true});
  return *static_cast<const int*>(x->read());
}

TEST(DiskCacheProcess, WorksWithAnUnwritableFolder) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char* const folder : {"/dev/null/cache", "/proc/cache", "off", ""})
    EXPECT_EXIT(
        {
          setenv("MLX_CL_CACHE", folder, 1);
          std::_Exit(disk_cache::folder().empty() && seven(Device::get(Device::preferred())) == 7 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "")
        << folder;
}

TEST(DiskCacheProcess, EvictsTheOldestBeyondItsBound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const std::string folder = tests_folder + "-bounded";
        fs::remove_all(folder);
        setenv("MLX_CL_CACHE", folder.c_str(), 1);
        setenv("MLX_CL_CACHE_SIZE", "1", 1);
        for (const char* const key : {"one", "two", "three"}) {
          disk_cache::store(key, std::string(400 << 10, 'x'));
          if (key[0] == 'o') fs::last_write_time(path_of(key), fs::file_time_type::clock::now() - std::chrono::hours(1));
        }
        const bool kept = !disk_cache::load("two").empty() && !disk_cache::load("three").empty();
        const bool evicted = disk_cache::load("one").empty() && disk_cache::usage().entries == 2;
        fs::remove_all(folder);
        std::_Exit(kept && evicted ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(DiskCacheProcess, AValidEntryWithoutAUsableBinaryIsRebuilt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // Every entry becomes a sound file around nonsense; the kernel must still build and run.
  EXPECT_EQ(seven(Device::get(Device::preferred())), 7);
  EXPECT_EXIT(
      {
        const std::string folder = tests_folder + "-nonsense";
        fs::create_directories(folder);
        setenv("MLX_CL_CACHE", folder.c_str(), 1);
        for (const auto& entry : fs::directory_iterator(tests_folder))
          if (entry.path().extension() == ".clbin") disk_cache::store(entry.path().stem(), "not a program");
        const int result = seven(Device::get(Device::preferred()));
        fs::remove_all(folder);
        std::_Exit(result == 7 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mlx
