// Messages of a group: headers that must agree, small messages that travel with them, large ones in
// rounds.
#include "comm/communicator.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <set>

#include "base/env.h"
#include "base/error.h"

namespace mlx::comm {
namespace {

// Up to this many bytes a message travels with its header, as long as all of them are few.
constexpr size_t small_message = 16 << 10, small_messages = 128 << 10;
constexpr size_t bytes_per_share = size_t(2) << 20;  ///< of a round
constexpr int dimensions_told = 10;

/// What a message says about itself.
struct Header {
  uint32_t call;  ///< counts the collective calls
  Action action;
  Dtype::Id dtype;
  uint16_t rank;  ///< number of dimensions
  int64_t elements;
  int32_t shape[dimensions_told];
  char unused[8];
};
static_assert(sizeof(Header) == 64);

Header header_of(const Message& message, uint64_t call) {
  Header header{};
  header.call = uint32_t(call);
  header.action = message.action;
  header.dtype = message.dtype.id();
  header.rank = uint16_t(message.shape.size());
  header.elements = size_of(message.shape);
  for (size_t i = 0; i < message.shape.size() && i < dimensions_told; ++i)
    header.shape[i] = message.shape[i];
  return header;
}

std::string described_array(const Header& header) {
  Shape shape;
  for (int i = 0; i < std::min<int>(header.rank, dimensions_told); ++i)
    shape.push_back(header.shape[i]);
  return std::string(Dtype(header.dtype).name()) + ' ' + to_string(shape);
}

std::string described(const Header& header) {
  return std::string(to_string(header.action)) + " of " + described_array(header);
}

void check_agreement(const char* op, int peer, const Header& theirs, const Header& ours) {
  if (std::memcmp(&theirs, &ours, sizeof theirs) == 0) return;
  if (theirs.call != ours.call)
    fail<std::runtime_error>(op, "rank ", peer, " is at call ", theirs.call, " of this group (",
                             described(theirs), "), this process at call ", ours.call, " (",
                             described(ours), ").");
  fail<std::runtime_error>(op, "rank ", peer, " calls ", described(theirs),
                           ", where this process calls ", described(ours), ".");
}

std::atomic<bool> abandoned{false};

struct Waits {
  std::mutex mutex;  ///< of the next
  std::set<Pending*> all;
};
Waits& waits() {
  static auto* const value = new Waits;  // leaked: used at exit
  return *value;
}

}  // namespace

Pending::Pending() {
  const std::lock_guard lock(waits().mutex);
  waits().all.insert(this);
}

Pending::~Pending() {
  const std::lock_guard lock(waits().mutex);
  waits().all.erase(this);
}

void abandon() {
  abandoned = true;
  const std::lock_guard lock(waits().mutex);
  for (Pending* const pending : waits().all) pending->abort();
}

bool is_abandoned() {
  return abandoned;
}

const char* to_string(Action action) {
  static constexpr const char* names[] = {"all_sum",     "all_max", "all_min", "all_gather",
                                          "sum_scatter", "send",    "split"};
  return uint8_t(action) < std::size(names) ? names[uint8_t(action)] : "an unknown call";
}

size_t piece_size() {
  // At least a small message with its header, at most what MPI's counts hold.
  static const size_t size =
      std::clamp(std::atoll(env::distributed_piece().c_str()), 32768ll, 1ll << 30);
  return size;
}

void fail_waiting(const char* op, int peer) {
  if (abandoned) fail<std::runtime_error>(op, "the process ends before rank ", peer, " took part.");
  fail<std::runtime_error>(op, "rank ", peer, " did not take part within ", Deadline::seconds(),
                           " seconds (MLX_DISTRIBUTED_TIMEOUT).");
}

void fail_broken(const char* op, int peer, const std::string& reason) {
  fail<std::runtime_error>(op, "the connection to rank ", peer, " is lost (", reason, ").");
}

double Deadline::seconds() {
  static const double value = std::atof(env::distributed_timeout().c_str());
  return value;
}

Deadline::Deadline()
    : end_(std::chrono::steady_clock::now() +
           std::chrono::milliseconds(seconds() > 0 ? int64_t(seconds() * 1000)
                                                   : int64_t(1000) * 3600 * 24 * 365)) {}

bool Deadline::has_passed() const {
  return abandoned || std::chrono::steady_clock::now() >= end_;
}

std::chrono::milliseconds Deadline::left() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      end_ - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(1));
}

