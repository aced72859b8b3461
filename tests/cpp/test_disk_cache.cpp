// The folder of built binaries: damaged entries, bounds, unwritable folders.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cl/disk_cache.h"
#include "cl/launch.h"
#include "cl/lifetime.h"
#include "cl/pocl.h"

namespace mlx {
namespace {

namespace fs = std::filesystem;

// The tests need a cache, and keep out of the user's; this runs before anything reads the variable.
const std::string tests_folder = [] {
  const char* const given = std::getenv("MLX_CL_CACHE");
  const std::string folder = given && given != std::string("off")
                                 ? given
                                 : (fs::temp_directory_path() / "mlx-opencl-tests").string();
  setenv("MLX_CL_CACHE", folder.c_str(), 1);
  return folder;
}();

struct Ending : testing::Environment {
  void TearDown() override { prepare_exit(); }
};
const auto* const ending = testing::AddGlobalTestEnvironment(new Ending);

using disk_cache::path_of;

TEST(DiskCache, KeepsWhatIsStored) {
  const std::string key("kept\0too", 8), content("some\0bytes", 10);
  disk_cache::store(key, content);
  EXPECT_EQ(disk_cache::load(key), content);
  EXPECT_GE(disk_cache::usage().entries, 1u);
  EXPECT_GE(disk_cache::usage().bytes, content.size());
  EXPECT_EQ(disk_cache::load("never stored"), "");
}

TEST(DiskCache, ADamagedEntryIsAMiss) {
  const std::string key = "damaged", content(1000, 'x');
  for (const auto damage : {0, 9, 20, 35, 500}) {
    disk_cache::store(key, content);
    std::fstream file(path_of(key), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(damage);
    file.put('!');
    file.close();
    EXPECT_EQ(disk_cache::load(key), "") << "at byte " << damage;
  }
  for (const size_t length : {0, 5, 24, 34, 900}) {
    disk_cache::store(key, content);
    fs::resize_file(path_of(key), length);
    EXPECT_EQ(disk_cache::load(key), "") << "cut to " << length;
  }
}

TEST(DiskCache, AnEntryUnderAnotherKeysNameIsAMiss) {
  disk_cache::store("mine", "content");
  fs::copy_file(path_of("mine"), path_of("other"), fs::copy_options::overwrite_existing);
  EXPECT_EQ(disk_cache::load("mine"), "content");
  EXPECT_EQ(disk_cache::load("other"), "");
}

mode_t mode_of(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
}

const char* const source = "kernel void seven(global int* x, long at) { x[at] = 7; }\n";

int seven(Device& device, Queue& queue) {
  const Submission submission;
  const Ref<Buffer> x = device.allocator().allocate(4);
  Launch(queue, device.kernels().generated(source, "seven"))
      .over(1)
      .with(BufferArgument{x.get(), 0, true});
  return *static_cast<const int*>(x->read());
}

int seven(Device& device) {
  return seven(device, *make_ref<Queue>(device));
}

TEST(PoclText, OneKernelRemains) {
  const std::string text =
      "\nkernel void one(int a) {}\nkernel void one_more(int a) {}\n  // kernel void two\n";
  EXPECT_EQ(pocl::only_kernel(text, "one"),
            "\nkernel void one(int a) {}\nstatic void one_more(int a) {}\n  // kernel void two\n");
}

TEST(DiskCacheProcess, WorksWithAnUnwritableFolder) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char* const folder : {"/dev/null/cache", "/proc/cache", "off", ""})
    EXPECT_EXIT(
        {
          setenv("MLX_CL_CACHE", folder, 1);
          std::_Exit(
              disk_cache::folder().empty() && seven(Device::get(Device::preferred())) == 7 ? 0 : 1);
        },
        testing::ExitedWithCode(0), "")
        << folder;
}

TEST(DiskCacheProcess, TheFolderIsTheUsersAlone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const std::string folder = tests_folder + "-private/within";
        fs::remove_all(tests_folder + "-private");
        setenv("MLX_CL_CACHE", folder.c_str(), 1);
        std::_Exit(disk_cache::folder() == folder && mode_of(folder) == 0700 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        const std::string folder = tests_folder + "-private/within";
        chmod(folder.c_str(), 0777);
        setenv("MLX_CL_CACHE", folder.c_str(), 1);
        std::_Exit(disk_cache::folder() == folder && mode_of(folder) == 0755 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  if (geteuid() != 0) return;
  EXPECT_EXIT(
      {
        const std::string folder = tests_folder + "-private/within";
        const bool given = chown(folder.c_str(), 1, 1) == 0;
        setenv("MLX_CL_CACHE", folder.c_str(), 1);
        std::_Exit(given && disk_cache::folder().empty() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(DiskCacheProcess, ASecondFolderIsOnlyRead) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string own = tests_folder + "-own", shared = tests_folder + "-shared";
  EXPECT_EXIT(
      {
        fs::remove_all(own);
        fs::remove_all(shared);
        setenv("MLX_CL_CACHE", shared.c_str(), 1);
        disk_cache::store("shared", "from there");
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        setenv("MLX_CL_CACHE", (own + ":/nowhere:" + shared).c_str(), 1);
        const bool found = disk_cache::load("shared") == "from there";
        disk_cache::store("own", "from here");
        const bool kept =
            disk_cache::load("own") == "from here" && path_of("own").rfind(own, 0) == 0;
        std::_Exit(found && kept && disk_cache::usage().entries == 1 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        chmod(shared.c_str(), 0777);  // anyone could have put code there
        setenv("MLX_CL_CACHE", (own + ":" + shared).c_str(), 1);
        std::_Exit(
            disk_cache::load("shared").empty() && disk_cache::load("own") == "from here" ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(DiskCacheProcess, OneStoredBinaryServesBothLanes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  if (!Device::get(Device::preferred()).small()) GTEST_SKIP() << "the device has one lane";
  EXPECT_EXIT(
      {
        const std::string folder = tests_folder + "-lanes";
        fs::remove_all(folder);
        setenv("MLX_CL_CACHE", folder.c_str(), 1);
        Device& device = Device::get(Device::preferred());
        bool right = true;
        for (const size_t work : {size_t(1), size_t(1) << 30}) {
          Ref<Queue> queue = make_ref<Queue>(device);
          queue->expect(work);
          right = right && seven(device, *queue) == 7 && disk_cache::usage().entries == 1;
        }
        std::_Exit(right ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
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
          if (key[0] == 'o')
            fs::last_write_time(path_of(key),
                                fs::file_time_type::clock::now() - std::chrono::hours(1));
        }
        const bool kept = !disk_cache::load("two").empty() && !disk_cache::load("three").empty();
        const bool evicted = disk_cache::load("one").empty() && disk_cache::usage().entries == 2;
        fs::remove_all(folder);
        std::_Exit(kept && evicted ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

/// The key that an entry carries behind its header.
std::string key_in(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  uint64_t header[4];
  file.read(reinterpret_cast<char*>(header), sizeof header);
  std::string key(header[1], '\0');
  file.read(key.data(), std::streamsize(key.size()));
  return key;
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
          if (entry.path().extension() == ".clbin")
            disk_cache::store(key_in(entry.path()), "not a program");
        const int result = seven(Device::get(Device::preferred()));
        fs::remove_all(folder);
        std::_Exit(result == 7 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mlx
