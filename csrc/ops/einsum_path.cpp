// Subscripts of einsum and the greedy order of its contractions.
#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <sstream>

#include "base/error.h"
#include "ops/einsum.h"

namespace mlx {
namespace {

constexpr char ellipsis = '.';

std::string without_spaces(const std::string& text) {
  std::string result;
  for (const char c : text)
    if (c != ' ') result += c;
  return result;
}

/// Letters of one term; `...` becomes a single '.'.
std::string term_letters(const std::string& term) {
  std::string letters;
  for (size_t i = 0; i < term.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(term[i]))) {
      letters += term[i];
    } else if (term.compare(i, 3, "...") == 0 && letters.find(ellipsis) == std::string::npos) {
      letters += ellipsis;
      i += 2;
    } else {
      fail("einsum", "Subscripts must be letters, but got '", term[i], "'.");
    }
  }
  return letters;
}

std::vector<std::string> split_terms(const std::string& text) {
  std::vector<std::string> terms(1);
  for (const char c : text) {
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  }
  for (std::string& term : terms) term = term_letters(term);
  return terms;
}

/// Without an arrow: the ellipsis, then the letters that occur once, in alphabetical order.
std::string implicit_output(const std::vector<std::string>& inputs) {
  std::string all, output;
  for (const std::string& term : inputs) all += term;
  std::sort(all.begin(), all.end());
  for (const char c : all)
    if (c != ellipsis ? std::count(all.begin(), all.end(), c) == 1 : output.empty()) output += c;
  return output;
}

class Numbering {
 public:
  int of(char letter) {
    for (size_t i = 0; i < known_.size(); ++i)
      if (known_[i] == letter) return int(i);
    known_ += letter;
    return check(int(known_.size()) - 1);
  }
  /// The k-th axis from the right that an ellipsis stands for.
  int of_ellipsis(int k) { return of(char(1 + k)); }
  bool knows(char letter) const { return known_.find(letter) != std::string::npos; }
  size_t count() const { return known_.size(); }

 private:
  static int check(int label) {
    if (label >= 64) fail("einsum", "more than 64 different axes.");
    return label;
  }
  std::string known_;
};

Axes numbered(const std::string& letters, int hidden, Numbering& numbering) {
  Axes labels;
  for (const char c : letters) {
    if (c != ellipsis) {
      labels.push_back(numbering.of(c));
      continue;
    }
    for (int k = hidden; k-- > 0;) labels.push_back(numbering.of_ellipsis(k));
  }
  return labels;
}

int64_t volume(uint64_t labels, const std::vector<int32_t>& sizes) {
  int64_t result = 1;
  for (; labels; labels &= labels - 1) result *= sizes[std::countr_zero(labels)];
  return result;
}

/// One contraction: what it keeps, what it costs.
struct Step {
  uint64_t all = 0, kept = 0;
  int64_t cost = 0, removed = 0;
};

Step make_step(const std::vector<uint64_t>& sets, const Axes& positions, uint64_t output,
               const std::vector<int32_t>& sizes) {
  Step step;
  for (const int i : positions) {
    step.all |= sets[i];
    step.removed += volume(sets[i], sizes);
  }
  step.kept = step.all & kept_labels(sets, positions, output);
  step.removed -= volume(step.kept, sizes);
  const int64_t operations =
      std::max<int64_t>(1, int64_t(positions.size()) - 1) + (step.kept != step.all);
  step.cost = volume(step.all, sizes) * operations;
  return step;
}

void contract(std::vector<uint64_t>& sets, const Axes& positions, uint64_t kept) {
  for (size_t i = positions.size(); i-- > 0;) sets.erase(sets.begin() + positions[i]);
  sets.push_back(kept);
}

struct Candidate {
  int64_t removed, cost;
  std::array<int, 2> pair;
};

/// Renumbers the candidates that a contraction leaves possible.
void after_contraction(std::vector<Candidate>& candidates, std::array<int, 2> done) {
  std::erase_if(candidates, [&](const Candidate& c) {
    return std::any_of(c.pair.begin(), c.pair.end(),
                       [&](int i) { return i == done[0] || i == done[1]; });
  });
  for (Candidate& c : candidates)
    for (int& i : c.pair) i -= (i > done[0]) + (i > done[1]);
}

std::vector<uint64_t> label_sets(const Subscripts& subscripts) {
  std::vector<uint64_t> sets;
  for (const Axes& labels : subscripts.inputs) sets.push_back(label_set(labels));
  return sets;
}

}  // namespace

uint64_t label_set(const Axes& labels) {
  uint64_t set = 0;
  for (const int label : labels) set |= uint64_t(1) << label;
  return set;
}

uint64_t kept_labels(const std::vector<uint64_t>& sets, const Axes& positions, uint64_t output) {
  uint64_t kept = output;
  for (size_t i = 0; i < sets.size(); ++i)
    if (std::find(positions.begin(), positions.end(), int(i)) == positions.end()) kept |= sets[i];
  return kept;
}

