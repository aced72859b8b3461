// Streams: orders of execution on a device.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "mlx/device.h"

namespace mlx::core {

struct Stream {
  int index;
  Device device;
  explicit Stream(int index, Device device) : index(index), device(device) {}
  bool operator==(const Stream&) const = default;
  bool operator<(const Stream& rhs) const {
    return device == rhs.device ? index < rhs.index : device < rhs.device;
  }
};

/// A token for a stream of its own on each thread.
struct ThreadLocalStream : public Stream {
  using Stream::Stream;
};

/// What the last argument of every operation takes; `{}` is the default stream of the default
/// device.
using StreamOrDevice = std::variant<std::monostate, Stream, Device, ThreadLocalStream>;

Stream default_stream(Device d);  ///< of the calling thread
/// The default stream when this thread has one already.
std::optional<Stream> peek_default_stream(Device d);
void set_default_stream(Stream s);
Stream new_stream(Device d);  ///< for the calling thread only
Stream new_thread_unsafe_stream(Device d);
ThreadLocalStream new_thread_local_stream(Device d);
Stream stream_from_thread_local_stream(ThreadLocalStream tls);
/// The streams that this thread made with the functions above, and its default ones.
std::vector<Stream> get_streams();
void synchronize();  ///< waits for the default stream of the default device
void synchronize(Stream);
void synchronize(ThreadLocalStream);
/// Ends the calling thread's streams.
void clear_streams();

}  // namespace mlx::core
