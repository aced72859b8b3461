// A few rows of 16-bit floats times packed weights, on CPU devices, several matrices in one launch.
#include "ops/packed_words.h"

namespace mlx {

namespace {

/// What each work-item keeps of x, in bytes: integers, a step for each block, a sum for each group.
struct Kept {
  Kept(const Quantization& q, int64_t m, int64_t k)
      : codes(size_t(m * k) * sizeof(int16_t)),
        steps(size_t(m * k * q.bits / 512) * sizeof(float)),
        sums(size_t(m * k / q.group_size) * sizeof(float)) {}
  size_t codes, steps, sums;
};

}  // namespace

bool can_multiply_packed_words(const Quantization& q, Dtype dtype, int64_t m, int64_t k,
                               const Queue& queue) {
  const Capabilities& facts = queue.device().facts();
  if (!facts.is_cpu || !q.is_affine() || !dtype.is_half() || 32 % q.bits != 0) return false;
  const int64_t block = 512 / q.bits;  // codes of 16 words
  const Kept kept(q, m, k);
  return k % block == 0 && block / q.group_size <= 8 && q.group_size % 16 == 0 &&
         kept.codes + kept.steps + kept.sums <= facts.local_memory / 2;
}

void multiply_packed_words(const Quantization& q, const array& x, const PackedSet* sets,
                           size_t count, const Arrays& indices, int64_t m, int64_t k,
                           Queue& queue) {
  const Kept kept(q, m, k);
  const int rows = m >= 4 ? 4 : m >= 2 ? 2 : 1, columns = rows == 1 ? 4 : 2;
  const int64_t batches = indices.empty() ? 1 : indices[0].size();
  Defines defines = q.defines((*sets[0].packed)[1].dtype());
  defines.insert(
      defines.end(),
      {{"T", x.dtype()}, {"ROWS", rows}, {"COLUMNS", columns}, {"SETS", int64_t(count)}});
  if (!indices.empty()) defines.emplace_back("GATHER", 1);
  Launch step = launch(queue, "packed_words", "words_multiplied", defines);
  step.set(reads(x));
  for (const size_t bytes : {kept.codes, kept.steps, kept.sums}) step.set(LocalMemory{bytes});
  if (!indices.empty()) {
    step.set(reads(indices[0]));
    step.set(int64_t(x.size() / (m * k)));
    step.set(reads(indices[1]));
    step.set(int64_t((*sets[0].packed)[0].size() * 32 / q.bits / (sets[0].columns * k)));
  }
  for (const int64_t value : {batches, m, k}) step.set(value);
  int64_t tiles = 0;
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    for (const array& part : *sets[i].packed) step.set(reads(part)), bytes += part.nbytes();
    step.set(writes(*sets[i].out));
    step.set(sets[i].columns);
    tiles += batches * ((m + rows - 1) / rows) * ((sets[i].columns + columns - 1) / columns);
  }
  // Each item arranges x for itself, so half as many as where nothing is done twice.
  step.over((work_items(queue, Work::quantized_products, tiles) + 1) / 2).moving(bytes);
  step.enqueue();
}

}  // namespace mlx
