// The GGUF format of llama.cpp: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#pragma once

#include <variant>

#include "ops/io.h"

namespace mlx {

/// Scalars and 1-d arrays, text, or a list of texts.
using GgufValue = std::variant<array, std::string, std::vector<std::string>>;
using GgufMetadata = std::vector<std::pair<std::string, GgufValue>>;

/// Tensors and metadata. Q4_0, Q4_1 and Q8_0 stay packed: name.weight (uint32), name.scales and
/// name.biases (float16, groups of 32); Q2_K, Q4_K and Q6_K become float16. Throws
/// std::runtime_error for damaged files and other types.
std::pair<NamedArrays, GgufMetadata> load_gguf(const Source& source, StreamOrDevice s = {});
/// float32, float16, int8, int16 and int32 (else std::runtime_error).
void save_gguf(ByteSink& sink, const NamedArrays& arrays, const GgufMetadata& metadata);

}  // namespace mlx
