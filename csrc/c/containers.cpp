// Strings, vectors and maps.
#include <cstring>

#include "c/convert.h"

using namespace mlx::c;

namespace {

/// The C++ values of elements given in C.
mlx::core::array value_of(mlx_array a) {
  return get(a);
}
std::vector<mlx::core::array> value_of(mlx_vector_array a) {
  return get(a);
}
int value_of(int a) {
  return a;
}
std::string value_of(const char* a) {
  return text_of(a);
}

template <typename Vector, typename Item>
void append(Vector& to, const Item* data, size_t size) {
  if (!data && size) throw std::invalid_argument("the data of a vector are null.");
  for (size_t i = 0; i < size; ++i) to.push_back(value_of(data[i]));
}

template <typename Vector, typename Item>
Vector gathered(const Item* data, size_t size) {
  Vector result;
  result.reserve(size);
  append(result, data, size);
  return result;
}

template <typename Vector>
const typename Vector::value_type& at(const Vector& values, size_t index) {
  if (index >= values.size())
    throw std::out_of_range("index " + std::to_string(index) + " in a vector of " +
                            std::to_string(values.size()) + ".");
  return values[index];
}

void store(mlx_array* to, const mlx::core::array& value) {
  put(to, value);
}
void store(mlx_vector_array* to, const std::vector<mlx::core::array>& value) {
  put(to, value);
}
void store(int* to, int value) {
  *to = value;
}
/// The text stays the vector's.
void store(char** to, const std::string& value) {
  *to = const_cast<char*>(value.c_str());
}

template <typename Map>
const typename Map::mapped_type& found(const Map& map, const char* key) {
  const auto place = map.find(text_of(key));
  if (place == map.end()) throw std::out_of_range(std::string("the map has no key '") + key + "'.");
  return place->second;
}

/// Moves an iterator on; 2 at the end of the map.
template <typename Iterator, typename Map, typename Store>
int next(const char* function, Iterator it, const Map* map, const char** key, Store&& store_value) {
  bool at_end = false;
  const int status = guarded(function, [&] {
    auto& place = get(it);
    at_end = place == map->end();
    if (at_end) return;
    *key = place->first.c_str();
    store_value(place->second);
    ++place;
  });
  return at_end ? 2 : status;
}

}  // namespace

extern "C" {

mlx_string mlx_string_new(void) {
  return {nullptr};
}
mlx_string mlx_string_new_data(const char* str) {
  return made<mlx_string>(__func__, [&] { return text_of(str); });
}
int mlx_string_set(mlx_string* str, const mlx_string src) {
  return guarded(__func__, [&] { assign(str, src); });
}
const char* mlx_string_data(mlx_string str) {
  return str.ctx ? get(str).c_str() : nullptr;
}
int mlx_string_free(mlx_string str) {
  return guarded(__func__, [&] { release(str); });
}

// All functions of a vector: its name, the type of an element, the parameter of a list of them, and
// the result of `get`.
#define VECTOR(name, item, list, result)                                                 \
  name name##_new(void) {                                                                \
    return made<name>(__func__, [] { return Held<name>::type(); });                      \
  }                                                                                      \
  int name##_set(name* vec, const name src) {                                            \
    return guarded(__func__, [&] { assign(vec, src); });                                 \
  }                                                                                      \
  int name##_free(name vec) {                                                            \
    return guarded(__func__, [&] { release(vec); });                                     \
  }                                                                                      \
  name name##_new_data(list data, size_t size) {                                         \
    return made<name>(__func__, [&] { return gathered<Held<name>::type>(data, size); }); \
  }                                                                                      \
  name name##_new_value(item val) {                                                      \
    return made<name>(__func__, [&] { return Held<name>::type{value_of(val)}; });        \
  }                                                                                      \
  int name##_set_data(name* vec, list data, size_t size) {                               \
    return guarded(__func__, [&] { put(vec, gathered<Held<name>::type>(data, size)); }); \
  }                                                                                      \
  int name##_set_value(name* vec, item val) {                                            \
    return guarded(__func__, [&] { put(vec, Held<name>::type{value_of(val)}); });        \
  }                                                                                      \
  int name##_append_data(name vec, list data, size_t size) {                             \
    return guarded(__func__, [&] { append(get(vec), data, size); });                     \
  }                                                                                      \
  int name##_append_value(name vec, item val) {                                          \
    return guarded(__func__, [&] { get(vec).push_back(value_of(val)); });                \
  }                                                                                      \
  size_t name##_size(name vec) {                                                         \
    return guarded_value<size_t>(__func__, 0, [&] { return get(vec).size(); });          \
  }                                                                                      \
  int name##_get(result res, const name vec, size_t idx) {                               \
    return guarded(__func__, [&] { store(res, at(get(vec), idx)); });                    \
  }
VECTOR(mlx_vector_array, const mlx_array, const mlx_array*, mlx_array*)
VECTOR(mlx_vector_vector_array, const mlx_vector_array, const mlx_vector_array*, mlx_vector_array*)
VECTOR(mlx_vector_int, int, int*, int*)
VECTOR(mlx_vector_string, const char*, const char**, char**)
#undef VECTOR

// What both maps have: the functions that do not see a value.
#define MAP(name)                                                             \
  name name##_new(void) {                                                     \
    return made<name>(__func__, [] { return Held<name>::type(); });           \
  }                                                                           \
  int name##_set(name* map, const name src) {                                 \
    return guarded(__func__, [&] { assign(map, src); });                      \
  }                                                                           \
  int name##_free(name map) {                                                 \
    return guarded(__func__, [&] { release(map); });                          \
  }                                                                           \
  name##_iterator name##_iterator_new(name map) {                             \
    return guarded_value<name##_iterator>(__func__, {nullptr, nullptr}, [&] { \
      auto it = make<name##_iterator>(get(map).begin());                      \
      it.map_ctx = map.ctx;                                                   \
      return it;                                                              \
    });                                                                       \
  }                                                                           \
  int name##_iterator_free(name##_iterator it) {                              \
    return guarded(__func__, [&] { release(it); });                           \
  }
MAP(mlx_map_string_to_array)
MAP(mlx_map_string_to_string)
#undef MAP

int mlx_map_string_to_array_insert(mlx_map_string_to_array map, const char* key,
                                   const mlx_array value) {
  return guarded(__func__, [&] { get(map).insert_or_assign(text_of(key), get(value)); });
}
int mlx_map_string_to_array_get(mlx_array* value, const mlx_map_string_to_array map,
                                const char* key) {
  return guarded(__func__, [&] { put(value, found(get(map), key)); });
}
int mlx_map_string_to_array_iterator_next(const char** key, mlx_array* value,
                                          mlx_map_string_to_array_iterator it) {
  return next(__func__, it, static_cast<const ArrayMap*>(it.map_ctx), key,
              [&](const mlx::core::array& found) { put(value, found); });
}

int mlx_map_string_to_string_insert(mlx_map_string_to_string map, const char* key,
                                    const char* value) {
  return guarded(__func__, [&] { get(map).insert_or_assign(text_of(key), text_of(value)); });
}
int mlx_map_string_to_string_get(const char** value, const mlx_map_string_to_string map,
                                 const char* key) {
  return guarded(__func__, [&] { *value = found(get(map), key).c_str(); });
}
int mlx_map_string_to_string_iterator_next(const char** key, const char** value,
                                           mlx_map_string_to_string_iterator it) {
  return next(__func__, it, static_cast<const TextMap*>(it.map_ctx), key,
              [&](const std::string& found) { *value = found.c_str(); });
}

}  // extern "C"