template <typename F>
void Communicator::guarded(F&& f) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) throw std::runtime_error(failure_);
  }
  try {
    f();
  } catch (const std::exception& e) {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = e.what();
    throw;
  }
}

void Communicator::transfer(const char* op, const Parts& sends, const Parts& receives) {
  post(op, Channel::collective, sends, receives)->wait();
}

std::vector<std::string> Communicator::exchange(const char* op, const std::vector<int>& members,
                                                int index, const std::string& own) {
  std::vector<std::string> all(members.size(), std::string(own.size(), '\0'));
  all[index] = own;
  Parts sends, receives;
  for (size_t i = 0; i < members.size(); ++i) {
    if (int(i) == index) continue;
    sends.push_back({members[i], const_cast<char*>(own.data()), own.size()});
    receives.push_back({members[i], all[i].data(), own.size()});
  }
  transfer(op, sends, receives);
  return all;
}

bool Communicator::agree(const Message& message, const void* in, size_t bytes) {
  const char* const op = to_string(message.action);
  const size_t most = std::min(small_message, small_messages / size_), step = sizeof(Header) + most;
  const bool small = bytes <= most;
  const Header ours = header_of(message, ++calls_);
  gathered_.resize(step * size_);
  char* const own = gathered_.data() + rank_ * step;
  std::memcpy(own, &ours, sizeof ours);
  if (small && bytes) std::memcpy(own + sizeof ours, in, bytes);
  const size_t sent = sizeof ours + (small ? bytes : 0);
  Parts sends, receives;
  for (int peer = 0; peer < size_; ++peer) {
    if (peer == rank_) continue;
    sends.push_back({peer, own, sent});
    // Room for whatever they send, should they disagree.
    receives.push_back({peer, gathered_.data() + peer * step, step});
  }
  transfer(op, sends, receives);
  for (int peer = 0; peer < size_; ++peer) {
    Header theirs;
    std::memcpy(&theirs, gathered_.data() + peer * step, sizeof theirs);
    check_agreement(op, peer, theirs, ours);
  }
  return small;
}

void Communicator::all_reduce(Reduction reduction, const Message& message, const void* in,
                              void* out) {
  guarded([&] {
    const size_t elements = size_of(message.shape), bytes = elements * message.dtype.size();
    if (agree(message, in, bytes)) {
      const size_t step = gathered_.size() / size_;
      combine(reduction, message.dtype, gathered_.data() + sizeof(Header), step, size_, out,
              elements);
      return;
    }
    if (!reduces_natively(reduction, message.dtype)) {
      reduce_in_rounds(message, reduction, static_cast<const char*>(in), static_cast<char*>(out));
      return;
    }
    const size_t width = message.dtype.size(), at_once = std::max<size_t>(1, piece_size() / width);
    for (size_t done = 0; done < elements; done += at_once) {
      const char* const from = static_cast<const char*>(in) + done * width;
      char* const to = static_cast<char*>(out) + done * width;
      reduce_natively(to_string(message.action), reduction, message.dtype, from, to,
                      std::min(at_once, elements - done));
    }
  });
}

namespace {

/// The shares of a round: member `peer` reduces elements [begin(peer), begin(peer + 1)).
struct Round {
  size_t start, count;
  int size;
  size_t begin(int peer) const { return start + count * peer / size; }
  size_t count_of(int peer) const { return begin(peer + 1) - begin(peer); }
};

}  // namespace

