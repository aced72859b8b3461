// The C++ types behind handles: functions, maps, readers and writers that C code supplies.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "mlx/c/io_types.h"
#include "mlx/graph_utils.h"
#include "mlx/mlx.h"

namespace mlx::c {

using Arrays = std::vector<core::array>;
using ArrayMap = std::unordered_map<std::string, core::array>;
using TextMap = std::unordered_map<std::string, std::string>;
using DeviceInfo = std::unordered_map<std::string, std::variant<std::string, size_t>>;

using Closure = std::function<Arrays(const Arrays&)>;
using ClosureKwargs = std::function<Arrays(const Arrays&, const ArrayMap&)>;
using ClosureValueAndGrad = std::function<std::pair<Arrays, Arrays>(const Arrays&)>;
using ClosureCustom = std::function<Arrays(const Arrays&, const Arrays&, const Arrays&)>;
using ClosureCustomJvp =
    std::function<Arrays(const Arrays&, const Arrays&, const std::vector<int>&)>;
using ClosureCustomVmap =
    std::function<std::pair<Arrays, std::vector<int>>(const Arrays&, const std::vector<int>&)>;

/// The functions of a reader or writer; frees its `desc` with the last user.
struct Callbacks {
  void* desc;
  mlx_io_vtable table;
  Callbacks(void* desc, mlx_io_vtable table) : desc(desc), table(table) {}
  Callbacks(const Callbacks&) = delete;
  ~Callbacks() {
    if (table.free) table.free(desc);
  }
  std::string label() const { return table.label ? table.label(desc) : "a stream"; }
  void seek(int64_t off, std::ios_base::seekdir way) {
    table.seek(desc, off, way == std::ios_base::beg ? 0 : way == std::ios_base::cur ? 1 : 2);
  }
};

class CallbackReader final : public core::io::Reader {
 public:
  CallbackReader(void* desc, mlx_io_vtable table) : calls_(desc, table) {}
  bool is_open() const override { return calls_.table.is_open(calls_.desc); }
  bool good() const override { return calls_.table.good(calls_.desc); }
  size_t tell() override { return calls_.table.tell(calls_.desc); }
  void seek(int64_t off, std::ios_base::seekdir way) override { calls_.seek(off, way); }
  void read(char* data, size_t n) override { calls_.table.read(calls_.desc, data, n); }
  void read(char* data, size_t n, size_t offset) override {
    calls_.table.read_at_offset(calls_.desc, data, n, offset);
  }
  std::string label() const override { return calls_.label(); }
  void* descriptor() const { return calls_.desc; }

 private:
  Callbacks calls_;
};

class CallbackWriter final : public core::io::Writer {
 public:
  CallbackWriter(void* desc, mlx_io_vtable table) : calls_(desc, table) {}
  bool is_open() const override { return calls_.table.is_open(calls_.desc); }
  bool good() const override { return calls_.table.good(calls_.desc); }
  size_t tell() override { return calls_.table.tell(calls_.desc); }
  void seek(int64_t off, std::ios_base::seekdir way) override { calls_.seek(off, way); }
  void write(const char* data, size_t n) override { calls_.table.write(calls_.desc, data, n); }
  std::string label() const override { return calls_.label(); }
  void* descriptor() const { return calls_.desc; }

 private:
  Callbacks calls_;
};

/// What a call of a custom kernel needs beside its inputs.
struct KernelConfig {
  std::vector<core::Shape> shapes;
  std::vector<core::Dtype> dtypes;
  std::tuple<int, int, int> grid{1, 1, 1}, group{1, 1, 1};
  std::vector<std::pair<std::string, core::fast::TemplateArg>> values;
  std::optional<float> initial;
  bool verbose = false;
};

}  // namespace mlx::c
