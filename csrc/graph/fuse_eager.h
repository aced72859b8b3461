// Fusion of eager graphs: neighbouring elementwise nodes wait for each other and may share a
// kernel, also with a reduction behind them.
#pragma once

#include <functional>
#include <vector>

#include "graph/group_kernel.h"

namespace mlx {

/// Collects elementwise nodes of one shape and stream as an evaluation meets them. Groups run node
/// by node the first times; one that has come up often enough to pay for it gets a kernel of its
/// own. Either way gives the same results.
class Fuser {
 public:
  /// `run` evaluates a single node; `prepare` brings a node's inputs to its device.
  Fuser(const Submission& submission, std::function<void(Node&)> run,
        std::function<void(Node&)> prepare)
      : submission_(submission), run_(std::move(run)), prepare_(std::move(prepare)) {}
  /// True when the node waits in the open group (which is flushed first if the node does not fit
  /// in).
  bool defer(Node& node);
  /// True when the node reads a value that still waits.
  bool feeds(const Node& node) const;
  /// True when the node, a reduction, has been evaluated together with what waits and only it
  /// reads: one kernel computes and reduces. Like a group's, it comes once it pays.
  bool reduce(Node& node);
  /// Evaluates what waits.
  void flush();

 private:
  struct Member {
    Node* node;
    Fragment fragment;
    SmallVector<int, 3> operands;  ///< number of a member, or ~number of an input
  };
  bool is_member(const Node& node) const { return mark_ && node.mark == mark_; }
  void join(Node& node, const Fragment& fragment);
  Arrays take_inputs();  ///< of the group: each is held once, so that a dying one can be donated
  void put_back(const Arrays& inputs);
  void release(const Arrays& results);  ///< what a launch has computed, and the members
  void run_fused(GroupKernel& kernel, const std::vector<int>& outputs);
  Group describe(const std::vector<int>& outputs) const;
  double saving(const std::vector<int>& outputs)
      const;                         ///< by one kernel instead of one each, in microseconds
  std::vector<int> outputs() const;  ///< members that somebody outside the group holds

  const Submission& submission_;
  std::function<void(Node&)> run_, prepare_;
  std::vector<Member> members_;
  std::vector<Node*> inputs_;
  uint64_t mark_ = 0;
  GroupKey key_;  ///< of the members
};

}  // namespace mlx
