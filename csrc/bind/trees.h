// Python trees of arrays: nested lists, tuples and dicts.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>

#include "graph/array.h"

namespace mlx {

namespace py = pybind11;

/// One level of a tree, while it is walked. Throws std::invalid_argument where there are too many:
/// the tree contains itself, or following it would exhaust the stack.
class Level {
 public:
  Level();
  ~Level() { --depth; }
  Level(const Level&) = delete;

 private:
  static thread_local int depth;
};

/// Calls `visit` with every leaf (anything that is no list, tuple or dict), dicts in insertion
/// order.
void for_each_leaf(py::handle tree, const std::function<void(py::handle)>& visit);
/// A tree of the same structure with new leaves. Lists, tuples (named ones too) and dicts keep
/// their types.
py::object map_leaves(py::handle tree, const std::function<py::object(py::handle)>& map);
/// All arrays in the tree; other leaves are left out.
Arrays arrays_in(py::handle tree);
/// The tree with its arrays replaced by `values` in order, from number `next` on.
py::object with_arrays(py::handle tree, const Arrays& values, size_t& next);

/// Puts other arrays in the place of a tree's, inside the caller's own lists and dicts, and puts
/// the originals back where the stand-ins still are when it goes out of scope. Tuples are made
/// anew.
class Substitution {
 public:
  Substitution() = default;
  Substitution(const Substitution&) = delete;
  ~Substitution();
  /// `replace` gives the stand-in of an array; other leaves are shown to `other`.
  py::object apply(py::handle tree, const std::function<py::object(py::handle)>& replace,
                   const std::function<void(py::handle)>& other);

 private:
  struct Change {
    py::object container, key, original, stand_in;
  };
  py::object apply_to_dict(py::dict dict, const std::function<py::object(py::handle)>& replace,
                           const std::function<void(py::handle)>& other);
  py::object apply_to_list(py::list list, const std::function<py::object(py::handle)>& replace,
                           const std::function<void(py::handle)>& other);
  std::vector<Change> changes_;
};

}  // namespace mlx
