// Communication in the public interface, over ops/distributed.
#include "ops/distributed.h"

#include "api/convert.h"
#include "mlx/distributed/ops.h"

namespace mlx::core::distributed {

namespace detail {
/// A group inside the library.
class GroupImpl {
 public:
  explicit GroupImpl(mlx::distributed::Group group) : group(std::move(group)) {}
  const mlx::distributed::Group group;
};
}  // namespace detail

namespace {

Group out(mlx::distributed::Group group) {
  return Group(std::make_shared<detail::GroupImpl>(std::move(group)));
}
/// Without a group, and for one that C made empty, that of all processes.
mlx::distributed::OptionalGroup in(const std::optional<Group>& group) {
  if (!group || !group->raw_group()) return {};
  return group->raw_group()->group;
}

}  // namespace

bool is_available() {
  return mlx::distributed::is_available();
}
bool is_available(const std::string& bk) {
  return mlx::distributed::is_available(bk);
}

int Group::rank() const {
  return group_->group.rank();
}
int Group::size() const {
  return group_->group.size();
}
Group Group::split(int color, int key) const {
  return out(group_->group.split(color, key));
}

Group init(bool strict, const std::string& bk) {
  return out(mlx::distributed::init(strict, bk));
}

using mlx::core::in;
using mlx::core::out;

array all_sum(const array& x, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::all_sum(in(x), in(group), in(s)));
}
array all_gather(const array& x, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::all_gather(in(x), in(group), in(s)));
}
array all_max(const array& x, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::all_max(in(x), in(group), in(s)));
}
array all_min(const array& x, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::all_min(in(x), in(group), in(s)));
}
array sum_scatter(const array& x, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::sum_scatter(in(x), in(group), in(s)));
}
array send(const array& x, int dst, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::send(in(x), dst, in(group), in(s)));
}
array recv(Shape shape, Dtype dtype, int src, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::recv(shape, in(dtype), src, in(group), in(s)));
}
array recv_like(const array& x, int src, std::optional<Group> group, StreamOrDevice s) {
  return out(mlx::distributed::recv_like(in(x), src, in(group), in(s)));
}

}  // namespace mlx::core::distributed
