// Classes of primitives by name.
#include "graph/registry.h"

#include <unordered_map>

#include "base/error.h"
#include "graph/deferred.h"

namespace mlx {
namespace {

struct Registry {
  std::unordered_map<std::string, MakePrimitive> makers;
  std::unordered_map<std::type_index, std::string> names;
};

// Filled while static objects are made, in whatever order.
Registry& registry() {
  static Registry registry;
  return registry;
}

}  // namespace

void register_primitive(const char* class_name, std::type_index type, MakePrimitive make) {
  registry().makers.emplace(class_name, std::move(make));
  registry().names.emplace(type, class_name);
}

bool is_registered(const Primitive& primitive) {
  return registry().names.count(typeid(primitive)) > 0;
}

const std::string& class_name_of(const Primitive& primitive) {
  const auto found = registry().names.find(typeid(primitive));
  if (found == registry().names.end())
    fail("export_function", "Unable to serialize primitive ", primitive.name(), ".");
  return found->second;
}

Ref<Primitive> make_primitive(const std::string& class_name, const std::string& name,
                              Fields& fields) {
  const auto found = registry().makers.find(class_name);
  if (found == registry().makers.end())
    fail<std::runtime_error>("import_function", "the primitive ", class_name, " is unknown here.");
  return found->second(name, fields);
}

}  // namespace mlx