Subscripts parse_subscripts(const std::string& subscripts, const Arrays& operands) {
  const std::string text = without_spaces(subscripts);
  const size_t arrow = text.find("->");
  const std::vector<std::string> terms = split_terms(text.substr(0, arrow));
  const std::string output =
      arrow == std::string::npos ? implicit_output(terms) : term_letters(text.substr(arrow + 2));
  if (terms.size() != operands.size())
    fail("einsum", "Number of operands, ", operands.size(),
         ", does not match number of input subscripts, ", terms.size());

  Subscripts result;
  Numbering numbering;
  int most_hidden = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    const bool has_ellipsis = terms[i].find(ellipsis) != std::string::npos;
    const int named = int(terms[i].size()) - has_ellipsis, hidden = operands[i].ndim() - named;
    if (has_ellipsis ? hidden < 0 : hidden != 0)
      fail("einsum", "Invalid number of subscripts ", named, " for input ", i, " with ",
           operands[i].ndim(), " dimensions.");
    most_hidden = std::max(most_hidden, hidden);
    result.inputs.push_back(numbered(terms[i], hidden, numbering));
  }
  for (const char c : output)
    if (c != ellipsis && !numbering.knows(c))
      fail("einsum", "the output's subscript '", c, "' is not among the inputs'.");
  result.output = numbered(output, most_hidden, numbering);
  if (std::popcount(label_set(result.output)) != int(result.output.size()))
    fail("einsum", "Repeat indices not allowed in output.");

  result.sizes.assign(numbering.count(), 1);
  for (size_t i = 0; i < terms.size(); ++i)
    for (int axis = 0; axis < operands[i].ndim(); ++axis) {
      int32_t& size = result.sizes[result.inputs[i][axis]];
      const int32_t extent = operands[i].shape(axis);
      if (size != 1 && extent != 1 && extent != size)
        fail("einsum", "Cannot broadcast dimension ", axis, " of input ", i, " with shape ",
             to_string(operands[i].shape()), " to size ", size, ".");
      if (extent != 1) size = extent;
    }
  return result;
}

std::vector<Axes> contraction_path(const Subscripts& subscripts) {
  std::vector<uint64_t> sets = label_sets(subscripts);
  const uint64_t output = label_set(subscripts.output);
  const Axes all = all_axes(int(sets.size()));
  if (sets.size() <= 2) return {all};
  const int64_t naive_cost = make_step(sets, all, output, subscripts.sizes).cost;
  int64_t spent = 0;
  std::vector<Candidate> candidates;
  std::vector<Axes> path;
  const auto consider = [&](int i, int j, bool disjoint) {
    if (!disjoint && !(sets[i] & sets[j])) return;
    const Step step = make_step(sets, {i, j}, output, subscripts.sizes);
    if (spent + step.cost <= naive_cost) candidates.push_back({step.removed, step.cost, {i, j}});
  };
  const auto consider_all = [&](bool disjoint) {
    for (int i = 0; i < int(sets.size()); ++i)
      for (int j = i + 1; j < int(sets.size()); ++j) consider(i, j, disjoint);
  };
  consider_all(false);
  while (sets.size() > 1) {
    if (candidates.empty()) consider_all(true);
    if (candidates.empty()) {
      path.push_back(all_axes(int(sets.size())));
      break;
    }
    const Candidate best =
        *std::min_element(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
          return a.removed != b.removed ? a.removed > b.removed : a.cost < b.cost;
        });
    const Axes pair(best.pair.begin(), best.pair.end());
    contract(sets, pair, make_step(sets, pair, output, subscripts.sizes).kept);
    after_contraction(candidates, best.pair);
    path.push_back(pair);
    spent += best.cost;
    for (int i = 0; i + 1 < int(sets.size()); ++i) consider(i, int(sets.size()) - 1, false);
  }
  return path;
}

std::pair<std::vector<Shape>, std::string> einsum_path(const std::string& text,
                                                       const Arrays& operands) {
  const Subscripts subscripts = parse_subscripts(text, operands);
  const std::vector<Axes> path = contraction_path(subscripts);
  std::vector<uint64_t> sets = label_sets(subscripts);
  const uint64_t output = label_set(subscripts.output);
  const Step naive = make_step(sets, all_axes(int(sets.size())), output, subscripts.sizes);
  int64_t cost = 0;
  int scaling = 0;
  for (const Axes& positions : path) {
    const Step step = make_step(sets, positions, output, subscripts.sizes);
    contract(sets, positions, step.kept);
    cost += step.cost;
    scaling = std::max(scaling, std::popcount(step.all));
  }
  std::ostringstream account;
  account << "  Complete contraction:  " << text
          << "\n         Naive scaling:  " << std::popcount(naive.all)
          << "\n     Optimized scaling:  " << scaling << "\n      Naive FLOP count:  " << naive.cost
          << "\n  Optimized FLOP count:  " << cost << "\n";
  return {std::vector<Shape>(path.begin(), path.end()), account.str()};
}

}  // namespace mlx
