// Building programs: from the stored binary of an earlier build, else from source.
#include "cl/build.h"

#include <unistd.h>

#include <atomic>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "cl/disk_cache.h"
#include "cl/kernel_text.h"
#include "cl/lifetime.h"
#include "cl/opencl.h"
#include "cl/pocl.h"
#include "cl/program.h"
#include "cl/trace.h"

namespace mlx {
namespace {

std::string build_log(cl_program program, cl_device_id device) {
  size_t size = 0;
  if (clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size) != CL_SUCCESS)
    return "";
  std::string log(size, '\0');
  clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log.data(), nullptr);
  log.resize(log.find_last_not_of(std::string("\0\n", 2)) + 1);
  return log;
}

std::string numbered(const std::string& source) {
  std::istringstream lines(source);
  std::ostringstream text;
  int number = 0;
  for (std::string line; std::getline(lines, line);) text << ++number << '\t' << line << '\n';
  return text.str();
}

/// A text that many programs share, and what stands for it in their keys.
struct Shared {
  std::string text, stand_in;
  explicit Shared(std::string shared)
      : text(std::move(shared)), stand_in("text " + digest(text) + '\n') {}
  void shorten(std::string& source) const {
    if (const size_t at = source.find(text); at != source.npos)
      source.replace(at, text.size(), stand_in);
  }
};

/// Everything that the binary depends on.
std::string binary_key(const Device& device, bool small, const ProgramText& text) {
  static const Shared builtins{std::string(kernel_source("builtins"))},
      prelude{std::string(kernel_source("prelude"))}, vector{kernel_text("vector")};
  const Capabilities& facts = device.facts();
  std::string source = text.source;
  prelude.shorten(source);
  vector.shorten(source);
  std::string key =
      facts.platform + '\n' + facts.version + '\n' + facts.driver + '\n' + facts.name + '\n';
  key += small ? "small\n" : "wide\n";
  if (text.declared) key += builtins.stand_in;
  return key + text.options + '\n' + source;
}

std::string binary_of(cl_program program) {
  size_t size = 0;
  if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, 0, nullptr, &size) != CL_SUCCESS)
    return "";
  std::vector<size_t> sizes(size / sizeof(size_t));
  if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, size, sizes.data(), nullptr) != CL_SUCCESS)
    return "";
  // A context with two devices reports both; the program was built for one of them.
  std::vector<std::string> binaries;
  std::vector<char*> pointers;
  for (const size_t bytes : sizes) binaries.emplace_back(bytes, '\0');
  for (std::string& binary : binaries) pointers.push_back(binary.empty() ? nullptr : binary.data());
  if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, pointers.size() * sizeof(char*),
                       pointers.data(), nullptr) != CL_SUCCESS)
    return "";
  for (std::string& binary : binaries)
    if (!binary.empty()) return std::move(binary);
  return "";
}

/// The program from a stored binary, or empty.
Handle<cl_program> from_binary(const Device& device, cl_device_id id, const std::string& binary,
                               const char* options) {
  if (binary.empty()) return {};
  const size_t size = binary.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(binary.data());
  cl_int status = CL_SUCCESS, code = CL_SUCCESS;
  Handle program(
      clCreateProgramWithBinary(device.context(), 1, &id, &size, &bytes, &status, &code));
  if (code != CL_SUCCESS || status != CL_SUCCESS) return {};
  if (clBuildProgram(program.get(), 1, &id, options, nullptr, nullptr) != CL_SUCCESS) return {};
  return program;
}

Handle<cl_program> compile(const Device& device, cl_device_id id, const std::string& source,
                           const std::string& options, cl_int& code) {
  const char* text = source.c_str();
  Handle program(clCreateProgramWithSource(device.context(), 1, &text, nullptr, &code));
  check(code, "clCreateProgramWithSource");
  code = clBuildProgram(program.get(), 1, &id, options.c_str(), nullptr, nullptr);
  return program;
}

std::atomic<int> built_from_source{0}, built_twice{0};

