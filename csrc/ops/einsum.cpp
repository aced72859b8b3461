// Einstein summation: diagonals, sums and pairwise contractions through matmul.
#include "ops/einsum.h"

#include <algorithm>

#include "base/error.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace mlx {
namespace {

/// An array whose axes carry labels.
struct Term {
  array x;
  Axes labels;
  int axis_of(int label) const {
    const auto at = std::find(labels.begin(), labels.end(), label);
    return at == labels.end() ? -1 : int(at - labels.begin());
  }
  bool has(int label) const { return axis_of(label) >= 0; }
  int32_t size_of(int label) const { return x.shape(axis_of(label)); }
};

bool contains(uint64_t set, int label) {
  return set >> label & 1;
}

/// Leaves of axes with one label their diagonal: every (n + 1)-th element of the two flattened.
Term diagonal(Term term, const StreamOrDevice& s) {
  for (int i = 0; i < int(term.labels.size()); ++i)
    for (int j = int(term.labels.size()) - 1; j > i; --j) {
      if (term.labels[j] != term.labels[i]) continue;
      array x = moveaxis(moveaxis(term.x, i, -1, s), j - 1, -1, s);
      const int32_t n = x.shape(-1);
      if (x.shape(-2) != n)
        fail("einsum", "a repeated subscript has axes of sizes ", x.shape(-2), " and ", n, ".");
      Shape flat(x.shape().begin(), x.shape().end() - 2);
      flat.push_back(dimension(int64_t(n) * n, "einsum"));
      Shape strides(flat.size(), 1);
      strides.back() = n + 1;
      x = slice(reshape(x, flat, s), Shape(flat.size(), 0), flat, strides, s);
      term.x = moveaxis(x, -1, i, s);
      term.labels.erase(term.labels.begin() + j);
    }
  return term;
}

/// Sums over the labels that are not kept.
Term reduced(const Term& term, uint64_t kept, const StreamOrDevice& s) {
  Axes axes, labels;
  for (int i = 0; i < int(term.labels.size()); ++i)
    contains(kept, term.labels[i]) ? labels.push_back(term.labels[i]) : axes.push_back(i);
  if (axes.empty()) return term;
  return {sum(term.x, axes, false, s), labels};
}

/// The axes in this order; labels the term lacks become axes of size 1 if `pad`.
array ordered(const Term& term, const Axes& labels, bool pad, const StreamOrDevice& s) {
  Axes order, missing;
  for (int i = 0; i < int(labels.size()); ++i)
    term.has(labels[i]) ? order.push_back(term.axis_of(labels[i])) : missing.push_back(i);
  const array x = std::is_sorted(order.begin(), order.end()) ? term.x : transpose(term.x, order, s);
  return pad && !missing.empty() ? expand_dims(x, missing, s) : x;
}

Axes joined(std::initializer_list<Axes> parts) {
  Axes result;
  for (const Axes& part : parts) result.insert(result.end(), part.begin(), part.end());
  return result;
}

int32_t extent(const Term& term, const Axes& labels) {
  int64_t size = 1;
  for (const int label : labels) size *= term.size_of(label);
  return dimension(size, "einsum");
}

/// (batch…, rows, columns) with the labels of rows and of columns flattened.
array as_matrices(const Term& term, const Axes& batch, const Axes& rows, const Axes& columns,
                  const StreamOrDevice& s) {
  const array x = ordered(term, joined({batch, rows, columns}), false, s);
  if (rows.size() == 1 && columns.size() == 1) return x;
  Shape shape(x.shape().begin(), x.shape().begin() + batch.size());
  shape.push_back(extent(term, rows));
  shape.push_back(extent(term, columns));
  return reshape(x, shape, s);
}

Term contract_pair(Term a, Term b, uint64_t kept, const StreamOrDevice& s) {
  // What only one has, or has in full beside a size of one, is summed before.
  uint64_t keep_a = kept, keep_b = kept;
  for (const int label : a.labels) {
    if (contains(kept, label) || !b.has(label) || a.size_of(label) != b.size_of(label)) continue;
    keep_a |= uint64_t(1) << label;
    keep_b |= uint64_t(1) << label;
  }
  a = reduced(a, keep_a, s);
  b = reduced(b, keep_b, s);
  Axes batch, summed, free_a, free_b;
  for (const int label : a.labels)
    (!b.has(label) ? free_a : contains(kept, label) ? batch : summed).push_back(label);
  for (const int label : b.labels)
    if (!a.has(label)) free_b.push_back(label);
  const Axes labels = joined({batch, free_a, free_b});
  if (summed.empty())
    return {multiply(ordered(a, labels, true, s), ordered(b, labels, true, s), s), labels};
  array x =
      matmul(as_matrices(a, batch, free_a, summed, s), as_matrices(b, batch, summed, free_b, s), s);
  if (free_a.size() != 1 || free_b.size() != 1) {
    Shape shape(x.shape().begin(), x.shape().end() - 2);
    for (const int label : free_a) shape.push_back(a.size_of(label));
    for (const int label : free_b) shape.push_back(b.size_of(label));
    x = reshape(x, shape, s);
  }
  return {x, labels};
}

}  // namespace

array einsum(const std::string& text, const Arrays& operands, StreamOrDevice s) {
  const Subscripts subscripts = parse_subscripts(text, operands);
  const uint64_t output = label_set(subscripts.output);
  std::vector<Term> terms;
  std::vector<uint64_t> sets;
  for (size_t i = 0; i < operands.size(); ++i) {
    terms.push_back(diagonal({operands[i], subscripts.inputs[i]}, s));
    sets.push_back(label_set(subscripts.inputs[i]));
  }
  for (const Axes& positions : contraction_path(subscripts)) {
    const uint64_t others = kept_labels(sets, positions, output);
    Term result = terms[positions[0]];
    for (size_t i = 1; i < positions.size(); ++i) {
      uint64_t kept = others;
      for (size_t j = i + 1; j < positions.size(); ++j) kept |= sets[positions[j]];
      result = contract_pair(result, terms[positions[i]], kept, s);
    }
    result = reduced(result, others, s);
    for (size_t i = positions.size(); i-- > 0;) {
      terms.erase(terms.begin() + positions[i]);
      sets.erase(sets.begin() + positions[i]);
    }
    sets.push_back(label_set(result.labels));
    terms.push_back(std::move(result));
  }
  return ordered(terms[0], subscripts.output, false, s);
}

}  // namespace mlx
