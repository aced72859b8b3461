// Saving and loading in Python: paths and file objects.
#pragma once

#include <optional>
#include <string>

#include "bind/errors.h"
#include "graph/stream.h"

namespace mlx {

void bind_io(py::module_& m);
/// The path behind a str or an os.PathLike; no value for other objects.
std::optional<std::string> path_of(const py::object& file);
/// What mx.load gives for a GGUF file, which must be a path.
py::object load_gguf_object(const std::optional<std::string>& path, bool return_metadata,
                            const StreamOrDevice& s);
void bind_gguf(py::module_& m);

}  // namespace mlx
