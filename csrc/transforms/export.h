// Recorded functions in files: what export_function writes and import_function reads.
#pragma once

#include <string>
#include <vector>

#include "graph/plan.h"

namespace mlx {

/// One recording of a function: its inputs are the positional ones, then those by keyword, ordered
/// by name.
struct Exported {
  Plan plan;
  int positional = 0;
  std::vector<std::string> keywords;
  std::vector<Shape> shapes;  ///< of the inputs
  std::vector<Dtype> dtypes;
  /// True when inputs like these can be given; shapes only count by their length when shapeless.
  bool accepts(const Arrays& inputs, size_t positional_count, const std::vector<std::string>& names,
               bool shapeless) const;
  std::string description() const;
};

struct ExportedFile {
  std::string metadata;
  bool shapeless = false;
  std::vector<Exported> functions;
};

/// Writes the file at once. Throws std::runtime_error when it cannot, std::invalid_argument for a
/// primitive that cannot be saved (a custom function).
void save_exported(const std::string& path, const ExportedFile& file);
/// Throws std::runtime_error for a missing or damaged file.
ExportedFile load_exported(const std::string& path);

}  // namespace mlx
