// The npy format: NumPy's own, one array with a small textual header.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "graph/evaluate.h"
#include "ops/elementwise.h"
#include "ops/io.h"
#include "ops/shape.h"

namespace mlx {
namespace {

constexpr char magic[] = "\x93NUMPY";

struct Descriptor {
  const char* code;
  Dtype dtype;
};
constexpr Descriptor descriptors[] = {
    {"b1", bool_},    {"u1", uint8},   {"u2", uint16},  {"u4", uint32},   {"u8", uint64},
    {"i1", int8},     {"i2", int16},   {"i4", int32},   {"i8", int64},    {"f2", float16},
    {"V2", bfloat16}, {"f4", float32}, {"f8", float64}, {"c8", complex64}};

[[noreturn]] void bad(const ByteRange& range, const char* what) {
  fail<std::runtime_error>("load", range.source->name(), " is not a valid npy file: ", what, ".");
}

/// What the header says: a Python dictionary with these three keys, each once.
struct Header {
  std::optional<std::string> descr, fortran_order, shape;
};

/// Reads the dictionary item by item. Values are quoted text, lists and tuples, which are given
/// without their marks, and words.
class HeaderReader {
 public:
  HeaderReader(const std::string& text, const ByteRange& range) : text_(text), range_(range) {}
  Header read() {
    Header header;
    expect('{');
    while (next() != '}') {
      const std::string key = value();
      std::optional<std::string>* const place = key == "descr"           ? &header.descr
                                                : key == "fortran_order" ? &header.fortran_order
                                                : key == "shape"         ? &header.shape
                                                                         : nullptr;
      if (!place) bad(range_, "its header has an unknown key");
      if (*place) bad(range_, "its header has a key twice");
      expect(':');
      *place = value();
      if (next() != '}') expect(',');
    }
    if (!header.descr || !header.fortran_order || !header.shape)
      bad(range_, "its header lacks a key");
    return header;
  }

 private:
  char next() {
    at_ = text_.find_first_not_of(" \n\t", at_);
    if (at_ == text_.npos) bad(range_, "its header is cut short");
    return text_[at_];
  }
  void expect(char mark) {
    if (next() != mark) bad(range_, "its header is no dictionary");
    ++at_;
  }
  std::string value() {
    const char open = next();
    const bool quoted = open == '\'' || open == '"', marked = quoted || open == '(' || open == '[';
    const size_t first = at_ + marked;
    const size_t last = quoted        ? text_.find(open, first)
                        : open == '(' ? text_.find(')', first)
                        : open == '[' ? text_.find(']', first)
                                      : text_.find_first_of(":,} ", first);
    if (last == text_.npos) bad(range_, "its header is cut short");
    at_ = last + marked;
    return text_.substr(first, last - first);
  }

  const std::string& text_;
  const ByteRange& range_;
  size_t at_ = 0;
};

Shape shape_of(const std::string& text, const ByteRange& range) {
  Shape shape;
  for (size_t at = 0; at < text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, comma - at);
    if (part.find_first_not_of(' ') != part.npos) {
      char* end = nullptr;
      const long long extent = std::strtoll(part.c_str(), &end, 10);
      if (extent < 0 || std::string(end).find_first_not_of(" L") != std::string::npos)
        bad(range, "its shape makes no sense");
      shape.push_back(dimension(extent, "load"));
    }
    at = comma + 1;
  }
  return shape;
}

}  // namespace

array load_npy(const ByteRange& range, StreamOrDevice s, uint64_t* end) {
  unsigned char start[12];
  if (range.size < 10) bad(range, "it is too short");
  read_start(range, start, 10);
  if (std::memcmp(start, magic, 6) != 0) bad(range, "it does not begin like one");
  const bool long_header = start[6] >= 2;
  if (start[6] < 1 || start[6] > 3) bad(range, "its version is unknown");
  if (long_header) {
    if (range.size < 12) bad(range, "it is too short");
    read_start(range, start, 12);
  }
  const uint64_t length =
      long_header ? start[8] | start[9] << 8 | start[10] << 16 | uint64_t(start[11]) << 24
                  : start[8] | start[9] << 8;
  const uint64_t prefix = long_header ? 12 : 10, data = prefix + length;
  if (data > range.size) bad(range, "its header is cut short");
  std::string text(data, '\0');
  read_start(range, text.data(), text.size());
  text.erase(0, prefix);
  const Header header = HeaderReader(text, range).read();

  std::string code = *header.descr;
  const char order = code.empty() ? '?' : code[0];
  if (order == '<' || order == '>' || order == '|' || order == '=') code.erase(0, 1);
  const auto known = std::find_if(std::begin(descriptors), std::end(descriptors),
                                  [&](const Descriptor& d) { return code == d.code; });
  if (known == std::end(descriptors))
    fail("load", range.source->name(), " holds elements of type '", code,
         "', which has no dtype here.");
  const bool big = std::endian::native == std::endian::big,
             swapped = (order == '>' && !big) || (order == '<' && big);
  Shape shape = shape_of(*header.shape, range);
  uint64_t bytes = uint64_t(known->dtype.size());
  for (const int32_t extent : shape)
    if (__builtin_mul_overflow(bytes, uint64_t(extent), &bytes))
      bad(range, "its shape makes no sense");
  // A member of an archive has its place; of a file only the header is looked at before the data
  // are wanted.
  if (!end && bytes > range.size - data) bad(range, "its data are cut short");
  if (end) *end = data + bytes;

  if (*header.fortran_order != "True" && *header.fortran_order != "False")
    bad(range, "its order of elements is neither True nor False");
  const bool columns_first = *header.fortran_order == "True";
  if (columns_first) std::reverse(shape.begin(), shape.end());
  const array read = lazily_read(range, data, std::move(shape), known->dtype, swapped, s);
  return columns_first ? transpose(read, {}, read.stream().device) : read;
}

void save_npy(ByteSink& sink, const array& a) {
  // What lies in memory column by column is written so; everything else row by row.
  array value = a;
  eval({value});
  Shape reversed = value.shape();
  Strides strides = value.strides();
  std::reverse(reversed.begin(), reversed.end());
  std::reverse(strides.begin(), strides.end());
  const bool columns_first = is_row_major(reversed, strides);
  if (!columns_first && !value.is_row_contiguous())
    value = contiguous(value, false, value.stream().device);
  const auto known = std::find_if(std::begin(descriptors), std::end(descriptors),
                                  [&](const Descriptor& d) { return a.dtype() == d.dtype; });
  std::string header = "{'descr': '" + std::string(a.itemsize() == 1 ? "|" : "<") + known->code +
                       "', 'fortran_order': " + (columns_first ? "True" : "False") + ", 'shape': (";
  for (const int32_t extent : a.shape()) header += std::to_string(extent) + ", ";
  header += ")}";
  // As many spaces as MLX writes, so that files are the same to the byte.
  header.append((header.size() + 13) % 16, ' ');
  header += '\n';
  const bool long_header = header.size() > 65535;
  const size_t prefix = long_header ? 12 : 10;
  std::string start(magic, 6);
  start += long_header ? std::string("\2\0", 2) : std::string("\1\0", 2);
  for (size_t i = 0; i < prefix - 8; ++i) start += char(header.size() >> 8 * i);
  start += header;
  sink.write(start.data(), start.size());
  if (const void* const data = value.host()) sink.write(data, size_t(value.nbytes()));
}

}  // namespace mlx
