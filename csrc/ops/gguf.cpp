// Reading and writing GGUF files, version 3 (2 is read too), little-endian.
#include "ops/gguf.h"

#include <algorithm>

#include "base/error.h"
#include "base/half.h"
#include "graph/evaluate.h"
#include "ops/shape.h"

namespace mlx {
namespace {

constexpr uint32_t version = 3;
constexpr uint64_t alignment = 32;
constexpr uint32_t type_text = 8, type_list = 9, type_double = 12;

struct ValueType {
  uint32_t id;
  Dtype dtype;
};
constexpr ValueType value_types[] = {{0, uint8},   {1, int8},  {2, uint16},  {3, int16},
                                     {4, uint32},  {5, int32}, {6, float32}, {7, bool_},
                                     {10, uint64}, {11, int64}};

/// How the tensors of a type lie in blocks; plain types have blocks of one.
struct TensorType {
  uint32_t id;
  Dtype dtype;
  uint64_t block, bytes;
};
constexpr TensorType tensor_types[] = {
    {0, float32, 1, 4},  {1, float16, 1, 2},     {24, int8, 1, 1},        {25, int16, 1, 2},
    {26, int32, 1, 4},   {30, bfloat16, 1, 2},   {2, uint32, 32, 18},     {3, uint32, 32, 20},
    {8, uint32, 32, 34}, {10, float16, 256, 84}, {12, float16, 256, 144}, {14, float16, 256, 210}};
constexpr uint32_t q4_0 = 2, q4_1 = 3, q8_0 = 8, q2_k = 10, q4_k = 12;

[[noreturn]] void bad(const Source& source, const std::string& what) {
  fail<std::runtime_error>("load_gguf", source->name(), ": ", what, ".");
}

/// Reads a file from its start.
class Cursor {
 public:
  explicit Cursor(const Source& source) : source_(source) {}
  template <typename T>
  T number() {
    T value;
    take(&value, sizeof value);
    return value;
  }
  /// How many things of at least `least` bytes follow.
  uint64_t count(uint64_t least) {
    const uint64_t value = number<uint64_t>();
    if (value > (source_->size() - at_) / least)
      bad(source_, "a length extends past the end of the file");
    return value;
  }
  std::string text() {
    std::string text(count(1), '\0');
    take(text.data(), text.size());
    return text;
  }
  void take(void* to, size_t size) {
    if (size > source_->size() - at_) bad(source_, "it is cut short");
    if (size) source_->read(at_, to, size);
    at_ += size;
  }
  uint64_t at() const { return at_; }

