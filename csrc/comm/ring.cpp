// The hostfile, and the connections of a process to its two neighbours.
#include "comm/ring.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "comm/communicator.h"

namespace mlx::comm {
namespace {

constexpr const char* op = "distributed.init";
constexpr uint32_t greeting = 0x314c584d, longest_blob = 1 << 20;
constexpr auto between_calls = std::chrono::milliseconds(20);

template <typename... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  fail<std::runtime_error>(op, parts...);
}

template <typename... Parts>
void say(const Parts&... parts) {
  if (env::ring_verbose().empty()) return;
  std::ostringstream text;
  (text << "[ring] " << ... << parts) << '\n';
  std::cerr << text.str();
}

Address parse(const std::string& text, const std::string& file) {
  const size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    const std::string port = text.substr(colon + 1);
    if (!port.empty() && port.find_first_not_of("0123456789") == std::string::npos)
      address.port = std::atoi(port.c_str());
    if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']')
      address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host.empty() || colon == std::string::npos || address.port > 65535)
    refuse("an address in the hostfile ", file, " must be ip:port, not '", text, "'.");
  return address;
}

/// What getaddrinfo finds; freed at the end.
class Resolved {
 public:
  Resolved(const Address& address, bool to_listen) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0);
    const int code =
        getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found_);
    if (code != 0) refuse("the host '", address.host, "' is unknown (", gai_strerror(code), ").");
  }
  ~Resolved() { freeaddrinfo(found_); }
  Resolved(const Resolved&) = delete;
  Resolved& operator=(const Resolved&) = delete;
  const addrinfo& operator*() const { return *found_; }

 private:
  addrinfo* found_ = nullptr;
};

