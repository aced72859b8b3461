// The safetensors format: a JSON header, then the data. https://github.com/huggingface/safetensors
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "graph/evaluate.h"
#include "ops/io.h"
#include "ops/shape.h"

namespace mlx {
namespace {

struct Name {
  const char* text;
  Dtype dtype;
};
// The first name of a dtype is the one that is written.
constexpr Name names[] = {{"BOOL", bool_},    {"U8", uint8},      {"U16", uint16},
                          {"U32", uint32},    {"U64", uint64},    {"I8", int8},
                          {"I16", int16},     {"I32", int32},     {"I64", int64},
                          {"F16", float16},   {"BF16", bfloat16}, {"F32", float32},
                          {"C64", complex64}, {"F8_E4M3", uint8}, {"F8_E8M0", uint8}};

constexpr uint64_t longest_header = 100'000'000;

[[noreturn]] void bad(const Source& source, const std::string& what) {
  fail<std::runtime_error>("load_safetensors", "invalid file ", source->name(), ": ", what, ".");
}

array tensor(const Source& source, const std::string& name, const nlohmann::json& entry,
             uint64_t data, StreamOrDevice s) {
  const std::string type = entry.at("dtype");
  const auto known = std::find_if(std::begin(names), std::end(names),
                                  [&](const Name& n) { return type == n.text; });
  if (known == std::end(names)) bad(source, "unknown dtype " + type);
  Shape shape;
  uint64_t bytes = uint64_t(known->dtype.size());
  for (const uint64_t extent : entry.at("shape").get<std::vector<uint64_t>>()) {
    if (extent > INT32_MAX || __builtin_mul_overflow(bytes, extent, &bytes))
      bad(source, "the shape of " + name + " makes no sense");
    shape.push_back(int32_t(extent));
  }
  const auto offsets = entry.at("data_offsets").get<std::vector<uint64_t>>();
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > source->size() - data ||
      offsets[1] - offsets[0] != bytes)
    bad(source, "the offsets of " + name + " do not fit");
  const ByteRange range{source, data + offsets[0], bytes, bytes, false, {}};
  return lazily_read(range, 0, std::move(shape), known->dtype, false, s);
}

}  // namespace

std::pair<NamedArrays, Metadata> load_safetensors(const Source& source, StreamOrDevice s) {
  unsigned char start[8];
  if (source->size() < 8) bad(source, "it is too short");
  source->read(0, start, 8);
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | start[i];
  if (length > longest_header || length > source->size() - 8)
    bad(source, "its header has no sensible length");
  std::string header(length, '\0');
  source->read(8, header.data(), length);
  const nlohmann::json json = nlohmann::json::parse(header, nullptr, false);
  if (!json.is_object()) bad(source, "its header is not a JSON object");
  std::pair<NamedArrays, Metadata> result;
  try {
    for (const auto& [name, entry] : json.items()) {
      if (name != "__metadata__") {
        result.first.emplace_back(name, tensor(source, name, entry, 8 + length, s));
      } else if (!entry.is_null()) {
        for (const auto& [key, value] : entry.items())
          result.second.emplace_back(key, value.get<std::string>());
      }
    }
  } catch (const nlohmann::json::exception& error) {
    bad(source, error.what());
  }
  return result;
}

void save_safetensors(ByteSink& sink, const NamedArrays& arrays, const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) header["__metadata__"][key] = value;
  Arrays values;
  for (const auto& [name, value] : arrays)
    values.push_back(contiguous(value, false, value.stream().device));
  eval(values);
  uint64_t offset = 0;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const array& value = values[i];
    const auto known = std::find_if(std::begin(names), std::end(names),
                                    [&](const Name& n) { return value.dtype() == n.dtype; });
    if (known == std::end(names))
      fail<std::runtime_error>("save_safetensors", "received the invalid dtype ",
                               value.dtype().name(), ".");
    const uint64_t end = offset + uint64_t(value.nbytes());
    header[arrays[i].first] = {
        {"dtype", known->text},
        {"shape", std::vector<int32_t>(value.shape().begin(), value.shape().end())},
        {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // so that data are aligned
  std::string start;
  for (int i = 0; i < 8; ++i) start += char(uint64_t(text.size()) >> 8 * i);
  start += text;
  sink.write(start.data(), start.size());
  for (array& value : values)
    if (const void* const data = value.host()) sink.write(data, size_t(value.nbytes()));
}

}  // namespace mlx