void Communicator::reserve_blocks(size_t rounds, size_t bytes) {
  for (size_t i = 0; i < std::min<size_t>(rounds, 2); ++i)
    if (blocks_[i].size() < bytes * size_) blocks_[i].resize(bytes * size_);
}

void Communicator::reduce_in_rounds(const Message& message, Reduction reduction, const char* in,
                                    char* out) {
  const char* const op = to_string(message.action);
  const size_t width = message.dtype.size(), elements = size_of(message.shape);
  const size_t share = std::max<size_t>(1, std::min(bytes_per_share, piece_size()) / width);
  const size_t at_once = share * size_, rounds = (elements + at_once - 1) / at_once;
  // A member's share may be an element more than count / size.
  const size_t step = (std::min(share, elements / size_ + 1) + 1) * width;
  reserve_blocks(rounds, step);
  const auto round = [&](size_t k) {
    return Round{k * at_once, std::min(at_once, elements - k * at_once), size_};
  };
  const auto scatter = [&](size_t k) {
    const Round r = round(k);
    char* const blocks = blocks_[k % 2].data();
    Parts sends, receives;
    for (int i = 1; i < size_; ++i) {
      const int to = (rank_ + i) % size_, from = (rank_ + size_ - i) % size_;
      sends.push_back({to, const_cast<char*>(in) + r.begin(to) * width, r.count_of(to) * width});
      receives.push_back({from, blocks + from * step, r.count_of(rank_) * width});
    }
    std::memcpy(blocks + rank_ * step, in + r.begin(rank_) * width, r.count_of(rank_) * width);
    return post(op, Channel::collective, sends, receives);
  };
  const auto gather = [&](size_t k) {
    const Round r = round(k);
    Parts sends, receives;
    for (int i = 1; i < size_; ++i) {
      const int to = (rank_ + i) % size_, from = (rank_ + size_ - i) % size_;
      sends.push_back({to, out + r.begin(rank_) * width, r.count_of(rank_) * width});
      receives.push_back({from, out + r.begin(from) * width, r.count_of(from) * width});
    }
    return post(op, Channel::collective, sends, receives);
  };
  // While a round is combined, the next one's shares and the last one's results travel.
  std::unique_ptr<Pending> results, shares = scatter(0);
  for (size_t k = 0; k < rounds; ++k) {
    shares->wait();
    if (k + 1 < rounds) shares = scatter(k + 1);
    const Round r = round(k);
    combine(reduction, message.dtype, blocks_[k % 2].data(), step, size_,
            out + r.begin(rank_) * width, r.count_of(rank_));
    if (results) results->wait();
    results = gather(k);
  }
  if (results) results->wait();
}

void Communicator::all_gather(const Message& message, const void* in, void* out) {
  guarded([&] {
    const size_t bytes = size_of(message.shape) * message.dtype.size();
    char* const to = static_cast<char*>(out);
    if (agree(message, in, bytes)) {
      const size_t step = gathered_.size() / size_;
      for (int peer = 0; peer < size_; ++peer)
        std::memcpy(to + peer * bytes, gathered_.data() + peer * step + sizeof(Header), bytes);
      return;
    }
    Parts sends, receives;
    for (int i = 1; i < size_; ++i) {
      const int receiver = (rank_ + i) % size_, sender = (rank_ + size_ - i) % size_;
      sends.push_back({receiver, const_cast<void*>(in), bytes});
      receives.push_back({sender, to + sender * bytes, bytes});
    }
    const auto pending = post(to_string(message.action), Channel::collective, sends, receives);
    std::memcpy(to + rank_ * bytes, in, bytes);
    pending->wait();
  });
}

void Communicator::sum_scatter(const Message& message, const void* in, void* out) {
  guarded([&] {
    const size_t elements = size_of(message.shape), width = message.dtype.size();
    if (agree(message, in, elements * width)) {
      const size_t step = gathered_.size() / size_, own = elements / size_;
      combine(Reduction::sum, message.dtype,
              gathered_.data() + sizeof(Header) + rank_ * own * width, step, size_, out, own);
      return;
    }
    scatter_in_rounds(message, static_cast<const char*>(in), static_cast<char*>(out));
  });
}

