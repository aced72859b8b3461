// Streams: named orders of execution on a device, with per-thread and per-device defaults.
#pragma once

#include <string>
#include <variant>

#include "cl/device.h"
#include "cl/queue.h"

namespace mlx {

struct Stream {
  int index = 0;
  DeviceType device = DeviceType::cpu;
  friend bool operator==(const Stream&, const Stream&) = default;
};

/// A token that stands for a stream of its own on each thread.
struct ThreadLocalStream {
  int index = 0;
  DeviceType device = DeviceType::cpu;
  friend bool operator==(const ThreadLocalStream&, const ThreadLocalStream&) = default;
};

/// What the `stream` argument of every operation accepts; empty means the default stream of the
/// default device.
using StreamOrDevice = std::variant<std::monostate, Stream, DeviceType, ThreadLocalStream>;

/// Resolves to a stream; throws std::runtime_error for a stream of another thread.
Stream to_stream(const StreamOrDevice& where);

DeviceType default_device();
void set_default_device(
    DeviceType device);  ///< throws std::invalid_argument when there is no such device
Stream default_stream(DeviceType device);  ///< of the calling thread
void set_default_stream(Stream stream);
Stream new_stream(DeviceType device);  ///< usable on the calling thread only
Stream new_thread_unsafe_stream(
    DeviceType device);  ///< usable everywhere; ordering is the caller's duty
ThreadLocalStream new_thread_local_stream(DeviceType device);
/// Ends the calling thread's streams; operations on it throw std::runtime_error afterwards.
void clear_streams();

/// While one lives on this thread, an empty StreamOrDevice means this stream (differentiation rules
/// run where the operation ran).
class StreamScope {
 public:
  explicit StreamScope(Stream stream);
  ~StreamScope();

 private:
  const Stream* previous_;
  Stream stream_;
};

/// The queue that runs a stream's work, for whoever may launch.
Queue& queue_of(const Submission& submission, Stream stream);
void synchronize(Stream stream);
std::string to_string(Stream stream);  ///< "Stream(Device(cpu, 0), 1)"
const char* to_string(DeviceType device);

}  // namespace mlx
