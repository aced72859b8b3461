// When something that has to be built first begins to pay, while another way does the same work.
#pragma once

namespace mlx {

/// Adds up what doing without has cost, in microseconds. The thing is taken once that is as much as
/// taking it costs: loading a stored one, building one in another process, building one here.
/// Whatever comes next, that is at most twice the time of the best choice (Karlin et al.,
/// "Competitive snoopy caching", 1988: renting skis or buying them).
class Patience {
 public:
  /// True when the thing should be had now. `stored` says whether it only has to be loaded;
  /// `request` asks another process for it.
  template <typename Stored, typename Request>
  bool ends(double microseconds, Stored&& stored, Request&& request) {
    ++uses_;
    cost_ += microseconds;
    if (uses_ < next_look_ && cost_ < next_cost_) return false;
    next_look_ = 2 * uses_, next_cost_ = 2 * cost_;
    if (stored() || cost_ > build_microseconds) return true;
    if (cost_ > worth_a_request) request();
    return false;
  }

 private:
  static constexpr double worth_a_request = 5e3, build_microseconds = 100e3;
  int uses_ = 0, next_look_ = 16;      ///< and when the disk is asked next
  double cost_ = 0, next_cost_ = 500;  ///< likewise
};

}  // namespace mlx
