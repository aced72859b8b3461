// Saving and loading: npy, npz and safetensors, from files or whatever else holds bytes.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ops/types.h"

namespace mlx {

/// Random access for reading. Implementations are safe to use from the thread that evaluates.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  /// Throws std::runtime_error when the bytes are not there.
  virtual void read(uint64_t offset, void* to, size_t count) const = 0;
  virtual const std::string& name() const = 0;
};
using Source = std::shared_ptr<const ByteSource>;

/// Sequential writing; write() throws std::runtime_error when not everything is taken.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(const void* bytes, size_t count) = 0;
};

/// Keeps all in memory.
class Collector final : public ByteSink {
 public:
  std::string bytes;
  void write(const void* from, size_t count) override {
    bytes.append(static_cast<const char*>(from), count);
  }
};

/// Opens a file, which stays open while arrays still have to be read from it; std::runtime_error
/// when it cannot.
Source open_file(const std::string& path);
/// Bytes in memory.
Source in_memory(std::string bytes, std::string name);

/// A file that appears under its name, or replaces the one there, only when finish() is called.
class FileSink final : public ByteSink {
 public:
  /// `op` is named by errors. Throws std::runtime_error when the file cannot be made.
  FileSink(std::string path, const char* op);
  ~FileSink() override;
  void write(const void* bytes, size_t count) override;
  void finish();

 private:
  [[noreturn]] void failed() const;
  bool give_name();  ///< false where errno says why not
  std::string path_, target_;
  std::string temporary_;  ///< the file beside the target; empty when it has no name
  const char* op_;
  int descriptor_ = -1;
  bool in_place_ = false;
};

using NamedArrays = std::vector<std::pair<std::string, array>>;
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Bytes within a source: plain, or a deflated member of an archive, which is read and checked as a
/// whole.
struct ByteRange {
  Source source;
  uint64_t offset = 0, stored = 0, size = 0;  ///< `size` after inflating
  bool deflated = false;
  std::optional<uint32_t> checksum;  ///< CRC-32 of the whole, when known
};
/// Reads the first `count` bytes of a range, inflated.
void read_start(const ByteRange& range, void* to, size_t count);
/// Reads `count` bytes at `offset` of a range; checks the checksum.
void read_range(const ByteRange& range, uint64_t offset, void* to, size_t count);
/// An array whose elements are read when it is evaluated. `swapped` elements have the other byte
/// order.
array lazily_read(ByteRange range, uint64_t offset, Shape shape, Dtype dtype, bool swapped,
                  StreamOrDevice s);

/// `end`, if given, receives the offset behind the array.
array load_npy(const ByteRange& range, StreamOrDevice s, uint64_t* end = nullptr);
NamedArrays load_npz(const Source& source, StreamOrDevice s);
std::pair<NamedArrays, Metadata> load_safetensors(const Source& source, StreamOrDevice s);

void save_npy(ByteSink& sink, const array& a);
void save_npz(ByteSink& sink, const NamedArrays& arrays, bool compressed);
void save_safetensors(ByteSink& sink, const NamedArrays& arrays, const Metadata& metadata);

}  // namespace mlx
