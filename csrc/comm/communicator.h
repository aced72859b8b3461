// A group of processes that exchange messages: what operations ask of it, whoever carries the
// bytes.
//
// Every call blocks until the message is through and is made on one thread of the process at a
// time, except that send() may run beside the others. All members make the same calls in the same
// order; each message starts with a header, so that members that disagree find out instead of
// mixing up numbers. After a failure the group is of no use: further calls repeat the failure.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/shape.h"
#include "comm/combine.h"

namespace mlx::comm {

enum class Action : uint8_t { all_sum, all_max, all_min, all_gather, sum_scatter, send, split };
const char* to_string(Action action);  ///< its name in Python

/// What a call is about, as every member must have it.
struct Message {
  Action action;
  Dtype dtype;
  Shape shape;  ///< of the input
};

/// Bytes for or from another member.
struct Part {
  int peer;
  void* data;  ///< only read, where it is sent
  size_t bytes;
};
using Parts = std::vector<Part>;

/// Until when others are waited for.
class Deadline {
 public:
  Deadline();  ///< MLX_DISTRIBUTED_TIMEOUT from now
  bool has_passed() const;
  std::chrono::milliseconds left() const;  ///< a long time where there is no limit
  static double seconds();                 ///< of the timeout; 0 for none

 private:
  std::chrono::steady_clock::time_point end_;
};

/// A transfer under way. Destroying it gives up what has not arrived.
class Pending {
 public:
  Pending();
  virtual ~Pending();
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  virtual void wait() = 0;   ///< throws std::runtime_error that names the member
  virtual void abort() = 0;  ///< makes wait() on another thread throw soon
};

/// Ends every wait of this process, now and later: for its end.
void abandon();
bool is_abandoned();

/// Collective messages and those between two members do not meet.
enum class Channel : uint8_t { collective, direct };

class Communicator : public std::enable_shared_from_this<Communicator> {
 public:
  Communicator(int rank, int size) : rank_(rank), size_(size) {}
  virtual ~Communicator() = default;
  int rank() const { return rank_; }
  int size() const { return size_; }
  virtual const char* backend() const = 0;

  /// Combines arrays of the same shape. float16 and bfloat16 are summed in float32 and rounded
  /// once.
  void all_reduce(Reduction reduction, const Message& message, const void* in, void* out);
  /// The members' arrays one after the other.
  void all_gather(const Message& message, const void* in, void* out);
  /// The sum's part number rank() of size().
  void sum_scatter(const Message& message, const void* in, void* out);
  void send(const Message& message, const void* data, int to);
  void receive(const Message& message, void* data, int from);
  /// The group of the members that give the same color, in the order of their keys, then of their
  /// ranks. Null where that is this process alone.
  std::shared_ptr<Communicator> split(int color, int key);

 protected:
  /// Starts to send and to receive. Several parts from or for one member go in the order given. A
  /// part may arrive shorter than it was asked for, never longer. `op` is for errors.
  virtual std::unique_ptr<Pending> post(const char* op, Channel channel, const Parts& sends,
                                        const Parts& receives) = 0;
  /// Whether the library reduces that by its own means, and the reduction; `in` may be `out`.
  virtual bool reduces_natively(Reduction, Dtype) const { return false; }
  virtual void reduce_natively(const char*, Reduction, Dtype, const void*, void*, size_t) {}
  /// The communicator of some members in their new order, `members[rank]` being this process. All
  /// members of this group call it, each with its own part.
  virtual std::shared_ptr<Communicator> make_split(const std::vector<int>& members, int rank) = 0;
  /// The values of some members, all of one length; `members[index]` is this process.
  std::vector<std::string> exchange(const char* op, const std::vector<int>& members, int index,
                                    const std::string& own);

 private:
  template <typename F>
  void guarded(F&& f);
  void transfer(const char* op, const Parts& sends, const Parts& receives);
  /// Exchanges headers, and the data with them where it is small: true, and everybody's data is in
  /// `gathered_`.
  bool agree(const Message& message, const void* in, size_t bytes);
  void reduce_in_rounds(const Message& message, Reduction reduction, const char* in, char* out);
  /// Makes room for a block of every member, for two rounds at a time.
  void reserve_blocks(size_t rounds, size_t bytes);
  void scatter_in_rounds(const Message& message, const char* in, char* out);

  const int rank_, size_;
  uint64_t calls_ = 0;
  std::vector<char> gathered_;   ///< small messages with their headers, by member
  std::vector<char> blocks_[2];  ///< what the members send in two rounds
  std::mutex mutex_;             ///< of the next
  std::string failure_;
};

/// How many bytes of a message are handed over in one go (MLX_DISTRIBUTED_PIECE).
size_t piece_size();
/// Calls f(receiving, piece) for what is received, then for what is sent, in pieces of that size:
/// who is ready to receive first spares the sender a question.
template <typename F>
void for_each_piece(const Parts& sends, const Parts& receives, F&& f) {
  for (const bool receiving : {true, false})
    for (const Part& part : receiving ? receives : sends)
      for (size_t at = 0; at < part.bytes; at += piece_size())
        f(receiving, Part{part.peer, static_cast<char*>(part.data) + at,
                          std::min(piece_size(), part.bytes - at)});
}

[[noreturn]] void fail_waiting(const char* op, int peer);
[[noreturn]] void fail_broken(const char* op, int peer, const std::string& reason);

}  // namespace mlx::comm
