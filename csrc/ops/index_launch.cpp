// How the indexing primitives launch.
#include "ops/index_launch.h"

namespace mlx {

bool merges(const array& a, int begin, int end, int64_t& size, int64_t& stride) {
  const Shape shape(a.shape().begin() + begin, a.shape().begin() + end);
  const Strides strides(a.strides().begin() + begin, a.strides().begin() + end);
  const Collapsed collapsed = collapse_dims(shape, {&strides});
  size = collapsed.shape.back();
  stride = collapsed.strides[0].back();
  return collapsed.shape.size() == 1;
}

Word widest_word(const Queue& queue, std::initializer_list<int64_t> quantities) {
  int64_t divisor = 0;
  for (const int64_t bytes : quantities) divisor = std::gcd(divisor, bytes);
  if (divisor % 64 == 0 && queue.device().facts().is_cpu) return {"ulong8", 64};
  if (divisor % 16 == 0) return {"uint4", 16};
  if (divisor % 8 == 0) return {"ulong", 8};
  if (divisor % 4 == 0) return {"uint", 4};
  return divisor % 2 == 0 ? Word{"ushort", 2} : Word{"uchar", 1};
}

void set_indices(Launch& kernel, const Arrays& indices, const array& a, int axis) {
  for (size_t k = 0; k < indices.size(); ++k) {
    kernel.set(reads(indices[k]));
    kernel.set(int64_t(a.shape(axis + int(k))));
    kernel.set(a.strides()[axis + k]);
  }
}

}  // namespace mlx
