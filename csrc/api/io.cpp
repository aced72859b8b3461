// Saving and loading in the public interface.
#include "mlx/io.h"

#include "api/convert.h"
#include "base/error.h"
#include "ops/gguf.h"
#include "ops/io.h"

namespace mlx::core {

io::Reader::~Reader() = default;
io::Writer::~Writer() = default;

namespace {

using Named = std::unordered_map<std::string, array>;
using Texts = std::unordered_map<std::string, std::string>;

/// Everything from where the reader stands to its end.
mlx::Source read_all(io::Reader& reader) {
  if (!reader.is_open() || !reader.good())
    fail<std::runtime_error>("load", "cannot read from ", reader.label(), ".");
  const size_t start = reader.tell();
  reader.seek(0, std::ios_base::end);
  const size_t end = reader.tell();
  reader.seek(int64_t(start), std::ios_base::beg);
  std::string bytes(end > start ? end - start : 0, '\0');
  reader.read(bytes.data(), bytes.size());
  if (!reader.good()) fail<std::runtime_error>("load", "reading from ", reader.label(), " failed.");
  return mlx::in_memory(std::move(bytes), reader.label());
}

class WriterSink final : public mlx::ByteSink {
 public:
  WriterSink(io::Writer& writer, const char* op) : writer_(writer), op_(op) { check(); }
  void write(const void* bytes, size_t count) override {
    writer_.write(static_cast<const char*>(bytes), count);
    check();
  }

 private:
  void check() const {
    if (!writer_.is_open() || !writer_.good())
      fail<std::runtime_error>(op_, "cannot write to ", writer_.label(), ".");
  }
  io::Writer& writer_;
  const char* op_;
};

template <typename F>
void to_file(std::string path, const char* extension, const char* op, F&& write) {
  if (!path.ends_with(extension)) path += extension;
  mlx::FileSink sink(path, op);
  write(sink);
  sink.finish();
}

mlx::NamedArrays in(const Named& arrays) {
  const std::map<std::string, array> sorted(arrays.begin(), arrays.end());
  mlx::NamedArrays result;
  for (const auto& [name, value] : sorted) result.emplace_back(name, core::in(value));
  return result;
}
mlx::Metadata in(const Texts& texts) {
  const std::map<std::string, std::string> sorted(texts.begin(), texts.end());
  return {sorted.begin(), sorted.end()};
}
Named out(const mlx::NamedArrays& arrays) {
  Named result;
  for (const auto& [name, value] : arrays) result.emplace(name, core::out(value));
  return result;
}

array load(const mlx::Source& source, const StreamOrDevice& s) {
  return core::out(
      mlx::load_npy({source, 0, source->size(), source->size(), false, {}}, core::in(s)));
}
SafetensorsLoad load_tensors(const mlx::Source& source, const StreamOrDevice& s) {
  const auto [arrays, metadata] = mlx::load_safetensors(source, core::in(s));
  return {out(arrays), Texts(metadata.begin(), metadata.end())};
}

}  // namespace

void save(std::shared_ptr<io::Writer> out_stream, array a) {
  WriterSink sink(*out_stream, "save");
  mlx::save_npy(sink, core::in(a));
}
void save(std::string file, array a) {
  to_file(std::move(file), ".npy", "save",
          [&](mlx::ByteSink& sink) { mlx::save_npy(sink, core::in(a)); });
}
array load(std::shared_ptr<io::Reader> in_stream, StreamOrDevice s) {
  return load(read_all(*in_stream), s);
}
array load(std::string file, StreamOrDevice s) {
  return load(mlx::open_file(file), s);
}

SafetensorsLoad load_safetensors(std::shared_ptr<io::Reader> in_stream, StreamOrDevice s) {
  return load_tensors(read_all(*in_stream), s);
}
SafetensorsLoad load_safetensors(const std::string& file, StreamOrDevice s) {
  return load_tensors(mlx::open_file(file), s);
}
void save_safetensors(std::shared_ptr<io::Writer> in_stream, Named arrays, Texts metadata) {
  WriterSink sink(*in_stream, "save_safetensors");
  mlx::save_safetensors(sink, in(arrays), in(metadata));
}
void save_safetensors(std::string file, Named arrays, Texts metadata) {
  to_file(std::move(file), ".safetensors", "save_safetensors",
          [&](mlx::ByteSink& sink) { mlx::save_safetensors(sink, in(arrays), in(metadata)); });
}

GGUFLoad load_gguf(const std::string& file, StreamOrDevice s) {
  const auto [arrays, metadata] = mlx::load_gguf(mlx::open_file(file), core::in(s));
  GGUFLoad result{out(arrays), {}};
  for (const auto& [key, value] : metadata) {
    GGUFMetaData& fact = result.second[key];
    if (const auto* a = std::get_if<mlx::array>(&value))
      fact = core::out(*a);
    else if (const auto* text = std::get_if<std::string>(&value))
      fact = *text;
    else
      fact = std::get<std::vector<std::string>>(value);
  }
  return result;
}
void save_gguf(std::string file, Named array_map,
               std::unordered_map<std::string, GGUFMetaData> meta_data) {
  const std::map<std::string, GGUFMetaData> sorted(meta_data.begin(), meta_data.end());
  mlx::GgufMetadata facts;
  for (const auto& [key, value] : sorted) {
    if (const auto* a = std::get_if<array>(&value))
      facts.emplace_back(key, core::in(*a));
    else if (const auto* text = std::get_if<std::string>(&value))
      facts.emplace_back(key, *text);
    else if (const auto* texts = std::get_if<std::vector<std::string>>(&value))
      facts.emplace_back(key, *texts);
  }
  to_file(std::move(file), ".gguf", "save_gguf",
          [&](mlx::ByteSink& sink) { mlx::save_gguf(sink, in(array_map), facts); });
}

}  // namespace mlx::core
