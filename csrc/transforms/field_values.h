// The parameters of a primitive by name, as numbers and text.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/primitive.h"

namespace mlx {

using Integers = std::vector<int64_t>;

class FieldValues final : public FieldReader {
 public:
  explicit FieldValues(const Primitive& primitive) { visit(primitive); }
  int64_t integer(const char* name) const { return integers_.at(name)[0]; }
  bool truth(const char* name) const { return integer(name) != 0; }
  double real(const char* name) const { return reals_.at(name)[0]; }
  Dtype dtype(const char* name) const { return dtype_numbered(integer(name)); }
  const std::string& text(const char* name) const { return texts_.at(name); }
  /// Without the number of values, which comes first.
  Integers list(const char* name) const {
    const Integers& all = integers_.at(name);
    return {all.begin() + 1, all.end()};
  }
  /// Every integer under a name, lists with their number; empty when there is none.
  Integers all(const char* name) const {
    const auto found = integers_.find(name);
    return found == integers_.end() ? Integers{} : found->second;
  }

 private:
  void read(const char* name, int64_t value) override { integers_[name].push_back(value); }
  void read(const char* name, double value) override { reals_[name].push_back(value); }
  void read(const char* name, const std::string& value) override { texts_[name] = value; }

  std::map<std::string, Integers> integers_;
  std::map<std::string, std::vector<double>> reals_;
  std::map<std::string, std::string> texts_;
};

}  // namespace mlx
