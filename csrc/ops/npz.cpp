// The npz format: a zip archive of npy files. Only what such archives use of
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, zip64 included.
#include <zlib.h>

#include <cstring>

#include "base/error.h"
#include "ops/io.h"

namespace mlx {
namespace {

constexpr uint32_t local_mark = 0x04034b50, central_mark = 0x02014b50, end_mark = 0x06054b50;
constexpr uint32_t end64_mark = 0x06064b50, locator64_mark = 0x07064b50;
constexpr uint32_t too_wide = 0xffffffff;

[[noreturn]] void no_archive() {
  fail("load_npz", "Input must be a zip file or a file-like object that holds one.");
}

uint64_t number(const std::string& bytes, size_t at, int width) {
  uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) value = value << 8 | uint8_t(bytes[at + i]);
  return value;
}

std::string text(const Source& source, uint64_t offset, size_t count) {
  std::string bytes(count, '\0');
  source->read(offset, bytes.data(), count);
  return bytes;
}

/// Where the members are listed. How many there are is not taken from the end record, which has 16
/// bits for it in plain archives: the list itself says.
struct Directory {
  uint64_t offset, size;
};

Directory directory_of(const Source& source) {
  if (source->size() < 22) no_archive();
  const uint64_t reach = std::min<uint64_t>(source->size(), 22 + 65535);
  const std::string tail = text(source, source->size() - reach, reach);
  for (size_t at = tail.size() - 22 + 1; at-- > 0;) {
    if (number(tail, at, 4) != end_mark) continue;
    Directory found{number(tail, at + 16, 4), number(tail, at + 12, 4)};
    if (at >= 20 && number(tail, at - 20, 4) == locator64_mark) {
      const uint64_t wide = number(tail, at - 20 + 8, 8);
      if (wide > source->size() || source->size() - wide < 56) no_archive();
      const std::string end = text(source, wide, 56);
      if (number(end, 0, 4) != end64_mark) no_archive();
      found = {number(end, 48, 8), number(end, 40, 8)};
    }
    if (found.offset > source->size() || found.size > source->size() - found.offset) no_archive();
    return found;
  }
  no_archive();
}

/// Sizes and offset that did not fit 32 bits stand in the extra field, in this order.
void widen(const std::string& extra, uint64_t& size, uint64_t& stored, uint64_t& offset) {
  for (size_t at = 0; at + 4 <= extra.size();) {
    const uint64_t id = number(extra, at, 2), length = number(extra, at + 2, 2);
    size_t field = at + 4;
    const size_t end = std::min<size_t>(extra.size(), field + length);
    if (id == 1) {
      for (uint64_t* value : {&size, &stored, &offset}) {
        if (*value != too_wide || field + 8 > end) continue;
        *value = number(extra, field, 8);
        field += 8;
      }
    }
    at += 4 + length;
  }
}

void add(std::string& bytes, uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes += char(value >> 8 * i);
}

std::string deflated(const std::string& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    fail<std::runtime_error>("savez_compressed", "zlib cannot start.");
  std::string result, block(1 << 20, '\0');
  size_t taken = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    const size_t next = std::min<size_t>(bytes.size() - taken, 1u << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + taken));
    stream.avail_in = uInt(next);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(block.data());
      stream.avail_out = uInt(block.size());
      status = deflate(&stream, taken + next == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
      result.append(block, 0, block.size() - stream.avail_out);
    } while (stream.avail_out == 0);
    taken += next;
  }
  deflateEnd(&stream);
  return result;
}

/// Counts what it is given and adds up the checksum, so that arrays need no second copy in memory.
class Checksum final : public ByteSink {
 public:
  void write(const void* bytes, size_t count) override {
    const Bytef* const from = static_cast<const Bytef*>(bytes);
    for (size_t at = 0; at < count; at += 1u << 30)
      value_ = crc32(value_, from + at, uInt(std::min<size_t>(count - at, 1u << 30)));
    size_ += count;
  }
  uint32_t value() const { return uint32_t(value_); }
  uint64_t size() const { return size_; }

 private:
  uLong value_ = 0;
  uint64_t size_ = 0;
};

struct Member {
  std::string name;
  uint32_t checksum;
  uint64_t stored, size, offset;
  bool compressed;
};

/// The part that local and central headers share.
void add_facts(std::string& bytes, const Member& member, size_t extra) {
  const bool wide = extra > 0;
  add(bytes, wide ? 45 : 20, 2);
  add(bytes, 0x800, 2);  // names are UTF-8
  add(bytes, member.compressed ? 8 : 0, 2);
  add(bytes, 0x00210000, 4);  // 1980-01-01
  add(bytes, member.checksum, 4);
  add(bytes, wide ? too_wide : member.stored, 4);
  add(bytes, wide ? too_wide : member.size, 4);
  add(bytes, member.name.size(), 2);
  add(bytes, extra, 2);
}

