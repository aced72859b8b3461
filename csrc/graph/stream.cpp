// Streams: named orders of execution on a device, with per-thread and per-device defaults.
#include "graph/stream.h"

#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <thread>

#include "base/error.h"

namespace mlx {
namespace {

struct Entry {
  Stream stream;
  std::optional<std::thread::id> owner;  ///< the only thread that may use it
  Ref<Queue> queue;
  bool ended = false;
};

std::mutex registry_mutex;

std::deque<Entry>& registry() {
  static auto* const entries = new std::deque<Entry>;  // outlives static destructors
  return *entries;
}

std::atomic<int> chosen_device{-1};
std::atomic<int> thread_local_tokens{0};
thread_local std::optional<Stream> defaults[2];
thread_local std::map<int, Stream> token_streams;
thread_local bool ended = false;
thread_local const Stream* scope = nullptr;

Stream make(DeviceType device, bool owned) {
  Device::get(device);  // throws the error due when there is none
  if (ended) fail<std::runtime_error>("stream", "this thread's streams were cleared.");
  const std::lock_guard lock(registry_mutex);
  Entry entry;
  entry.stream = {int(registry().size()), device};
  if (owned) entry.owner = std::this_thread::get_id();
  registry().push_back(std::move(entry));
  return registry().back().stream;
}

Entry& entry_of(Stream stream) {
  const std::lock_guard lock(registry_mutex);
  if (stream.index < 0 || stream.index >= int(registry().size()))
    fail<std::runtime_error>("stream", "there is no ", to_string(stream), ".");
  return registry()[stream.index];
}

}  // namespace

const char* to_string(DeviceType device) {
  return device == DeviceType::cpu ? "cpu" : "gpu";
}

std::string to_string(Stream stream) {
  return std::string("Stream(Device(") + to_string(stream.device) + ", 0), " +
         std::to_string(stream.index) + ")";
}

DeviceType default_device() {
  int device = chosen_device.load(std::memory_order_relaxed);
  if (device < 0) chosen_device = device = int(Device::preferred());
  return DeviceType(device);
}

void set_default_device(DeviceType device) {
  if (!Device::exists(device))
    fail("set_default_device", "there is no ", to_string(device), " device.");
  chosen_device = int(device);
}

Stream default_stream(DeviceType device) {
  auto& stream = defaults[int(device)];
  if (!stream || ended) stream = make(device, true);
  return *stream;
}

void set_default_stream(Stream stream) {
  defaults[int(stream.device)] = to_stream(stream);
}
Stream new_stream(DeviceType device) {
  return make(device, true);
}
Stream new_thread_unsafe_stream(DeviceType device) {
  return make(device, false);
}
ThreadLocalStream new_thread_local_stream(DeviceType device) {
  if (!Device::exists(device))
    fail("new_thread_local_stream", "there is no ", to_string(device), " device.");
  return {thread_local_tokens++, device};
}

Stream to_stream(const StreamOrDevice& where) {
  if (where.index() == 0) return scope ? *scope : default_stream(default_device());
  if (const auto* device = std::get_if<DeviceType>(&where)) return default_stream(*device);
  if (const auto* token = std::get_if<ThreadLocalStream>(&where)) {
    const auto found = token_streams.find(token->index);
    if (found != token_streams.end()) return found->second;
    return token_streams[token->index] = make(token->device, true);
  }
  const Stream stream = std::get<Stream>(where);
  const Entry& entry = entry_of(stream);
  if (entry.ended) fail<std::runtime_error>("stream", to_string(stream), " was cleared.");
  if (entry.owner && *entry.owner != std::this_thread::get_id())
    fail<std::runtime_error>("stream", to_string(stream), " belongs to another thread.");
  return stream;
}

StreamScope::StreamScope(Stream stream) : previous_(scope), stream_(stream) {
  scope = &stream_;
}
StreamScope::~StreamScope() {
  scope = previous_;
}

void clear_streams() {
  {
    const std::lock_guard lock(registry_mutex);
    for (Entry& entry : registry())
      if (entry.owner == std::this_thread::get_id()) {
        if (entry.queue) entry.queue->finish();
        entry.ended = true;
      }
  }
  ended = true;
}

Queue& queue_of(const Submission&, Stream stream) {
  thread_local std::vector<Queue*> known;
  if (size_t(stream.index) < known.size() && known[stream.index]) return *known[stream.index];
  Entry& entry = entry_of(stream);
  if (!entry.queue) entry.queue = make_ref<Queue>(Device::get(stream.device));
  known.resize(std::max(known.size(), size_t(stream.index) + 1));
  return *(known[stream.index] = entry.queue.get());
}

void synchronize(Stream stream) {
  Queue* queue = nullptr;
  {
    const Submission submission;
    queue = &queue_of(submission, stream);
  }
  queue->finish();
}

}  // namespace mlx
