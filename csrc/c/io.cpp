// Saving and loading: files, readers and writers of the caller's, GGUF.
#include "mlx/c/io.h"

#include "c/convert.h"

using namespace mlx::c;
namespace core = mlx::core;

namespace {

/// The metadata under a key as T, or null.
template <typename T>
const T* fact(const core::GGUFLoad& file, const char* key) {
  const auto place = file.second.find(text_of(key));
  return place == file.second.end() ? nullptr : std::get_if<T>(&place->second);
}

template <typename T>
const T& required(const core::GGUFLoad& file, const char* key) {
  const T* const found = fact<T>(file, key);
  if (!found)
    throw std::out_of_range(std::string("the file has no metadata of that type under '") + key +
                            "'.");
  return *found;
}

void put_safetensors(mlx_map_string_to_array* arrays, mlx_map_string_to_string* metadata,
                     core::SafetensorsLoad loaded) {
  put(arrays, std::move(loaded.first));
  put(metadata, std::move(loaded.second));
}

void require(bool given, const char* function) {
  if (!given)
    throw std::invalid_argument(std::string("the table of functions has no ") + function + ".");
}

}  // namespace

extern "C" {

mlx_io_reader mlx_io_reader_new(void* desc, mlx_io_vtable vtable) {
  return made<mlx_io_reader>(__func__, [&] {
    require(vtable.is_open, "is_open"), require(vtable.good, "good");
    require(vtable.tell, "tell"), require(vtable.seek, "seek"), require(vtable.read, "read");
    return std::make_shared<CallbackReader>(desc, vtable);
  });
}
int mlx_io_reader_descriptor(void** desc_, mlx_io_reader io) {
  return guarded(__func__, [&] { *desc_ = get(io)->descriptor(); });
}
int mlx_io_reader_tostring(mlx_string* str_, mlx_io_reader io) {
  return guarded(__func__, [&] { put(str_, get(io)->label()); });
}
int mlx_io_reader_free(mlx_io_reader io) {
  return guarded(__func__, [&] { release(io); });
}
mlx_io_writer mlx_io_writer_new(void* desc, mlx_io_vtable vtable) {
  return made<mlx_io_writer>(__func__, [&] {
    require(vtable.is_open, "is_open"), require(vtable.good, "good");
    require(vtable.write, "write");
    return std::make_shared<CallbackWriter>(desc, vtable);
  });
}
int mlx_io_writer_descriptor(void** desc_, mlx_io_writer io) {
  return guarded(__func__, [&] { *desc_ = get(io)->descriptor(); });
}
int mlx_io_writer_tostring(mlx_string* str_, mlx_io_writer io) {
  return guarded(__func__, [&] { put(str_, get(io)->label()); });
}
int mlx_io_writer_free(mlx_io_writer io) {
  return guarded(__func__, [&] { release(io); });
}

int mlx_load_reader(mlx_array* res, mlx_io_reader in_stream, const mlx_stream s) {
  return guarded(__func__, [&] { put(res, core::load(get(in_stream), get(s))); });
}
int mlx_load(mlx_array* res, const char* file, const mlx_stream s) {
  return guarded(__func__, [&] { put(res, core::load(text_of(file), get(s))); });
}
int mlx_load_gguf(mlx_io_gguf* gguf, const char* file, const mlx_stream s) {
  return guarded(__func__, [&] { put(gguf, core::load_gguf(text_of(file), get(s))); });
}
int mlx_load_safetensors_reader(mlx_map_string_to_array* res_0, mlx_map_string_to_string* res_1,
                                mlx_io_reader in_stream, const mlx_stream s) {
  return guarded(__func__, [&] {
    put_safetensors(res_0, res_1, core::load_safetensors(get(in_stream), get(s)));
  });
}
int mlx_load_safetensors(mlx_map_string_to_array* res_0, mlx_map_string_to_string* res_1,
                         const char* file, const mlx_stream s) {
  return guarded(__func__, [&] {
    put_safetensors(res_0, res_1, core::load_safetensors(text_of(file), get(s)));
  });
}
int mlx_save_writer(mlx_io_writer out_stream, const mlx_array a) {
  return guarded(__func__, [&] { core::save(get(out_stream), get(a)); });
}
int mlx_save(const char* file, const mlx_array a) {
  return guarded(__func__, [&] { core::save(text_of(file), get(a)); });
}
int mlx_save_gguf(const char* file, mlx_io_gguf gguf) {
  return guarded(__func__,
                 [&] { core::save_gguf(text_of(file), get(gguf).first, get(gguf).second); });
}
int mlx_save_safetensors_writer(mlx_io_writer in_stream, const mlx_map_string_to_array param,
                                const mlx_map_string_to_string metadata) {
  return guarded(__func__,
                 [&] { core::save_safetensors(get(in_stream), get(param), get(metadata)); });
}
int mlx_save_safetensors(const char* file, const mlx_map_string_to_array param,
                         const mlx_map_string_to_string metadata) {
  return guarded(__func__,
                 [&] { core::save_safetensors(text_of(file), get(param), get(metadata)); });
}

mlx_io_gguf mlx_io_gguf_new(void) {
  return made<mlx_io_gguf>(__func__, [] { return core::GGUFLoad(); });
}
int mlx_io_gguf_free(mlx_io_gguf io) {
  return guarded(__func__, [&] { release(io); });
}
int mlx_io_gguf_get_keys(mlx_vector_string* keys, mlx_io_gguf io) {
  return guarded(__func__, [&] {
    std::vector<std::string> names;
    for (const auto& [key, value] : get(io).first) names.push_back(key);
    put(keys, std::move(names));
  });
}
int mlx_io_gguf_get_array(mlx_array* arr, mlx_io_gguf io, const char* key) {
  return guarded(__func__, [&] {
    const auto place = get(io).first.find(text_of(key));
    if (place == get(io).first.end())
      throw std::out_of_range(std::string("the file has no array '") + key + "'.");
    put(arr, place->second);
  });
}
int mlx_io_gguf_get_metadata_array(mlx_array* arr, mlx_io_gguf io, const char* key) {
  return guarded(__func__, [&] { put(arr, required<core::array>(get(io), key)); });
}
int mlx_io_gguf_get_metadata_string(mlx_string* str, mlx_io_gguf io, const char* key) {
  return guarded(__func__, [&] { put(str, required<std::string>(get(io), key)); });
}
int mlx_io_gguf_get_metadata_vector_string(mlx_vector_string* vstr, mlx_io_gguf io,
                                           const char* key) {
  return guarded(__func__, [&] { put(vstr, required<std::vector<std::string>>(get(io), key)); });
}
int mlx_io_gguf_has_metadata_array(bool* flag, mlx_io_gguf io, const char* key) {
  return guarded(__func__, [&] { *flag = fact<core::array>(get(io), key) != nullptr; });
}
int mlx_io_gguf_has_metadata_string(bool* flag, mlx_io_gguf io, const char* key) {
  return guarded(__func__, [&] { *flag = fact<std::string>(get(io), key) != nullptr; });
}
int mlx_io_gguf_has_metadata_vector_string(bool* flag, mlx_io_gguf io, const char* key) {
  return guarded(__func__,
                 [&] { *flag = fact<std::vector<std::string>>(get(io), key) != nullptr; });
}
int mlx_io_gguf_set_array(mlx_io_gguf io, const char* key, const mlx_array arr) {
  return guarded(__func__, [&] { get(io).first.insert_or_assign(text_of(key), get(arr)); });
}
int mlx_io_gguf_set_metadata_array(mlx_io_gguf io, const char* key, const mlx_array marr) {
  return guarded(__func__, [&] { get(io).second[text_of(key)] = get(marr); });
}
int mlx_io_gguf_set_metadata_string(mlx_io_gguf io, const char* key, const char* mstr) {
  return guarded(__func__, [&] { get(io).second[text_of(key)] = text_of(mstr); });
}
int mlx_io_gguf_set_metadata_vector_string(mlx_io_gguf io, const char* key,
                                           const mlx_vector_string mvstr) {
  return guarded(__func__, [&] { get(io).second[text_of(key)] = get(mvstr); });
}

}  // extern "C"
