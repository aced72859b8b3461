// The processes that take part in a communication.
#pragma once

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
/// communicate.
Group init(bool strict = false, const std::string& bk = "any");

}  // namespace mlx::core::distributed