void Communicator::scatter_in_rounds(const Message& message, const char* in, char* out) {
  const char* const op = to_string(message.action);
  const size_t width = message.dtype.size(), own = size_of(message.shape) / size_;
  const size_t at_once =
      std::clamp<size_t>(std::min(bytes_per_share, piece_size()) / width, 1, own);
  const size_t rounds = (own + at_once - 1) / at_once, step = at_once * width;
  reserve_blocks(rounds, step);
  const auto count_of = [&](size_t k) { return std::min(at_once, own - k * at_once); };
  const auto scatter = [&](size_t k) {
    char* const blocks = blocks_[k % 2].data();
    const size_t bytes = count_of(k) * width;
    const auto part = [&](int peer) { return in + (peer * own + k * at_once) * width; };
    Parts sends, receives;
    for (int i = 1; i < size_; ++i) {
      const int to = (rank_ + i) % size_, from = (rank_ + size_ - i) % size_;
      sends.push_back({to, const_cast<char*>(part(to)), bytes});
      receives.push_back({from, blocks + from * step, bytes});
    }
    std::memcpy(blocks + rank_ * step, part(rank_), bytes);
    return post(op, Channel::collective, sends, receives);
  };
  std::unique_ptr<Pending> shares = scatter(0);
  for (size_t k = 0; k < rounds; ++k) {
    shares->wait();
    if (k + 1 < rounds) shares = scatter(k + 1);
    combine(Reduction::sum, message.dtype, blocks_[k % 2].data(), step, size_,
            out + k * at_once * width, count_of(k));
  }
}

void Communicator::send(const Message& message, const void* data, int to) {
  guarded([&] {
    Header header = header_of(message, 0);
    const size_t bytes = size_of(message.shape) * message.dtype.size();
    post("send", Channel::direct,
         {{to, &header, sizeof header}, {to, const_cast<void*>(data), bytes}}, {})
        ->wait();
  });
}

void Communicator::receive(const Message& message, void* data, int from) {
  guarded([&] {
    const Header ours = header_of(message, 0);
    Header theirs;
    post("recv", Channel::direct, {}, {{from, &theirs, sizeof theirs}})->wait();
    if (std::memcmp(&theirs, &ours, sizeof ours) != 0)
      fail<std::runtime_error>("recv", "rank ", from, " sends ", described_array(theirs),
                               ", where this process receives ", described_array(ours), ".");
    const size_t bytes = size_of(message.shape) * message.dtype.size();
    post("recv", Channel::direct, {}, {{from, data, bytes}})->wait();
  });
}

std::shared_ptr<Communicator> Communicator::split(int color, int key) {
  std::shared_ptr<Communicator> part;
  guarded([&] {
    // Agreement on the call itself; colors and keys differ.
    agree({Action::split, int32, {}}, nullptr, 0);
    const int own[2] = {color, key};
    std::vector<int> members(size_), keys(size_);
    std::iota(members.begin(), members.end(), 0);
    const std::vector<std::string> all = exchange(
        "split", members, rank_, std::string(reinterpret_cast<const char*>(own), sizeof own));
    members.clear();
    for (int peer = 0; peer < size_; ++peer) {
      int theirs[2];
      std::memcpy(theirs, all[peer].data(), sizeof theirs);
      keys[peer] = theirs[1];
      if (theirs[0] == color) members.push_back(peer);
    }
    std::stable_sort(members.begin(), members.end(),
                     [&](int a, int b) { return keys[a] < keys[b]; });
    const int index = int(std::find(members.begin(), members.end(), rank_) - members.begin());
    part = make_split(members, index);
    if (members.size() == 1) part = nullptr;
  });
  return part;
}

}  // namespace mlx::comm
