// The processes that take part in a communication.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace mlx::core::distributed {

namespace detail {
class GroupImpl;
}

/// Whether a way to communicate is built in.
bool is_available();
bool is_available(const std::string& bk);

struct Group {
  Group(std::shared_ptr<detail::GroupImpl> group) : group_(std::move(group)) {}
  int rank() const;
  int size() const;
  /// Those that gave the same colour, in the order of their keys.
  Group split(int color, int key = -1) const;
  const std::shared_ptr<detail::GroupImpl>& raw_group() const { return group_; }

 private:
  std::shared_ptr<detail::GroupImpl> group_;
};

/// The group of all processes; throws std::runtime_error when `strict` and there is no way to
/// communicate. At the end of the program messages under way arrive first, unless its exit status
/// says that it failed.
Group init(bool strict = false, const std::string& bk = "any");

/// Gathers bytes of every process, the argument being those of this one, in the order of ranks.
using AllGather = std::function<std::string(const std::string& own)>;
/// What a backend that has no way of its own to find the others asks, with rank and size.
using AllGatherFactory = std::function<AllGather(int rank, int size)>;
/// As above. A factory goes with the backend jaccl only; throws std::invalid_argument for others.
Group init(bool strict, const std::string& bk, AllGatherFactory factory);

/// Forgets the groups that init() gave; the next init() connects anew. Those in use stay.
void clear_backends();

}  // namespace mlx::core::distributed