bool is_wide(const Member& member) {
  return std::max({member.stored, member.size, member.offset}) >= too_wide;
}

std::string central_entry(const Member& member) {
  const bool wide = is_wide(member);
  std::string bytes;
  add(bytes, central_mark, 4);
  add(bytes, 45, 2);
  add_facts(bytes, member, wide ? 28 : 0);
  add(bytes, 0, 2), add(bytes, 0, 2), add(bytes, 0, 2), add(bytes, 0x01800000, 4);
  add(bytes, wide ? too_wide : member.offset, 4);
  bytes += member.name;
  if (wide)
    add(bytes, 1, 2), add(bytes, 24, 2), add(bytes, member.size, 8), add(bytes, member.stored, 8),
        add(bytes, member.offset, 8);
  return bytes;
}

}  // namespace

NamedArrays load_npz(const Source& source, StreamOrDevice s) {
  const Directory directory = directory_of(source);
  const std::string central = text(source, directory.offset, directory.size);
  NamedArrays arrays;
  for (size_t at = 0; at < central.size();) {
    if (at + 46 > central.size() || number(central, at, 4) != central_mark) no_archive();
    const uint64_t flags = number(central, at + 8, 2), method = number(central, at + 10, 2);
    uint64_t stored = number(central, at + 20, 4), size = number(central, at + 24, 4),
             offset = number(central, at + 42, 4);
    const size_t name_size = number(central, at + 28, 2), extra_size = number(central, at + 30, 2),
                 comment = number(central, at + 32, 2);
    if (at + 46 + name_size + extra_size + comment > central.size()) no_archive();
    std::string name = central.substr(at + 46, name_size);
    widen(central.substr(at + 46 + name_size, extra_size), size, stored, offset);
    if (flags & 1 || (method != 0 && method != 8))
      fail("load_npz", name, " is encrypted or compressed in an unknown way.");
    if (offset > source->size() || source->size() - offset < 30) no_archive();
    const std::string local = text(source, offset, 30);
    if (number(local, 0, 4) != local_mark) no_archive();
    const uint64_t data = offset + 30 + number(local, 26, 2) + number(local, 28, 2);
    if (data > source->size() || stored > source->size() - data)
      fail<std::runtime_error>("load_npz", source->name(), " is cut short.");
    if (method == 0) size = stored;
    if (method == 8 && size / 1032 > stored + 1)
      fail<std::runtime_error>("load_npz", name, " claims an impossible size.");
    const ByteRange range{source, data,        stored,
                          size,   method == 8, uint32_t(number(central, at + 16, 4))};
    if (name.size() > 4 && name.compare(name.size() - 4, 4, ".npy") == 0)
      name.erase(name.size() - 4);
    arrays.emplace_back(std::move(name), load_npy(range, s));
    at += 46 + name_size + extra_size + comment;
  }
  return arrays;
}

void save_npz(ByteSink& sink, const NamedArrays& arrays, bool compressed) {
  std::vector<Member> members;
  uint64_t offset = 0;
  for (const auto& [name, value] : arrays) {
    Checksum plain;
    std::string packed;
    if (compressed) {
      Collector npy;
      save_npy(npy, value);
      plain.write(npy.bytes.data(), npy.bytes.size());
      packed = deflated(npy.bytes);
    } else {
      save_npy(plain, value);
    }
    const Member member{name + ".npy", plain.value(), compressed ? packed.size() : plain.size(),
                        plain.size(),  offset,        compressed};
    const bool wide = is_wide(member);
    std::string local;
    add(local, local_mark, 4);
    add_facts(local, member, wide ? 20 : 0);
    local += member.name;
    if (wide)
      add(local, 1, 2), add(local, 16, 2), add(local, member.size, 8), add(local, member.stored, 8);
    sink.write(local.data(), local.size());
    if (compressed)
      sink.write(packed.data(), packed.size());
    else
      save_npy(sink, value);
    offset += local.size() + member.stored;
    members.push_back(member);
  }
  std::string central;
  for (const Member& member : members) central += central_entry(member);
  const uint64_t size = central.size(), count = members.size();
  const bool wide = offset >= too_wide || size >= too_wide || count >= 0xffff;
  if (wide) {
    add(central, end64_mark, 4), add(central, 44, 8), add(central, 45, 2), add(central, 45, 2),
        add(central, 0, 8);
    add(central, count, 8), add(central, count, 8), add(central, size, 8), add(central, offset, 8);
    add(central, locator64_mark, 4), add(central, 0, 4), add(central, offset + size, 8),
        add(central, 1, 4);
  }
  add(central, end_mark, 4), add(central, 0, 4);
  add(central, wide ? 0xffff : count, 2), add(central, wide ? 0xffff : count, 2);
  add(central, wide ? too_wide : size, 4), add(central, wide ? too_wide : offset, 4),
      add(central, 0, 2);
  sink.write(central.data(), central.size());
}

}  // namespace mlx
