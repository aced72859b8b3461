// Python enumerations, made by enum.Enum itself so that they pickle and iterate.
#include "bind/enums.h"

namespace mlx {

py::object make_enum(py::module_& m, const char* name, const std::vector<const char*>& members,
                     const char* doc) {
  const py::object base = py::module_::import("enum").attr("Enum");
  py::list items;
  for (size_t i = 0; i < members.size(); ++i) items.append(py::make_tuple(members[i], i));
  py::object made =
      base(name, items, py::arg("module") = m.attr("__name__"), py::arg("qualname") = name);
  made.attr("__doc__") = doc;
  const std::string prefix = std::string(name) + ".";
  made.attr("__repr__") = py::cpp_function(
      [prefix](const py::object& self) { return prefix + self.attr("name").cast<std::string>(); },
      py::is_method(made));
  m.attr(name) = made;
  for (const char* member : members) m.attr(member) = made.attr(member);
  return made;
}

}  // namespace mlx