Handle<cl_program> from_source(const Device& device, cl_device_id id, const ProgramText& text) {
  ++built_from_source;
  trace::say(4, "options: ", text.options, '\n', numbered(text.source));
  cl_int code = CL_SUCCESS;
  const bool declared = text.declared && device.facts().is_pocl;
  if (declared) {
    const std::string source = std::string(kernel_source("builtins")) + text.source;
    Handle program = compile(device, id, source, text.options + " -w -D _OPENCL_H_", code);
    if (code == CL_SUCCESS) return program;
    trace::say(2, "once more, with all built-in functions: ", build_log(program.get(), id));
  }
  Handle program = compile(device, id, text.source, text.options, code);
  built_twice += declared && code == CL_SUCCESS;
  if (code == CL_SUCCESS) return program;
  const Capabilities& facts = device.facts();
  if (!facts.fp64 && (text.options.find("=float64") != std::string::npos ||
                      text.source.find("(float64)") != std::string::npos))
    fail<std::runtime_error>("kernel", "float64 needs the extension cl_khr_fp64, which ",
                             facts.name, " (", facts.platform, ") lacks.");
  fail<std::runtime_error>(
      "kernel", "the build failed on ", device.facts().name, " with ", error_name(code), ".",
      device.facts().is_pocl ? pocl::cache_trouble() : "", "\n", build_log(program.get(), id),
      "\nOptions: ", text.options, "\nSource:\n", numbered(text.source));
}

/// Tells a person at a terminal, once, why nothing seems to happen.
void explain_wait(int64_t waited) {
  constexpr int64_t patience = 2'000'000'000;
  static int64_t total = 0;
  static bool told = false;
  total += waited;
  if (told || total < patience || !isatty(STDERR_FILENO)) return;
  told = true;
  const std::string folder = disk_cache::folder();
  trace::write_line("building kernels that were not needed on this machine before, " +
                    (folder.empty() ? "and not storing them (see MLX_CL_CACHE)"
                                    : "and storing them in " + folder) +
                    "; `python -m mlx prepare` builds the usual ones ahead");
}

/// The names of a program's kernels, for the debug output.
std::string kernels_of(const std::string& source) {
  std::string names;
  const std::string start = "\nkernel void ";
  for (size_t at = source.find(start); at != source.npos; at = source.find(start, at + 1)) {
    const size_t name = at + start.size();
    names += source.substr(name, source.find('(', name) - name) + ' ';
  }
  return names;
}

void say_how_long(const char* what, int64_t start, bool small, const ProgramText& text) {
  if (trace::level() < 2) return;
  trace::say(2, what, " a program in ", (trace::now() - start) / 1000, " us for ",
             small ? "small: " : "wide: ", kernels_of(text.source), text.options);
}

/// The small lane's program from the wide lane's binary, which is built where there is none; empty
/// where PoCL's binaries cannot be converted.
Handle<cl_program> from_wide(const Device& device, const ProgramText& text,
                             Handle<cl_program> (&built)[2]) {
  static bool convertible = true;
  if (!device.facts().is_pocl || !convertible) return {};
  const int64_t start = trace::now();
  std::string binary = built[0] ? "" : disk_cache::load(binary_key(device, false, text));
  if (binary.empty() && !built[0]) build_program(device, false, text, built);
  if (built[0]) binary = binary_of(built[0].get());
  binary = pocl::for_small_device(std::move(binary), device);
  Handle program = from_binary(device, device.small(), binary, text.options.c_str());
  if (program) say_how_long("converted", start, true, text);
  convertible = bool(program);
  return program;
}

}  // namespace

bool is_stored(const Device& device, const ProgramText& text) {
  return disk_cache::has(binary_key(device, false, text));
}

int programs_built() {
  return built_from_source;
}

int programs_built_twice() {
  return built_twice;
}

void build_program(const Device& device, bool small, const ProgramText& text,
                   Handle<cl_program> (&built)[2]) {
  if (small && (built[1] = from_wide(device, text, built))) return;
  const int64_t start = trace::now();
  const cl_device_id id = small ? device.small() : device.wide();
  const std::string key = binary_key(device, small, text);
  built[small] = from_binary(device, id, disk_cache::load(key), text.options.c_str());
  const bool stored = bool(built[small]);
  if (!stored) {
    built[small] = from_source(device, id, text);
    wait_at_exit();
    // PoCL compiles the kernels now; launches find them compiled, here and in later processes.
    disk_cache::store(key, binary_of(built[small].get()));
    explain_wait(trace::now() - start);
  }
  say_how_long(stored ? "loaded" : "built", start, small, text);
}

}  // namespace mlx
