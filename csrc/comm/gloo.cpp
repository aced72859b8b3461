// The engine over Gloo: every process has a TCP connection to every other, bound to the address
// that the hostfile gives it.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "comm/backends.h"
#include "comm/ring.h"

#ifdef MLX_HAS_GLOO
#include <gloo/rendezvous/context.h>
#include <gloo/transport/tcp/device.h>
#include <gloo/transport/unbound_buffer.h>

#include <functional>
#include <iterator>

namespace mlx::comm {
namespace {

using Device = std::shared_ptr<gloo::transport::Device>;
using Gather = std::function<std::vector<std::string>(const std::string&)>;

constexpr size_t longest_address = 64 << 10;  ///< of one process, for all its pairs

/// How Gloo's processes tell each other where they listen. Its keys end in a rank, and everybody
/// sets the same ones in the same order, so that setting one is an exchange.
class Exchange final : public gloo::rendezvous::Store {
 public:
  Exchange(int rank, Gather gather) : rank_(rank), gather_(std::move(gather)) {}
  void set(const std::string& key, const std::vector<char>& value) override {
    const std::string prefix = key.substr(0, key.size() - std::to_string(rank_).size());
    const std::vector<std::string> all = gather_(std::string(value.begin(), value.end()));
    for (size_t i = 0; i < all.size(); ++i)
      values_[prefix + std::to_string(i)] = {all[i].begin(), all[i].end()};
  }
  std::vector<char> get(const std::string& key) override { return values_.at(key); }
  void wait(const std::vector<std::string>&) override {}

 private:
  const int rank_;
  const Gather gather_;
  std::map<std::string, std::vector<char>> values_;
};

/// What Gloo says, without the place in its sources.
std::string reason_of(const std::exception& e) {
  const std::string text = e.what();
  const size_t end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

class GlooPending final : public Pending {
 public:
  explicit GlooPending(const char* op) : op_(op) {}
  void add(std::unique_ptr<gloo::transport::UnboundBuffer> buffer, int peer, bool receives) {
    parts_.push_back({std::move(buffer), peer, receives});
  }
  void wait() override {
    const Deadline deadline;
    for (const bool receives : {true, false})
      for (Part& part : parts_)
        if (part.receives == receives) wait_for(part, deadline);
  }
  void abort() override {
    for (Part& part : parts_)
      part.receives ? part.buffer->abortWaitRecv() : part.buffer->abortWaitSend();
  }

 private:
  struct Part {
    std::unique_ptr<gloo::transport::UnboundBuffer> buffer;
    int peer;
    bool receives;
  };
  void wait_for(Part& part, const Deadline& deadline) {
    bool done = false;
    try {
      done = !is_abandoned() && (part.receives ? part.buffer->waitRecv(deadline.left())
                                               : part.buffer->waitSend(deadline.left()));
    } catch (const std::exception& e) {
      if (deadline.has_passed()) fail_waiting(op_, part.peer);
      fail_broken(op_, part.peer, reason_of(e));
    }
    if (!done) fail_waiting(op_, part.peer);
  }
  const char* op_;
  std::vector<Part> parts_;
};

class GlooCommunicator final : public Communicator {
 public:
  GlooCommunicator(int rank, int size, Device device, const Gather& gather)
      : Communicator(rank, size),
        device_(std::move(device)),
        context_(std::make_shared<gloo::rendezvous::Context>(rank, size)) {
    Exchange exchange(rank, gather);
    context_->setTimeout(Deadline().left());
    context_->connectFullMesh(exchange, device_);
    for (auto& channel : posted_)
      for (auto& direction : channel) direction.resize(size);
  }
  const char* backend() const override { return "ring"; }

 protected:
  std::unique_ptr<Pending> post(const char* op, Channel channel, const Parts& sends,
                                const Parts& receives) override {
    auto pending = std::make_unique<GlooPending>(op);
    for_each_piece(sends, receives, [&](bool receiving, const Part& piece) {
      start(*pending, op, channel, receiving, piece);
    });
    return pending;
  }

  std::shared_ptr<Communicator> make_split(const std::vector<int>& members, int rank) override {
    if (members.size() == 1) return nullptr;
    return std::make_shared<GlooCommunicator>(
        rank, int(members.size()), device_, [&](std::string own) {
          // All of one length, with the true one at the end.
          const std::string length = std::to_string(own.size());
          own.resize(longest_address - length.size() - 1);
          std::vector<std::string> all = exchange("split", members, rank, own + ' ' + length);
          for (std::string& value : all)
            value.resize(std::stoul(value.substr(value.rfind(' ') + 1)));
          return all;
        });
  }

 private:
  void start(GlooPending& pending, const char* op, Channel channel, bool receiving,
             const Part& part) {
    // Above the numbers of Gloo's own collectives.
    const uint64_t slot =
        (uint64_t(0x40 + int(channel)) << 56) + posted_[int(channel)][receiving][part.peer]++;
    try {
      auto buffer = context_->createUnboundBuffer(part.data, part.bytes);
      receiving ? buffer->recv(part.peer, slot) : buffer->send(part.peer, slot);
      pending.add(std::move(buffer), part.peer, receiving);
    } catch (const std::exception& e) {
      fail_broken(op, part.peer, reason_of(e));
    }
  }

  Device device_;
  std::shared_ptr<gloo::rendezvous::Context> context_;
  std::vector<uint64_t> posted_[2][2];  ///< by channel, sent or received, and peer
};

[[noreturn]] void fail_connecting(int rank, const std::exception& e) {
  fail<std::runtime_error>("distributed.init", "Gloo cannot connect rank ", rank, " (",
                           reason_of(e), ").");
}

}  // namespace

bool has_gloo() {
  return true;
}

std::shared_ptr<Communicator> connect_gloo() {
  const Ring ring = read_ring();
  const int size = int(ring.processes.size());
  if (size == 1) return nullptr;
  Neighbours neighbours(ring);
  try {
    gloo::transport::tcp::attr where;
    where.hostname = neighbours.own_host();
    return std::make_shared<GlooCommunicator>(
        ring.rank, size, gloo::transport::tcp::CreateDevice(where),
        [&](const std::string& own) { return neighbours.gather(own); });
  } catch (const gloo::Exception& e) {
    fail_connecting(ring.rank, e);
  } catch (const gloo::EnforceNotMet& e) {
    fail_connecting(ring.rank, e);
  }
}

}  // namespace mlx::comm

#else

namespace mlx::comm {

bool has_gloo() {
  return false;
}

std::shared_ptr<Communicator> connect_gloo() {
  fail<std::runtime_error>("distributed.init",
                           "this build has no Gloo, which carries the backend ring (Debian: "
                           "libgloo-dev, then build again).");
}

}  // namespace mlx::comm

#endif
