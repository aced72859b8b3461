// Compiled functions of the public interface: recordings by what they were recorded for.
//
// A call takes the lock of its function's recordings only to look one up or to add it. Recordings
// kept by number belong to the table of all numbers, those of a function object to that object.
#include "mlx/compile.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/convert.h"
#include "mlx/compile_impl.h"
#include "transforms/compile.h"

namespace mlx::core {

namespace {

struct Recordings {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<mlx::Compiled>> known;
};

std::string key_of(const std::vector<array>& inputs, bool shapeless,
                   const std::vector<uint64_t>& constants) {
  std::string key;
  for (const array& a : inputs) {
    key += char('A' + int(a.dtype().val()));
    key += shapeless ? std::to_string(a.ndim()) : to_string(a.shape());
  }
  for (const uint64_t constant : constants) key += ';' + std::to_string(constant);
  return key + (mlx::default_device() == mlx::DeviceType::cpu ? "c" : "g");
}

std::vector<array> call(Recordings& recordings, const detail::ArraysFn& fun, bool shapeless,
                        const std::vector<uint64_t>& constants, const std::vector<array>& inputs) {
  if (!mlx::compile_enabled()) return fun(inputs);
  const std::string key = key_of(inputs, shapeless, constants);
  const auto find = [&]() -> std::shared_ptr<mlx::Compiled> {
    const std::lock_guard lock(recordings.mutex);
    const auto at = recordings.known.find(key);
    return at == recordings.known.end() ? nullptr : at->second;
  };
  std::shared_ptr<mlx::Compiled> compiled = find();
  if (!compiled) {
    const mlx::Function inside = [&](const mlx::Arrays& xs) { return in(fun(out(xs))); };
    compiled = std::make_shared<mlx::Compiled>(mlx::compile(inside, in(inputs), shapeless));
    const std::lock_guard lock(recordings.mutex);
    compiled = recordings.known.emplace(key, compiled).first->second;
  }
  // A recording keeps what it learns of shapes: one call at a time uses it.
  const std::lock_guard lock(recordings.mutex);
  return out((*compiled)(in(inputs)));
}

detail::ArraysFn compiled(std::shared_ptr<Recordings> recordings, detail::ArraysFn fun,
                          bool shapeless, std::vector<uint64_t> constants) {
  return [recordings = std::move(recordings), fun = std::move(fun), shapeless,
          constants = std::move(constants)](const std::vector<array>& inputs) {
    return call(*recordings, fun, shapeless, constants, inputs);
  };
}

struct Numbered {
  std::mutex mutex;
  std::map<std::uintptr_t, std::shared_ptr<Recordings>> functions;
};
Numbered& numbered() {
  static Numbered& table = *new Numbered;  // outlives static destructors
  return table;
}

}  // namespace

std::function<std::vector<array>(const std::vector<array>&)> compile(
    std::function<std::vector<array>(const std::vector<array>&)> fun, bool shapeless) {
  return compiled(std::make_shared<Recordings>(), std::move(fun), shapeless, {});
}
std::function<std::vector<array>(const std::vector<array>&)> compile(
    std::vector<array> (*fun)(const std::vector<array>&), bool shapeless) {
  return compile(std::function<std::vector<array>(const std::vector<array>&)>(fun), shapeless);
}
void disable_compile() {
  mlx::set_compile_enabled(false);
}
void enable_compile() {
  mlx::set_compile_enabled(true);
}
void set_compile_mode(CompileMode mode) {
  mlx::set_compile_enabled(mode != CompileMode::disabled);
}

namespace detail {

ArraysFn compile(ArraysFn fun, std::uintptr_t fun_id, bool shapeless,
                 std::vector<uint64_t> constants) {
  const std::lock_guard lock(numbered().mutex);
  auto& recordings = numbered().functions[fun_id];
  if (!recordings) recordings = std::make_shared<Recordings>();
  return compiled(recordings, std::move(fun), shapeless, std::move(constants));
}
void compile_erase(std::uintptr_t fun_id) {
  const std::lock_guard lock(numbered().mutex);
  numbered().functions.erase(fun_id);
}
void compile_clear_cache() {
  const std::lock_guard lock(numbered().mutex);
  numbered().functions.clear();
}

}  // namespace detail

}  // namespace mlx::core
