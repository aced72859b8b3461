// Built kernels: from the embedded files of kernels/ or from generated text, cached in memory and
// on disk.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/dtype.h"
#include "cl/device.h"
#include "cl/kernel_text.h"

namespace mlx {

/// One `-D name=value`. A dtype stands for its name, which the prelude's LOAD, STORE and COMPUTED
/// understand.
struct Define {
  std::string name, value;
  Define(const char* name, std::string value) : name(name), value(std::move(value)) {}
  Define(const char* name, const char* value) : name(name), value(value) {}
  Define(const char* name, Dtype dtype)
      : name(name), value(dtype == bool_ ? "bool8" : dtype.name()) {}
  Define(const char* name, int64_t value) : name(name), value(std::to_string(value)) {}
  Define(const char* name, int value) : name(name), value(std::to_string(value)) {}
};
using Defines = std::vector<Define>;

struct Program;
struct ProgramText;

/// A kernel of a program, built for a lane when first used there.
class Kernel {
 public:
  Kernel(Device& device, Program& program, const char* name)
      : device_(device), program_(program), name_(name) {}
  const char* name() const { return name_.c_str(); }
  /// The kernel object for the wide or the small device; guarded by the submission lock.
  cl_kernel on(bool small) {
    const Handle<cl_kernel>& handle = built_[small];
    return handle ? handle.get() : build(small);
  }
  /// True once its program has been built, or loaded, in this process.
  bool is_built() const;
  const ProgramText& text() const;

 private:
  cl_kernel build(bool small);

  Device& device_;
  Program& program_;
  std::string name_;
  Handle<cl_kernel> built_[2];
};

/// Text of an embedded kernel file ("softmax", "prelude"); throws std::runtime_error for an unknown
/// stem.
std::string_view kernel_source(std::string_view stem);

/// All kernels of one device. A build failure throws std::runtime_error with the log, options and
/// numbered source.
class KernelLibrary {
 public:
  explicit KernelLibrary(Device& device);
  ~KernelLibrary();
  /// Kernel `name` of kernels/<stem>.cl, which is compiled after the prelude with these defines
  /// and with what `ends` says in place of the files that kernels/ends.clh includes.
  Kernel& kernel(const char* stem, const char* name, const Defines& defines,
                 const EndsText& ends = {});
  /// Kernel `name` of generated text, compiled after the prelude. `declared`: see ProgramText.
  Kernel& generated(const std::string& source, const char* name, bool declared = false);

 private:
  Kernel& find(const std::string& key, const char* name, ProgramText text);
  friend class Kernel;

  Device& device_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Kernel>> kernels_;
  std::unordered_map<std::string, std::unique_ptr<Program>> programs_;
};

}  // namespace mlx