/// False when nothing happens until the deadline.
bool wait_for(int descriptor, short event, const Deadline& deadline) {
  while (!deadline.has_passed()) {
    pollfd polled{descriptor, event, 0};
    const int slice = int(std::min<int64_t>(deadline.left().count(), 200));
    const int ready = poll(&polled, 1, slice);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

void set_delay_off(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void send_bytes(int descriptor, const void* data, size_t count, int peer) {
  const char* from = static_cast<const char*>(data);
  const Deadline deadline;
  while (count) {
    if (!wait_for(descriptor, POLLOUT, deadline)) fail_waiting(op, peer);
    const ssize_t sent = ::send(descriptor, from, count, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) fail_broken(op, peer, std::strerror(errno));
    from += sent;
    count -= size_t(sent);
  }
}

void receive_bytes(int descriptor, void* data, size_t count, int peer) {
  char* to = static_cast<char*>(data);
  const Deadline deadline;
  while (count) {
    if (!wait_for(descriptor, POLLIN, deadline)) fail_waiting(op, peer);
    const ssize_t got = ::recv(descriptor, to, count, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0)
      fail_broken(op, peer, got == 0 ? "closed by the other side" : std::strerror(errno));
    to += got;
    count -= size_t(got);
  }
}

/// The first word of a connection: that it is one of ours, and from whom.
struct Greeting {
  uint32_t word = greeting, rank = 0, size = 0;
};

}  // namespace

bool launched_in_ring() {
  return !env::hostfile().empty() && !env::rank().empty();
}

Ring read_ring() {
  const std::string& file = env::hostfile();
  if (file.empty()) refuse("the backend ring needs MLX_HOSTFILE, the file of all addresses.");
  if (env::rank().empty()) refuse("the backend ring needs MLX_RANK, the number of this process.");
  std::ifstream stream(file);
  if (!stream) refuse("the hostfile ", file, " cannot be read.");
  Ring ring;
  try {
    for (const auto& process : nlohmann::json::parse(stream)) {
      if (!process.is_array() || process.empty())
        refuse("the hostfile ", file, " must hold a list of lists of ip:port.");
      ring.processes.push_back(parse(process.at(0).get<std::string>(), file));
    }
  } catch (const nlohmann::json::exception&) {
    refuse("the hostfile ", file, " must hold a JSON list of lists of ip:port.");
  }
  const std::string& rank = env::rank();
  const bool is_number = rank.find_first_not_of("0123456789") == std::string::npos;
  ring.rank = is_number ? std::atoi(rank.c_str()) : -1;
  if (ring.rank < 0 || ring.rank >= int(ring.processes.size()))
    refuse("MLX_RANK is '", rank, "', but the hostfile ", file, " lists ", ring.processes.size(),
           " processes, counted from 0.");
  return ring;
}

Neighbours::Neighbours(const Ring& ring) : ring_(ring) {
  const int size = int(ring.processes.size());
  const int right = (ring.rank + 1) % size, left = (ring.rank + size - 1) % size;
  try {
    listen_at(ring.processes[ring.rank]);
    call(right, ring.processes[right]);
    accept_left(left);
  } catch (...) {
    for (const int descriptor : {listener_, left_, right_})
      if (descriptor >= 0) close(descriptor);
    throw;
  }
  close(listener_);
  listener_ = -1;
}

Neighbours::~Neighbours() {
  for (const int descriptor : {left_, right_})
    if (descriptor >= 0) close(descriptor);
}

void Neighbours::listen_at(const Address& own) {
  const Resolved found(own, true);
  listener_ = socket((*found).ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener_, (*found).ai_addr, (*found).ai_addrlen) != 0 || listen(listener_, 8) != 0) {
    if (errno == EADDRINUSE)
      refuse("port ", own.port, " of ", own.host, " is in use by another program.");
    refuse("this process cannot listen at ", own.host, ':', own.port, " (", std::strerror(errno),
           ").");
  }
  say("rank ", ring_.rank, " listens at ", own.host, ':', own.port);
}

void Neighbours::call(int peer, const Address& right) {
  const Resolved found(right, false);
  const Deadline deadline;
  say("rank ", ring_.rank, " calls rank ", peer, " at ", right.host, ':', right.port);
  int reason = ETIMEDOUT;
  while (true) {
    right_ = socket((*found).ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fcntl(right_, F_SETFL, O_NONBLOCK);
    int error = ::connect(right_, (*found).ai_addr, (*found).ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      socklen_t length = sizeof error;
      error = reason;
      if (wait_for(right_, POLLOUT, deadline))
        getsockopt(right_, SOL_SOCKET, SO_ERROR, &error, &length);
    }
    if (error == 0) break;
    reason = error;
    close(right_);
    right_ = -1;
    if (deadline.has_passed())
      refuse("rank ", peer, " cannot be reached at ", right.host, ':', right.port, " within ",
             Deadline::seconds(), " seconds (", std::strerror(reason), ").");
    std::this_thread::sleep_for(between_calls);
  }
  set_delay_off(right_);
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  char host[NI_MAXHOST] = "";
  getsockname(right_, reinterpret_cast<sockaddr*>(&own), &length);
  getnameinfo(reinterpret_cast<sockaddr*>(&own), length, host, sizeof host, nullptr, 0,
              NI_NUMERICHOST);
  const std::string& named = ring_.processes[ring_.rank].host;
  host_ = named == "0.0.0.0" || named == "::" ? host : named;
  const Greeting ours{greeting, uint32_t(ring_.rank), uint32_t(ring_.processes.size())};
  send_bytes(right_, &ours, sizeof ours, peer);
}

void Neighbours::accept_left(int peer) {
  const Deadline deadline;
  while (wait_for(listener_, POLLIN, deadline)) {
    left_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (left_ < 0) continue;
    set_delay_off(left_);
    Greeting theirs;
    receive_bytes(left_, &theirs, sizeof theirs, peer);
    if (theirs.word == greeting && int(theirs.rank) == peer &&
        theirs.size == ring_.processes.size())
      return;
    close(left_);
    left_ = -1;
    if (theirs.word == greeting)
      refuse("rank ", theirs.rank, " of ", theirs.size, " calls, where rank ", peer, " of ",
             ring_.processes.size(), " is expected: the hostfiles differ.");
  }
  fail_waiting(op, peer);
}

void Neighbours::send_blob(const std::string& blob) {
  const int peer = (ring_.rank + 1) % int(ring_.processes.size());
  const uint32_t length = uint32_t(blob.size());
  send_bytes(right_, &length, sizeof length, peer);
  send_bytes(right_, blob.data(), blob.size(), peer);
}

std::string Neighbours::receive_blob() {
  const int size = int(ring_.processes.size()), peer = (ring_.rank + size - 1) % size;
  uint32_t length = 0;
  receive_bytes(left_, &length, sizeof length, peer);
  if (length > longest_blob) fail_broken(op, peer, "a message of another kind");
  std::string blob(length, '\0');
  receive_bytes(left_, blob.data(), length, peer);
  return blob;
}

std::vector<std::string> Neighbours::gather(const std::string& own) {
  const int size = int(ring_.processes.size());
  std::vector<std::string> all(size);
  all[ring_.rank] = own;
  for (int step = 0; step < size - 1; ++step) {
    send_blob(all[(ring_.rank + size - step) % size]);
    all[(ring_.rank + size - step - 1) % size] = receive_blob();
  }
  return all;
}

}  // namespace mlx::comm
