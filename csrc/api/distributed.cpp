// Communication in the public interface, over ops/distributed.
#include "ops/distributed.h"

#include <cstdlib>

#include "api/convert.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "mlx/distributed/ops.h"
#include "ops/shape.h"

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

/// As a Python program does: messages under way arrive before the process ends, unless it fails.
/// What is registered later runs earlier, so the device, whose driver may have handlers of its own,
/// comes first.
void leave_at_exit() {
  static const bool registered = [] {
    mlx::eval({mlx::copy(mlx::array(0.0f))});
#ifdef __GLIBC__
    return on_exit([](int status, void*) { mlx::distributed::leave(status != 0); }, nullptr);
#else
    return std::atexit([] { mlx::distributed::leave(false); });
#endif
  }() == 0;
  (void)registered;
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
  const mlx::distributed::Group group = mlx::distributed::init(strict, bk);
  if (group.size() > 1) leave_at_exit();
  return out(group);
}
Group init(bool strict, const std::string& bk, AllGatherFactory factory) {
  if (factory && bk != "jaccl")
    fail("distributed.init", "a factory of all_gather goes with the backend jaccl only.");
  return init(strict, bk);
}

void clear_backends() {
  mlx::distributed::forget();
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