 private:
  const Source& source_;
  uint64_t at_ = 0;
};

array numbers(Cursor& cursor, const Source& source, uint32_t type, Shape shape) {
  if (type == type_double) {
    std::vector<float> values;
    for (int64_t i = 0; i < size_of(shape); ++i) values.push_back(float(cursor.number<double>()));
    return array::from_host(values.data(), std::move(shape), float32);
  }
  for (const ValueType& known : value_types) {
    if (known.id != type) continue;
    std::string bytes(size_t(size_of(shape)) * size_t(known.dtype.size()), '\0');
    cursor.take(bytes.data(), bytes.size());
    return array::from_host(bytes.data(), std::move(shape), known.dtype);
  }
  bad(source, "metadata of an unknown type");
}

GgufValue read_value(Cursor& cursor, const Source& source) {
  const uint32_t type = cursor.number<uint32_t>();
  if (type == type_text) return cursor.text();
  if (type != type_list) return numbers(cursor, source, type, {});
  const uint32_t item = cursor.number<uint32_t>();
  const uint64_t count = cursor.count(1);
  if (item != type_text)
    return numbers(cursor, source, item, {dimension(int64_t(count), "load_gguf")});
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < count; ++i) texts.push_back(cursor.text());
  return texts;
}

float half_at(const uint8_t* p) {
  float16_t value;
  value.bits = uint16_t(p[0] | p[1] << 8);
  return float(value);
}

/// 6-bit scale and minimum of sub-block j of a Q4_K block.
std::pair<float, float> scale_of_q4_k(const uint8_t* p, int j) {
  if (j < 4) return {float(p[j] & 63), float(p[j + 4] & 63)};
  return {float((p[j + 4] & 15) | (p[j - 4] >> 6) << 4), float((p[j + 4] >> 4) | (p[j] >> 6) << 4)};
}

/// One block of 256 values as llama.cpp's K-quantisations define them.
void unpack_block(uint32_t type, const uint8_t* p, float* y) {
  if (type == q4_k) {
    const float d = half_at(p), least = half_at(p + 2);
    for (int j = 0; j < 8; ++j) {
      const auto [scale, minimum] = scale_of_q4_k(p + 4, j);
      for (int i = 0; i < 32; ++i)
        y[32 * j + i] =
            d * scale * float(p[16 + 32 * (j / 2) + i] >> 4 * (j % 2) & 15) - least * minimum;
    }
  } else if (type == q2_k) {
    const float d = half_at(p + 80), least = half_at(p + 82);
    for (int j = 0; j < 16; ++j)
      for (int i = 0; i < 16; ++i) {
        const int bits = p[16 + 32 * (j / 8) + 16 * (j % 2) + i] >> 2 * (j % 8 / 2) & 3;
        y[16 * j + i] = d * float(p[j] & 15) * float(bits) - least * float(p[j] >> 4);
      }
  } else {  // Q6_K
    const float d = half_at(p + 208);
    for (int i = 0; i < 256; ++i) {
      const int part = i / 128, quarter = i % 128 / 32, l = i % 32;
      const int low = p[64 * part + 32 * (quarter % 2) + l] >> 4 * (quarter / 2) & 15;
      const int high = p[128 + 32 * part + l] >> 2 * quarter & 3;
      y[i] = d * float(int8_t(p[192 + 8 * part + 2 * quarter + l / 16])) *
             float((low | high << 4) - 32);
    }
  }
}

array unpacked(uint32_t type, const std::string& data, const Shape& shape, uint64_t block_bytes) {
  std::vector<float16_t> values;
  float block[256];
  for (size_t at = 0; at < data.size(); at += block_bytes) {
    unpack_block(type, reinterpret_cast<const uint8_t*>(data.data()) + at, block);
    for (const float value : block) values.push_back(float16_t(value));
  }
  return array::from_host(values.data(), shape, float16);
}

/// Packed weights, scales and biases of 32-value blocks.
void add_packed(NamedArrays& arrays, std::string name, uint32_t type, const std::string& data,
                Shape shape, uint64_t block_bytes) {
  const size_t blocks = data.size() / block_bytes, words = type == q8_0 ? 8 : 4;
  std::vector<uint32_t> weights(blocks * words);
  std::vector<float16_t> scales, biases;
  for (size_t b = 0; b < blocks; ++b) {
    const uint8_t* const p = reinterpret_cast<const uint8_t*>(data.data()) + b * block_bytes;
    const float scale = half_at(p);
    scales.push_back(float16_t(scale));
    biases.push_back(
        float16_t(type == q4_1 ? half_at(p + 2) : scale * (type == q8_0 ? -128.0f : -8.0f)));
    const uint8_t* const codes = p + (type == q4_1 ? 4 : 2);
    for (uint32_t i = 0; i < 32; ++i) {
      const uint32_t code = type == q8_0 ? codes[i] ^ 0x80u
                            : i < 16     ? codes[i] & 15u
                                         : codes[i - 16] >> 4;
      const uint32_t width = type == q8_0 ? 8 : 4, per_word = 32 / width;
      weights[b * words + i / per_word] |= code << i % per_word * width;
    }
  }
  if (name.ends_with(".weight")) name.resize(name.size() - 7);
  const int32_t columns = shape.back();
  shape.back() = int32_t(size_t(columns) / 32 * words);
  arrays.emplace_back(name + ".weight", array::from_host(weights.data(), shape, uint32));
  shape.back() = columns / 32;
  arrays.emplace_back(name + ".scales", array::from_host(scales.data(), shape, float16));
  arrays.emplace_back(name + ".biases", array::from_host(biases.data(), shape, float16));
}

struct Tensor {
  std::string name;
  Shape shape;
  const TensorType* type;
  uint64_t offset, bytes;
};

Tensor read_tensor(Cursor& cursor, const Source& source) {
  Tensor tensor{cursor.text(), {}, nullptr, 0, 0};
  const uint32_t ndim = cursor.number<uint32_t>();
  if (ndim > 8) bad(source, "a tensor of " + std::to_string(ndim) + " dimensions");
  uint64_t size = 1;
  for (uint32_t i = 0; i < ndim; ++i) {
    const uint64_t extent = cursor.number<uint64_t>();
    if (extent > INT32_MAX || __builtin_mul_overflow(size, extent, &size))
      bad(source, "the shape of " + tensor.name + " makes no sense");
    tensor.shape.push_back(int32_t(extent));
  }
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  const uint32_t id = cursor.number<uint32_t>();
  tensor.offset = cursor.number<uint64_t>();
  for (const TensorType& type : tensor_types)
    if (type.id == id) tensor.type = &type;
  if (!tensor.type)
    bad(source, "tensor " + tensor.name + " has the unsupported type " + std::to_string(id));
  const uint64_t row = tensor.shape.empty() ? 1 : uint64_t(tensor.shape.back());
  if (row % tensor.type->block != 0)
    bad(source, "the rows of " + tensor.name + " are not whole blocks");
  if (__builtin_mul_overflow(size / tensor.type->block, tensor.type->bytes, &tensor.bytes))
    bad(source, "the shape of " + tensor.name + " makes no sense");
  return tensor;
}

uint64_t aligned(uint64_t at, uint64_t to) {
  return (at + to - 1) / to * to;
}

/// Builds the head of a file.
class Head {
 public:
  std::string bytes;
  template <typename T>
  void number(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(const std::string& text) {
    number(uint64_t(text.size()));
    bytes += text;
  }
  void value(const GgufValue& value) {
    if (const auto* single = std::get_if<std::string>(&value)) {
      number(type_text);
      text(*single);
    } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
      number(type_list);
      number(type_text);
      number(uint64_t(list->size()));
      for (const std::string& item : *list) text(item);
    } else {
      numbers(std::get<array>(value));
    }
  }

