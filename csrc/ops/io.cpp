// Where bytes come from, and the arrays that wait in files.
#include "ops/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "graph/primitive.h"

namespace mlx {
namespace {

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::string& path)
      : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat facts;
    if (descriptor_ < 0 || ::fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
      if (descriptor_ >= 0) ::close(descriptor_);
      fail<std::runtime_error>("load", "Failed to open file ", path);
    }
    size_ = uint64_t(facts.st_size);
  }
  ~FileSource() override { ::close(descriptor_); }
  uint64_t size() const override { return size_; }
  const std::string& name() const override { return path_; }
  void read(uint64_t offset, void* to, size_t count) const override {
    for (size_t done = 0; done < count;) {
      const ssize_t got =
          ::pread(descriptor_, static_cast<char*>(to) + done, count - done, off_t(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        fail<std::runtime_error>("load", path_, " is cut short: ", count, " bytes at ", offset,
                                 " cannot be read.");
      done += size_t(got);
    }
  }

 private:
  std::string path_;
  int descriptor_;
  uint64_t size_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string bytes, std::string name)
      : bytes_(std::move(bytes)), name_(std::move(name)) {}
  uint64_t size() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }
  void read(uint64_t offset, void* to, size_t count) const override {
    if (offset > bytes_.size() || count > bytes_.size() - offset)
      fail<std::runtime_error>("load", name_, " is cut short: ", count, " bytes at ", offset,
                               " are not there.");
    if (count) std::memcpy(to, bytes_.data() + offset, count);
  }

 private:
  std::string bytes_, name_;
};

/// Inflates the first `count` bytes of a deflated range.
void inflate_start(const ByteRange& range, void* to, size_t count) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    fail<std::runtime_error>("load", "zlib cannot start.");
  std::string block(std::min<uint64_t>(range.stored, 1 << 20), '\0');
  uint64_t taken = 0;
  size_t left = count;
  int status = Z_OK;
  stream.next_out = static_cast<Bytef*>(to);
  while (left && status == Z_OK) {
    if (stream.avail_in == 0) {
      const size_t next = size_t(std::min<uint64_t>(block.size(), range.stored - taken));
      if (next == 0) break;
      range.source->read(range.offset + taken, block.data(), next);
      stream.next_in = reinterpret_cast<Bytef*>(block.data());
      stream.avail_in = uInt(next);
      taken += next;
    }
    const uInt chunk = uInt(std::min<size_t>(left, 1u << 30));
    stream.avail_out = chunk;
    status = inflate(&stream, Z_NO_FLUSH);
    left -= chunk - stream.avail_out;
  }
  inflateEnd(&stream);
  if (left)
    fail<std::runtime_error>("load", range.source->name(),
                             " has a member that cannot be inflated.");
}

uint32_t checksum_of(const void* bytes, size_t count, uint32_t start = 0) {
  uLong crc = start;
  const auto* from = static_cast<const Bytef*>(bytes);
  for (size_t done = 0; done < count;) {
    const size_t chunk = std::min<size_t>(count - done, 1u << 30);
    crc = crc32(crc, from + done, uInt(chunk));
    done += chunk;
  }
  return uint32_t(crc);
}

class Load final : public Primitive {
 public:
  Load(ByteRange range, uint64_t offset, bool swapped)
      : range_(std::move(range)), offset_(offset), swapped_(swapped) {}
  const char* name() const override { return "load"; }
  void eval(const Arrays&, Arrays& outputs, Queue& queue) override {
    array& y = outputs[0];
    y.allocate(queue);
    if (y.size() == 0) return;
    char* const to = static_cast<char*>(y.buffer().write());
    read_range(range_, offset_, to, size_t(y.nbytes()));
    if (!swapped_) return;
    const size_t width = y.dtype().is_complex() ? 4 : size_t(y.itemsize());
    for (char* at = to; at < to + y.nbytes(); at += width) std::reverse(at, at + width);
  }

 private:
  ByteRange range_;
  uint64_t offset_;
  bool swapped_;
};

}  // namespace

Source open_file(const std::string& path) {
  return std::make_shared<FileSource>(path);
}
Source in_memory(std::string bytes, std::string name) {
  return std::make_shared<MemorySource>(std::move(bytes), std::move(name));
}

void read_start(const ByteRange& range, void* to, size_t count) {
  if (count > range.size) fail<std::runtime_error>("load", range.source->name(), " is cut short.");
  if (range.deflated)
    inflate_start(range, to, count);
  else
    range.source->read(range.offset, to, count);
}

void read_range(const ByteRange& range, uint64_t offset, void* to, size_t count) {
  if (offset > range.size || count > range.size - offset)
    fail<std::runtime_error>("load", range.source->name(), " is cut short.");
  std::string start(offset, '\0');
  if (range.deflated) {
    std::string whole(range.size, '\0');
    inflate_start(range, whole.data(), whole.size());
    if (range.checksum && checksum_of(whole.data(), whole.size()) != *range.checksum)
      fail<std::runtime_error>("load", range.source->name(), " has a damaged member.");
    std::memcpy(to, whole.data() + offset, count);
    return;
  }
  range.source->read(range.offset + offset, to, count);
  if (!range.checksum || offset + count != range.size) return;
  range.source->read(range.offset, start.data(), offset);
  if (checksum_of(to, count, checksum_of(start.data(), offset)) != *range.checksum)
    fail<std::runtime_error>("load", range.source->name(), " has a damaged member.");
}

array lazily_read(ByteRange range, uint64_t offset, Shape shape, Dtype dtype, bool swapped,
                  StreamOrDevice s) {
  const Stream stream = s.index() == 0 ? default_stream(DeviceType::cpu) : to_stream(s);
  return array(std::move(shape), dtype, make_ref<Load>(std::move(range), offset, swapped), {},
               stream);
}

}  // namespace mlx
