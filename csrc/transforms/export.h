// Recorded functions in files: what export_function writes and import_function reads.
#pragma once

#include <string>
#include <vector>

#include "graph/plan.h"
#include "transforms/autodiff.h"

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

/// Runs `f` once on placeholders like `inputs`: the positional ones, then those named `keywords`.
Exported record_exported(const Function& f, const Arrays& inputs, size_t positional,
                         std::vector<std::string> keywords, bool shapeless);
/// Adds a recording and writes the file. Throws std::runtime_error when it has one for inputs like
/// these.
void add_exported(const std::string& path, ExportedFile& file, const Function& f,
                  const Arrays& inputs, size_t positional, std::vector<std::string> keywords);
/// The outputs of the recording that accepts these inputs, on the default stream. Throws
/// std::invalid_argument, which lists the recordings, when there is none.
Arrays call_exported(const ExportedFile& file, const Arrays& inputs, size_t positional,
                     const std::vector<std::string>& keywords);

/// Writes the file at once. Throws std::runtime_error when it cannot, std::invalid_argument for a
/// primitive that cannot be saved (a custom function).
void save_exported(const std::string& path, const ExportedFile& file);
/// Throws std::runtime_error for a missing or damaged file.
ExportedFile load_exported(const std::string& path);

}  // namespace mlx
