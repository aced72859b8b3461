// The addresses of a run's processes and how they find each other: MLX's contract for the backend
// ring. MLX_HOSTFILE holds a JSON list of each process' addresses ("ip:port"), MLX_RANK which of
// them this process is. A process listens at its own first address and calls its right neighbour.
#pragma once

#include <string>
#include <vector>

namespace mlx::comm {

/// One process.
struct Address {
  std::string host;
  int port = 0;
};
using Addresses = std::vector<Address>;

struct Ring {
  int rank = 0;
  Addresses processes;
};
/// Reads the environment; throws std::runtime_error that says in one sentence what is wrong.
Ring read_ring();
/// True when the environment describes a ring.
bool launched_in_ring();

/// The neighbours' connections; what they cannot do is report as std::runtime_error.
class Neighbours {
 public:
  explicit Neighbours(const Ring& ring);
  ~Neighbours();
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;
  /// Everybody's blob, by rank: they travel around the ring.
  std::vector<std::string> gather(const std::string& own);
  /// This process' address as others reach it.
  const std::string& own_host() const { return host_; }

 private:
  void listen_at(const Address& own);
  void call(int peer, const Address& right);
  void accept_left(int peer);
  void send_blob(const std::string& blob);
  std::string receive_blob();

  const Ring ring_;
  std::string host_;
  int listener_ = -1, left_ = -1, right_ = -1;
};

}  // namespace mlx::comm
