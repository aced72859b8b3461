// The library of kernels: text and options in, kernels out, built when first used.
#include "cl/program.h"

#include "base/error.h"
#include "cl/build.h"
#include "cl/draft.h"
#include "cl/kernel_text.h"
#include "cl/opencl.h"
#include "cl/pocl.h"

namespace mlx {

extern const std::unordered_map<std::string_view, std::string_view> embedded_kernels;

struct Program {
  ProgramText text;
  Handle<cl_program> built[2];   ///< for the wide and the small lane
  std::string failure;           ///< what a failed build said; it is not tried again
  std::unique_ptr<Draft> draft;  ///< serves until it is empty
};

namespace {

/// Kernels of this library are launched in groups of one item on CPU devices; those that scripts
/// write, as they say.
std::string device_options(const Capabilities& facts, bool declared) {
  std::string options = "-cl-std=CL1.2 -D V=" + std::to_string(facts.vector_width);
  if (facts.is_cpu) options += " -D LOOP_SHAPE";
  if (facts.is_cpu && declared) options += " -D ONE_ITEM_GROUPS";
  return options;
}

}  // namespace

ProgramText generated_text(const Capabilities& device, const std::string& source, bool declared) {
  return {std::string(kernel_source("prelude")).append(source), device_options(device, declared),
          declared};
}

std::string_view kernel_source(std::string_view stem) {
  const auto found = embedded_kernels.find(stem);
  if (found == embedded_kernels.end())
    fail<std::runtime_error>("kernel", "there is no kernel file ", stem, ".cl.");
  return found->second;
}

bool Kernel::is_built() const {
  return program_.built[0] || program_.built[1] || (program_.draft && program_.draft->serves());
}

const ProgramText& Kernel::text() const {
  return program_.text;
}

cl_kernel Kernel::build(bool small) {
  KernelLibrary& library = device_.kernels();
  const std::lock_guard lock(library.mutex_);
  if (built_[small]) return built_[small].get();
  if (!program_.failure.empty()) throw std::runtime_error(program_.failure);
  if (program_.draft) {
    if (cl_kernel kernel = program_.draft->on(device_, program_.text, small, name_.c_str()))
      return kernel;
    program_.draft.reset();
  }
  if (!program_.built[small]) {
    try {
      build_program(device_, small, program_.text, program_.built);
    } catch (const std::runtime_error& error) {
      program_.failure = error.what();
      throw;
    }
  }
  cl_int code = CL_SUCCESS;
  Handle kernel(clCreateKernel(program_.built[small].get(), name_.c_str(), &code));
  if (code != CL_SUCCESS)
    fail<std::runtime_error>("kernel", "there is no kernel ", name_, " in\n", program_.text.source);
  built_[small] = std::move(kernel);
  return built_[small].get();
}

KernelLibrary::KernelLibrary(Device& device) : device_(device) {}
KernelLibrary::~KernelLibrary() = default;

Kernel& KernelLibrary::find(const std::string& key, const char* name, ProgramText text) {
  std::unique_ptr<Program>& program = programs_[text.options + '\n' + text.source];
  if (!program) {
    program.reset(new Program{std::move(text), {}, {}, {}});
    const Capabilities& facts = device_.facts();
    if (facts.is_pocl && facts.is_cpu && program->text.declared)
      program->draft = std::make_unique<Draft>(program->text);
  }
  return *(kernels_[key] = std::make_unique<Kernel>(device_, *program, name));
}

Kernel& KernelLibrary::kernel(const char* stem, const char* name, const Defines& defines,
                              const EndsText& ends) {
  thread_local std::string key;
  key.assign(stem).append(1, '/').append(name);
  for (const Define& define : defines)
    key.append(" -D ").append(define.name).append(1, '=').append(define.value);
  key.append(1, '\n').append(ends.source).append(1, '\n').append(ends.sink);
  const std::lock_guard lock(mutex_);
  if (const auto found = kernels_.find(key); found != kernels_.end()) return *found->second;
  const Capabilities& facts = device_.facts();
  std::string options = device_options(facts, true);
  for (const Define& define : defines)
    options.append(" -D ").append(define.name).append(1, '=').append(define.value);
  std::string text = kernel_text(stem, ends);
  // In GPU shapes kernels declare local memory, which only kernels may.
  if (facts.is_pocl && facts.is_cpu) text = pocl::only_kernel(std::move(text), name);
  return find(key, name, {std::string(kernel_source("prelude")).append(text), options, true});
}

Kernel& KernelLibrary::generated(const std::string& source, const char* name, bool declared) {
  thread_local std::string key;
  key.assign(name).append(1, '\n').append(source);
  const std::lock_guard lock(mutex_);
  if (const auto found = kernels_.find(key); found != kernels_.end()) return *found->second;
  return find(key, name, generated_text(device_.facts(), source, declared));
}

}  // namespace mlx
