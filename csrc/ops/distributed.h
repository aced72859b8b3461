// Operations among the processes of a group.
#pragma once

#include <memory>

#include "comm/communicator.h"
#include "ops/types.h"

namespace mlx::distributed {

/// Processes that take part in a communication: this one alone, or those of a communicator.
class Group {
 public:
  Group() = default;
  explicit Group(std::shared_ptr<comm::Communicator> communicator)
      : communicator_(std::move(communicator)) {}
  int rank() const { return communicator_ ? communicator_->rank() : 0; }
  int size() const { return communicator_ ? communicator_->size() : 1; }
  const std::shared_ptr<comm::Communicator>& communicator() const { return communicator_; }
  /// The group of the processes that give the same color, ordered by key, then by rank; a negative
  /// key means the rank. Waits for all processes of this group. Throws std::runtime_error for a
  /// group of one.
  Group split(int color, int key = -1) const;
  friend bool operator==(const Group&, const Group&) = default;

 private:
  std::shared_ptr<comm::Communicator> communicator_;
};

/// The group of all processes, connected at the first call; see comm::connect. Throws
/// std::invalid_argument for an unknown backend.
Group init(bool strict = false, const std::string& backend = "any");
bool is_available(const std::string& backend = "any");
/// Forgets the groups that init() gave: the next call connects anew.
void forget();
/// For the end of a program: lets messages under way arrive, unless it ends with an error, and
/// takes leave.
void leave(bool failing);

using OptionalGroup = std::optional<Group>;  ///< nothing: init()

// Combined over all processes; the shapes must agree. In a group of one all give their input.
array all_sum(Operand x, const OptionalGroup& group = {}, const StreamOrDevice& s = {});
array all_max(Operand x, const OptionalGroup& group = {}, const StreamOrDevice& s = {});
array all_min(Operand x, const OptionalGroup& group = {}, const StreamOrDevice& s = {});
/// Joined along the first axis, which scalars get.
array all_gather(Operand x, const OptionalGroup& group = {}, const StreamOrDevice& s = {});
/// This process' part of the sum's first axis. Throws std::invalid_argument when that cannot be
/// divided.
array sum_scatter(Operand x, const OptionalGroup& group = {}, const StreamOrDevice& s = {});

// Between two processes. They throw std::invalid_argument for a rank that is not in the group, and
// in a group of one.
/// `x`, once it is sent.
array send(Operand x, int dst, const OptionalGroup& group = {}, const StreamOrDevice& s = {});
array recv(const Shape& shape, Dtype dtype, int src, const OptionalGroup& group = {},
           const StreamOrDevice& s = {});
array recv_like(Operand x, int src, const OptionalGroup& group = {}, const StreamOrDevice& s = {});

}  // namespace mlx::distributed