 private:
  void numbers(const array& a) {
    if (a.ndim() > 1)
      fail<std::runtime_error>("save_gguf", "Cannot save arrays with more than one dimension.");
    if (a.size() == 0) fail<std::runtime_error>("save_gguf", "Cannot save empty arrays.");
    const auto known = std::find_if(std::begin(value_types), std::end(value_types),
                                    [&](const ValueType& t) { return t.dtype == a.dtype(); });
    if (known == std::end(value_types))
      fail("save_gguf", "array type ", a.dtype().name(), " not support for metadata.");
    if (a.ndim() == 1) {
      number(type_list);
      number(known->id);
      number(uint64_t(a.size()));
    } else {
      number(known->id);
    }
    array dense = contiguous(a);
    bytes.append(static_cast<const char*>(dense.host()), size_t(dense.nbytes()));
  }
};

}  // namespace

std::pair<NamedArrays, GgufMetadata> load_gguf(const Source& source, StreamOrDevice s) {
  Cursor cursor(source);
  char magic[4];
  cursor.take(magic, 4);
  const uint32_t found = std::string_view(magic, 4) == "GGUF" ? cursor.number<uint32_t>() : 0;
  if (found != version && found != 2) bad(source, "it is not a GGUF file of version 2 or 3");
  const uint64_t tensors = cursor.count(1), values = cursor.count(1);
  std::pair<NamedArrays, GgufMetadata> result;
  uint64_t align = alignment;
  for (uint64_t i = 0; i < values; ++i) {
    std::string key = cursor.text();
    GgufValue value = read_value(cursor, source);
    if (array* const number = std::get_if<array>(&value);
        number && key == "general.alignment" && number->size() == 1)
      align = std::max<uint64_t>(1, number->item<uint64_t>());
    result.second.emplace_back(std::move(key), std::move(value));
  }
  std::vector<Tensor> all;
  for (uint64_t i = 0; i < tensors; ++i) all.push_back(read_tensor(cursor, source));
  const uint64_t data = aligned(cursor.at(), align);
  for (const Tensor& tensor : all) {
    if (data > source->size() || tensor.offset > source->size() - data ||
        tensor.bytes > source->size() - data - tensor.offset)
      bad(source, "tensor '" + tensor.name + "' extends past the end of the file");
    if (tensor.type->block == 1) {
      const ByteRange range{source, data + tensor.offset, tensor.bytes, tensor.bytes, false, {}};
      result.first.emplace_back(tensor.name,
                                lazily_read(range, 0, tensor.shape, tensor.type->dtype, false, s));
      continue;
    }
    std::string bytes(tensor.bytes, '\0');
    source->read(data + tensor.offset, bytes.data(), bytes.size());
    if (tensor.type->dtype == uint32)
      add_packed(result.first, tensor.name, tensor.type->id, bytes, tensor.shape,
                 tensor.type->bytes);
    else
      result.first.emplace_back(tensor.name,
                                unpacked(tensor.type->id, bytes, tensor.shape, tensor.type->bytes));
  }
  return result;
}

void save_gguf(ByteSink& sink, const NamedArrays& arrays, const GgufMetadata& metadata) {
  Head head;
  head.bytes = "GGUF";
  head.number(version);
  head.number(uint64_t(arrays.size()));
  head.number(uint64_t(metadata.size()));
  for (const auto& [key, value] : metadata) {
    head.text(key);
    head.value(value);
  }
  Arrays values;
  uint64_t offset = 0;
  for (const auto& [name, value] : arrays) {
    const auto known =
        std::find_if(std::begin(tensor_types), std::end(tensor_types),
                     [&](const TensorType& t) { return t.block == 1 && t.dtype == value.dtype(); });
    if (known == std::end(tensor_types) || value.dtype() == bfloat16)
      fail<std::runtime_error>("save_gguf", "dtype ", value.dtype().name(), " is not supported");
    head.text(name);
    head.number(uint32_t(value.ndim()));
    for (int i = value.ndim(); i-- > 0;) head.number(uint64_t(value.shape(i)));
    head.number(known->id);
    head.number(offset);
    offset = aligned(offset + uint64_t(value.nbytes()), alignment);
    values.push_back(contiguous(value));
  }
  eval(values);
  head.bytes.resize(aligned(head.bytes.size(), alignment), '\0');
  sink.write(head.bytes.data(), head.bytes.size());
  for (array& value : values) {
    if (value.nbytes() == 0) continue;
    sink.write(value.host(), size_t(value.nbytes()));
    const std::string padding(
        size_t(aligned(uint64_t(value.nbytes()), alignment)) - size_t(value.nbytes()), '\0');
    if (!padding.empty() && &value != &values.back()) sink.write(padding.data(), padding.size());
  }
}

}  // namespace mlx
