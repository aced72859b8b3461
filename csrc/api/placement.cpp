// Devices, streams and memory of the public interface.
#include <map>
#include <mutex>
#include <set>

#include "api/convert.h"
#include "base/error.h"
#include "cl/buffer.h"
#include "cl/device.h"
#include "graph/facts.h"
#include "mlx/memory.h"
#include "mlx/utils.h"

namespace mlx::core {

mlx::DeviceType in(const Device& device) {
  if (device.index != 0)
    fail("Device", "there is one device of each type; index ", device.index, " is none of them.");
  return mlx::DeviceType(int(device.type));
}

mlx::StreamOrDevice in(const StreamOrDevice& where) {
  if (const auto* stream = std::get_if<Stream>(&where)) return in(*stream);
  if (const auto* device = std::get_if<Device>(&where)) return in(*device);
  if (const auto* token = std::get_if<ThreadLocalStream>(&where))
    return mlx::ThreadLocalStream{token->index, in(token->device)};
  return {};
}

const Device& default_device() {
  thread_local Device device = Device::cpu;
  device = out(mlx::default_device());
  return device;
}

void set_default_device(const Device& d) {
  if (!is_available(d)) fail("set_default_device", "there is no ", to_string(in(d)), " device.");
  mlx::set_default_device(in(d));
}

bool is_available(const Device& d) {
  return d.index == 0 && mlx::Device::exists(in(d));
}

int device_count(Device::DeviceType type) {
  return is_available(Device(type)) ? 1 : 0;
}

const std::unordered_map<std::string, std::variant<std::string, size_t>>& device_info(
    const Device& d) {
  using Info = std::unordered_map<std::string, std::variant<std::string, size_t>>;
  static std::mutex mutex;
  static std::map<int, Info> known;
  const std::lock_guard lock(mutex);
  Info& info = known[d.index == 0 ? int(d.type) : -1];
  if (info.empty() && is_available(d))
    for (const auto& [name, value] : device_facts(in(d))) info.emplace(name, value);
  return info;
}

namespace {

/// Streams this thread knows, for get_streams.
std::vector<Stream>& known_streams() {
  thread_local std::vector<Stream> streams;
  return streams;
}

Stream remembered(Stream stream) {
  auto& streams = known_streams();
  for (const Stream& known : streams)
    if (known == stream) return stream;
  streams.push_back(stream);
  return stream;
}

}  // namespace

Stream default_stream(Device d) {
  return remembered(out(mlx::default_stream(in(d))));
}

std::optional<Stream> peek_default_stream(Device d) {
  return is_available(d) ? std::optional(default_stream(d)) : std::nullopt;
}

void set_default_stream(Stream s) {
  mlx::set_default_stream(in(s));
}

Stream new_stream(Device d) {
  return remembered(out(mlx::new_stream(in(d))));
}

Stream new_thread_unsafe_stream(Device d) {
  return remembered(out(mlx::new_thread_unsafe_stream(in(d))));
}

ThreadLocalStream new_thread_local_stream(Device d) {
  const mlx::ThreadLocalStream token = mlx::new_thread_local_stream(in(d));
  return ThreadLocalStream(token.index, d);
}

Stream stream_from_thread_local_stream(ThreadLocalStream tls) {
  return out(mlx::to_stream(in(StreamOrDevice(tls))));
}

std::vector<Stream> get_streams() {
  return known_streams();
}

void synchronize() {
  mlx::synchronize(mlx::to_stream({}));
}

void synchronize(Stream s) {
  mlx::synchronize(in(s));
}

void synchronize(ThreadLocalStream s) {
  synchronize(stream_from_thread_local_stream(s));
}

void clear_streams() {
  mlx::clear_streams();
  known_streams().clear();
}

Stream to_stream(StreamOrDevice s) {
  return out(mlx::to_stream(in(s)));
}

Stream to_stream(StreamOrDevice s, Device default_) {
  if (std::holds_alternative<std::monostate>(s)) return default_stream(default_);
  return to_stream(s);
}

StreamContext::StreamContext(StreamOrDevice s)
    : device_(default_device()),
      owner_(std::this_thread::get_id()),
      stream_(default_stream(to_stream(s).device)) {
  const Stream wanted = to_stream(s);
  set_default_device(wanted.device);
  set_default_stream(wanted);
}

StreamContext::~StreamContext() noexcept(false) {
  if (owner_ != std::this_thread::get_id())
    fail<std::runtime_error>("StreamContext", "it ends on another thread than it began on.");
  set_default_stream(stream_);
  set_default_device(device_);
}

namespace {

Allocator& allocator() {
  return mlx::Device::get(mlx::default_device()).allocator();
}

}  // namespace

size_t get_active_memory() {
  return allocator().active();
}
size_t get_peak_memory() {
  return allocator().peak();
}
void reset_peak_memory() {
  allocator().reset_peak();
}
size_t get_cache_memory() {
  return allocator().cached();
}
size_t set_memory_limit(size_t limit) {
  return allocator().set_limit(limit);
}
size_t get_memory_limit() {
  return allocator().limit();
}
size_t set_cache_limit(size_t limit) {
  return allocator().set_cache_limit(limit);
}
void clear_cache() {
  allocator().clear_cache();
}
size_t set_wired_limit(size_t) {
  return 0;
}

size_t get_array_buffer_size(const std::vector<array>& arrays) {
  return buffer_bytes(in(arrays));
}

}  // namespace mlx::core
