// The array class, dtypes, devices, streams, printing and the small utilities.
#include <sstream>

#include "values.h"

namespace {

template <typename T>
std::string text_of(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

TEST(ApiArray, ConstructorsTakeNumbersListsAndIterators) {
  const std::vector<int> numbers{1, 2, 3, 4};
  EXPECT_VALUES(mx::array(1.5f), 1.5);
  EXPECT_VALUES(mx::array(true), 1);
  EXPECT_VALUES(mx::array(mx::complex64_t(1, 2)), 1, 2);
  EXPECT_VALUES(mx::array({1, 2, 3}), 1, 2, 3);
  EXPECT_VALUES(mx::array({1.5f, 2.5f}), 1.5, 2.5);
  EXPECT_VALUES(mx::array({1, 2, 3, 4}, {2, 2}), 1, 2, 3, 4);
  EXPECT_VALUES(mx::array(numbers.begin(), {2, 2}), 1, 2, 3, 4);
  EXPECT_VALUES(mx::array(numbers.data(), {4}, mx::float32), 1, 2, 3, 4);
  EXPECT_VALUES(mx::array({1, 0, 2}, mx::bool_), 1, 0, 1);
  EXPECT_EQ(mx::array(3, mx::float16).dtype(), mx::float16);
  EXPECT_EQ(mx::array(uint8_t(3)).dtype(), mx::uint8);
  EXPECT_THROW(mx::array({1, 2, 3}, mx::Shape{2, 2}), std::invalid_argument);
}

TEST(ApiArray, MemoryIsGivenBackOnceByTheTimeTheArrayIsGone) {
  float data[] = {1, 2};
  int deleted = 0;
  {
    const mx::array a(data, {2}, mx::float32, [&](void* p) { deleted += p == data; });
    EXPECT_VALUES(a + 1, 2, 3);
    EXPECT_VALUES(a, 1, 2);
  }
  mx::synchronize();
  EXPECT_EQ(deleted, 1);
}

TEST(ApiArray, FactsAndValues) {
  mx::array a({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(a.size(), 6u);
  EXPECT_EQ(a.ndim(), 2u);
  EXPECT_EQ(a.nbytes(), 24u);
  EXPECT_EQ(a.shape(-1), 3);
  EXPECT_THROW(a.shape(2), std::out_of_range);
  const mx::array b = mx::transpose(a);
  EXPECT_EQ(b.strides(0), 1);
  EXPECT_EQ(b.strides(1), 3);
  EXPECT_TRUE(b.flags().col_contiguous);
  EXPECT_FALSE(b.flags().row_contiguous);
  EXPECT_EQ(mx::array(2.75f).item<int>(), 2);
  EXPECT_EQ(mx::array(3).item<mx::float16_t>().bits, 0x4200);
  EXPECT_THROW(a.item<int>(), std::invalid_argument);
  int total = 0;
  for (const mx::array& row : a) total += mx::sum(row).item<int>();
  EXPECT_EQ(total, 21);
}

TEST(ApiArray, AssignmentRebindsAndCopiesShare) {
  mx::array a(1), b = a;
  a = a + 1;
  EXPECT_EQ(a.item<int>(), 2);
  EXPECT_EQ(b.item<int>(), 1);
  EXPECT_EQ(a.status(), mx::array::available);
  EXPECT_EQ((a + 1).status(), mx::array::unscheduled);
}

TEST(ApiArray, Printing) {
  EXPECT_EQ(text_of(mx::array({1, 2}, mx::int32)), "array([1, 2], dtype=int32)");
  EXPECT_EQ(text_of(mx::array({true, false})), "array([true, false], dtype=bool)");
  EXPECT_EQ(text_of(mx::Shape{2, 3}), "(2,3)");
  EXPECT_EQ(text_of(mx::float16), "float16");
  EXPECT_EQ(text_of(mx::Device(mx::Device::cpu)), "Device(cpu, 0)");
}

TEST(ApiArray, NumbersOfDoublePrecisionBecomeFloat32) {
  EXPECT_EQ(mx::array(1.5).dtype(), mx::float32);
  EXPECT_EQ(mx::array({1.5, 2.5}).dtype(), mx::float32);
  EXPECT_EQ(mx::array(0.1, mx::float64).item<double>(), 0.1);
  EXPECT_EQ((mx::array(1.0f, mx::float16) + 2.0f).dtype(), mx::float32);
  EXPECT_EQ((mx::array(1.0f, mx::float16) * 2).dtype(), mx::float16);
  EXPECT_EQ(mx::full({2}, 3.0).dtype(), mx::float32);
}

TEST(ApiArray, Dtypes) {
  EXPECT_EQ(mx::promote_types(mx::int32, mx::float16), mx::float16);
  EXPECT_TRUE(mx::issubdtype(mx::float16, mx::floating));
  EXPECT_FALSE(mx::issubdtype(mx::int8, mx::inexact));
  EXPECT_EQ(mx::kindof(mx::uint8), mx::Dtype::Kind::u);
  EXPECT_EQ(mx::finfo(mx::float16).max, 65504);
  EXPECT_EQ(mx::iinfo(mx::int8).min, -128);
  EXPECT_EQ(mx::result_type(mx::array(1), mx::array(1.0f)), mx::float32);
  EXPECT_EQ(mx::broadcast_shapes({2, 1}, {3}), (mx::Shape{2, 3}));
  EXPECT_EQ(mx::next_power_of_2(5), 8);
  EXPECT_STREQ(mx::version(), "0.32.4");
}

TEST(ApiArray, StreamsAndDevices) {
  EXPECT_TRUE(mx::is_available(mx::Device::cpu));
  EXPECT_GT(std::get<size_t>(mx::device_info(mx::Device::cpu).at("memory_size")), 0u);
  const mx::Stream s = mx::new_stream(mx::Device::cpu);
  EXPECT_VALUES(mx::add(mx::array(1), mx::array(2), s), 3);
  EXPECT_VALUES(mx::add(mx::array(1), mx::array(2), mx::Device::cpu), 3);
  mx::synchronize(s);
  {
    const mx::StreamContext context(s);
    EXPECT_EQ(mx::to_stream({}), s);
  }
  EXPECT_NE(mx::to_stream({}), s);
  EXPECT_THROW(mx::set_default_device(mx::Device(mx::Device::cpu, 5)), std::invalid_argument);
}

TEST(ApiArray, GroupsOfOneProcess) {
  const mx::distributed::Group group = mx::distributed::init();
  EXPECT_EQ(group.size(), 1);
  EXPECT_VALUES(mx::distributed::all_sum(mx::array({1, 2}), group), 1, 2);
  const auto factory = [](int, int) { return [](const std::string& own) { return own; }; };
  EXPECT_THROW(mx::distributed::init(false, "ring", factory), std::invalid_argument);
  EXPECT_EQ(mx::distributed::init(false, "jaccl", factory).size(), 1);
  EXPECT_THROW(mx::distributed::init(true, "jaccl", factory), std::runtime_error);
  mx::distributed::clear_backends();
  EXPECT_EQ(mx::distributed::init().rank(), 0);
}

TEST(ApiArray, Memory) {
  const size_t before = mx::get_active_memory();
  const std::vector<float> zeros(1000);
  const mx::array a(zeros.data(), {1000});
  EXPECT_GE(mx::get_active_memory(), before + 4000);
  EXPECT_GE(mx::get_array_buffer_size({a, a}), 4000u);
  const size_t limit = mx::set_cache_limit(1 << 20);
  EXPECT_EQ(mx::set_cache_limit(limit), size_t(1) << 20);
}

}  // namespace
