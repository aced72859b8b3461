// Programs: source and options in, kernels out, with the built binaries kept on disk.
#include "cl/program.h"

#include <chrono>

#include "base/error.h"
#include "base/hash.h"
#include "cl/binary_saver.h"
#include "cl/kernel_text.h"
#include "cl/launch.h"
#include "cl/trace.h"

namespace mlx {

extern const std::unordered_map<std::string_view, std::string_view> embedded_kernels;

struct Program {
  std::string source, options;
  Handle<cl_program> built[2];  ///< for the wide and the small device
};

namespace {

std::string build_log(cl_program program, cl_device_id device) {
  size_t size = 0;
  if (clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, nullptr, &size) != CL_SUCCESS) return "";
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

std::string binary_key(const Device& device, cl_device_id id, const Program& program) {
  const Capabilities& facts = device.facts();
  std::string text = "1\n" + facts.platform + '\n' + facts.version + '\n' + facts.driver + '\n' + facts.name + '\n';
  text += id == device.small() ? "small\n" : "wide\n";
  return digest(text + program.options + '\n' + program.source);
}

/// The program from a stored binary, or empty.
Handle<cl_program> from_binary(const Device& device, cl_device_id id, const std::string& binary, const char* options) {
  if (binary.empty()) return {};
  const size_t size = binary.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(binary.data());
  cl_int status = CL_SUCCESS, code = CL_SUCCESS;
  Handle program(clCreateProgramWithBinary(device.context(), 1, &id, &size, &bytes, &status, &code));
  if (code != CL_SUCCESS || status != CL_SUCCESS) return {};
  if (clBuildProgram(program.get(), 1, &id, options, nullptr, nullptr) != CL_SUCCESS) return {};
  return program;
}

Handle<cl_program> from_source(const Device& device, cl_device_id id, const Program& program) {
  const char* text = program.source.c_str();
  cl_int code = CL_SUCCESS;
  Handle built(clCreateProgramWithSource(device.context(), 1, &text, nullptr, &code));
  check(code, "clCreateProgramWithSource");
  code = clBuildProgram(built.get(), 1, &id, program.options.c_str(), nullptr, nullptr);
  if (code == CL_SUCCESS) return built;
  fail<std::runtime_error>("kernel", "the build failed on ", device.facts().name, " with ", error_name(code), ".\n",
                           build_log(built.get(), id), "\nOptions: ", program.options, "\nSource:\n",
                           numbered(program.source));
}

Handle<cl_program> build_program(const Device& device, bool small, const Program& program) {
  const auto start = trace::now();
  const cl_device_id id = small ? device.small() : device.wide();
  const std::string key = binary_key(device, id, program);
  Handle built = from_binary(device, id, disk_cache::load(key), program.options.c_str());
  const bool stored = bool(built);
  if (!stored) {
    trace::say(4, "options: ", program.options, '\n', numbered(program.source));
    built = from_source(device, id, program);
    wait_at_exit();
    save_binary_of(built.get(), key, device.facts().is_pocl);
  }
  trace::say(2, stored ? "loaded a program in " : "built a program in ", (trace::now() - start) / 1000, " us for ",
             small ? "small: " : "wide: ", program.options);
  return built;
}

std::string device_options(const Capabilities& facts) {
  std::string options = "-cl-std=CL1.2 -D V=" + std::to_string(facts.vector_width);
  if (facts.is_cpu) options += " -D LOOP_SHAPE";
  return options;
}

}  // namespace

std::string_view kernel_source(std::string_view stem) {
  const auto found = embedded_kernels.find(stem);
  if (found == embedded_kernels.end()) fail<std::runtime_error>("kernel", "there is no kernel file ", stem, ".cl.");
  return found->second;
}

cl_kernel Kernel::build(bool small) {
  KernelLibrary& library = device_.kernels();
  const std::lock_guard lock(library.mutex_);
  if (built_[small]) return built_[small].get();
  Handle<cl_program>& program = program_.built[small];
  if (!program) program = build_program(device_, small, program_);
  cl_int code = CL_SUCCESS;
  Handle kernel(clCreateKernel(program.get(), name_.c_str(), &code));
  if (code != CL_SUCCESS) fail<std::runtime_error>("kernel", "there is no kernel ", name_, " in\n", program_.source);
  built_[small] = std::move(kernel);
  return built_[small].get();
}

KernelLibrary::KernelLibrary(Device& device) : device_(device) {}
KernelLibrary::~KernelLibrary() = default;

Kernel& KernelLibrary::find(const std::string& key, const char* name, const std::string& source,
                            const std::string& options) {
  std::unique_ptr<Program>& program = programs_[options + '\n' + source];
  if (!program) program.reset(new Program{source, options, {}});
  return *(kernels_[key] = std::make_unique<Kernel>(device_, *program, name));
}

Kernel& KernelLibrary::kernel(const char* stem, const char* name, const Defines& defines) {
  thread_local std::string key;
  key.assign(stem).append(1, '/').append(name);
  for (const Define& define : defines) key.append(" -D ").append(define.name).append(1, '=').append(define.value);
  const std::lock_guard lock(mutex_);
  if (const auto found = kernels_.find(key); found != kernels_.end()) return *found->second;
  std::string options = device_options(device_.facts());
  for (const Define& define : defines) options.append(" -D ").append(define.name).append(1, '=').append(define.value);
  return find(key, name, std::string(kernel_source("prelude")).append(kernel_text(stem)), options);
}

Kernel& KernelLibrary::generated(const std::string& source, const char* name) {
  thread_local std::string key;
  key.assign(name).append(1, '\n').append(source);
  const std::lock_guard lock(mutex_);
  if (const auto found = kernels_.find(key); found != kernels_.end()) return *found->second;
  return find(key, name, std::string(kernel_source("prelude")).append(source), device_options(device_.facts()));
}

}  // namespace mlx
