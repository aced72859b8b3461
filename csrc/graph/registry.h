// Classes of primitives by name, so that a saved function can be read back: one `Registered` line
// beside each class.
#pragma once

#include <functional>
#include <typeindex>

#include "graph/primitive.h"

namespace mlx {

/// Makes a primitive of a class; `name` is what its name() gave, `fields` reads the parameters it
/// wrote.
using MakePrimitive = std::function<Ref<Primitive>(const std::string& name, Fields& fields)>;

void register_primitive(const char* class_name, std::type_index type, MakePrimitive make);
/// Throws std::invalid_argument for a class that cannot be saved.
const std::string& class_name_of(const Primitive& primitive);
/// Throws std::runtime_error for an unknown class.
Ref<Primitive> make_primitive(const std::string& class_name, const std::string& name,
                              Fields& fields);

/// Registers P; `blank` are constructor arguments of the right types, which fields() then replaces.
template <typename P>
struct Registered {
  template <typename... Blank>
  explicit Registered(const char* class_name, Blank... blank) {
    register_primitive(class_name, typeid(P), [=](const std::string&, Fields& fields) {
      auto primitive = make_ref<P>(blank...);
      primitive->fields(fields);
      return Ref<Primitive>(primitive);
    });
  }
};

}  // namespace mlx
