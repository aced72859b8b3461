// Shapes, dtypes and 16-bit floats.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/dtype.h"
#include "base/shape.h"

namespace mlx {
namespace {

TEST(Shape, BroadcastsLikeNumPy) {
  EXPECT_EQ(broadcast({3, 1}, {1, 4}), (Shape{3, 4}));
  EXPECT_EQ(broadcast({}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast({0}, {1}), (Shape{0}));
  EXPECT_THROW(broadcast({2}, {3}), std::invalid_argument);
  EXPECT_EQ(broadcast_strides({3, 1}, {1, 1}, {2, 3, 4}), (Strides{0, 1, 0}));
}

TEST(Shape, KnowsRowMajorOrder) {
  EXPECT_EQ(row_major({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_TRUE(is_row_major({2, 1, 4}, {4, 77, 1}));
  EXPECT_TRUE(is_row_major({2, 0, 4}, {5, 5, 5}));
  EXPECT_FALSE(is_row_major({2, 3}, {1, 2}));
}

TEST(Shape, NormalizesAxes) {
  EXPECT_EQ(normalize_axis(-1, 3, "op"), 2);
  EXPECT_THROW(normalize_axis(3, 3, "op"), std::out_of_range);
  EXPECT_THROW(normalize_axis(-4, 3, "op"), std::out_of_range);
  EXPECT_EQ(normalize_axes({2, -3}, 3, "op"), (Axes{0, 2}));
  EXPECT_THROW(normalize_axes({0, -3}, 3, "op"), std::invalid_argument);
}

TEST(Shape, CollapsesWhatLiesInOneRun) {
  const Strides dense = row_major({2, 3, 4}), turned{4, 8, 1};
  EXPECT_EQ(collapse_dims({2, 3, 4}, {&dense}).shape, (Shape{24}));
  const Collapsed both = collapse_dims({2, 3, 4}, {&dense, &turned});
  EXPECT_EQ(both.shape, (Shape{2, 3, 4}));
  EXPECT_EQ(collapse_dims({}, {}).shape, (Shape{1}));
}

TEST(SmallVector, GrowsCopiesAndMoves) {
  Shape shape;
  for (int i = 0; i < 20; ++i) shape.push_back(i);
  Shape copy = shape, moved = std::move(shape);
  EXPECT_EQ(copy, moved);
  EXPECT_TRUE(shape.empty());
  copy.insert(copy.begin() + 1, 77);
  EXPECT_EQ(copy[1], 77);
  copy.erase(copy.begin() + 1);
  EXPECT_EQ(copy, moved);
}

TEST(Dtype, PromotesSymmetrically) {
  for (int i = 0; i < Dtype::count; ++i)
    for (int j = 0; j < Dtype::count; ++j) {
      const Dtype a{Dtype::Id(i)}, b{Dtype::Id(j)};
      EXPECT_EQ(promote(a, b), promote(b, a));
      EXPECT_EQ(promote(a, a), a);
      EXPECT_EQ(promote(promote(a, b), b), promote(a, b)) << a.name() << ' ' << b.name();
    }
  EXPECT_EQ(promote(float16, bfloat16), float32);
  EXPECT_EQ(dtype_named("bfloat16"), bfloat16);
  EXPECT_THROW(dtype_named("float8"), std::invalid_argument);
}

TEST(Half, RoundsToNearestEvenAndBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    float16_t half;
    half.bits = uint16_t(bits);
    const float value = float(half);
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(float(float16_t(value))));
    else
      ASSERT_EQ(float16_t(value).bits, bits);
    bfloat16_t brain;
    brain.bits = uint16_t(bits);
    const float wide = float(brain);
    if (std::isnan(wide))
      EXPECT_TRUE(std::isnan(float(bfloat16_t(wide))));
    else
      ASSERT_EQ(bfloat16_t(wide).bits, bits);
  }
  EXPECT_EQ(float16_t(65519.f).bits, 0x7bff);
  EXPECT_EQ(float16_t(65520.f).bits, 0x7c00);
  EXPECT_EQ(float16_t(1 + 0x1p-11f).bits, 0x3c00);
  EXPECT_EQ(float16_t(0x1p-25f).bits, 0);
  EXPECT_EQ(bfloat16_t(1 + 0x1p-8f).bits, 0x3f80);
  EXPECT_EQ(bfloat16_t(1 + 0x1.8p-7f).bits, 0x3f82);
}

}  // namespace
}  // namespace mlx
