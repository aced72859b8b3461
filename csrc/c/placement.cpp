// Devices, streams, groups of processes, and which platforms there are.
#include <sstream>

#include "c/convert.h"

using namespace mlx::c;
namespace core = mlx::core;

namespace {

template <typename T>
std::string printed(const T& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

core::Device::DeviceType type_of(mlx_device_type type) {
  if (type != MLX_CPU && type != MLX_GPU)
    throw std::invalid_argument(std::to_string(int(type)) + " is no mlx_device_type.");
  return type == MLX_CPU ? core::Device::cpu : core::Device::gpu;
}

template <typename T>
const T& fact(const DeviceInfo& info, const char* key) {
  const auto place = info.find(text_of(key));
  if (place == info.end())
    throw std::out_of_range(std::string("the device says nothing of '") + key + "'.");
  if (!std::holds_alternative<T>(place->second))
    throw std::invalid_argument(std::string("'") + key + "' has another type.");
  return std::get<T>(place->second);
}

}  // namespace

extern "C" {

mlx_device mlx_device_new(void) {
  return {nullptr};
}
mlx_device mlx_device_new_type(mlx_device_type type, int index) {
  return made<mlx_device>(__func__, [&] { return core::Device(type_of(type), index); });
}
int mlx_device_free(mlx_device dev) {
  return guarded(__func__, [&] { release(dev); });
}
int mlx_device_set(mlx_device* dev, const mlx_device src) {
  return guarded(__func__, [&] { assign(dev, src); });
}
int mlx_device_tostring(mlx_string* str, mlx_device dev) {
  return guarded(__func__, [&] { put(str, printed(get(dev))); });
}
bool mlx_device_equal(mlx_device lhs, mlx_device rhs) {
  return guarded_value<bool>(__func__, false, [&] { return get(lhs) == get(rhs); });
}
int mlx_device_get_index(int* index, mlx_device dev) {
  return guarded(__func__, [&] { *index = get(dev).index; });
}
int mlx_device_get_type(mlx_device_type* type, mlx_device dev) {
  return guarded(__func__, [&] { *type = get(dev).type == core::Device::cpu ? MLX_CPU : MLX_GPU; });
}
int mlx_get_default_device(mlx_device* dev) {
  return guarded(__func__, [&] { put(dev, core::default_device()); });
}
int mlx_set_default_device(mlx_device dev) {
  return guarded(__func__, [&] { core::set_default_device(get(dev)); });
}
int mlx_device_is_available(bool* avail, mlx_device dev) {
  return guarded(__func__, [&] { *avail = core::is_available(get(dev)); });
}
int mlx_device_count(int* count, mlx_device_type type) {
  return guarded(__func__, [&] { *count = core::device_count(type_of(type)); });
}

mlx_device_info mlx_device_info_new(void) {
  return made<mlx_device_info>(__func__, [] { return DeviceInfo(); });
}
int mlx_device_info_get(mlx_device_info* info, mlx_device dev) {
  return guarded(__func__, [&] { put(info, core::device_info(get(dev))); });
}
int mlx_device_info_free(mlx_device_info info) {
  return guarded(__func__, [&] { release(info); });
}
int mlx_device_info_has_key(bool* exists, mlx_device_info info, const char* key) {
  return guarded(__func__, [&] { *exists = get(info).count(text_of(key)) > 0; });
}
int mlx_device_info_is_string(bool* is_string, mlx_device_info info, const char* key) {
  return guarded(__func__, [&] {
    const auto place = get(info).find(text_of(key));
    *is_string = place != get(info).end() && std::holds_alternative<std::string>(place->second);
  });
}
int mlx_device_info_get_string(const char** value, mlx_device_info info, const char* key) {
  return guarded(__func__, [&] { *value = fact<std::string>(get(info), key).c_str(); });
}
int mlx_device_info_get_size(size_t* value, mlx_device_info info, const char* key) {
  return guarded(__func__, [&] { *value = fact<size_t>(get(info), key); });
}
int mlx_device_info_get_keys(mlx_vector_string* keys, mlx_device_info info) {
  return guarded(__func__, [&] {
    std::vector<std::string> names;
    for (const auto& [key, value] : get(info)) names.push_back(key);
    put(keys, std::move(names));
  });
}

mlx_stream mlx_stream_new(void) {
  return {nullptr};
}
mlx_stream mlx_stream_new_device(mlx_device dev) {
  return made<mlx_stream>(__func__, [&] { return core::new_stream(get(dev)); });
}
int mlx_stream_set(mlx_stream* stream, const mlx_stream src) {
  return guarded(__func__, [&] { assign(stream, src); });
}
int mlx_stream_free(mlx_stream stream) {
  return guarded(__func__, [&] { release(stream); });
}
int mlx_stream_tostring(mlx_string* str, mlx_stream stream) {
  return guarded(__func__, [&] { put(str, printed(get(stream))); });
}
bool mlx_stream_equal(mlx_stream lhs, mlx_stream rhs) {
  return guarded_value<bool>(__func__, false, [&] { return get(lhs) == get(rhs); });
}
int mlx_stream_get_device(mlx_device* dev, mlx_stream stream) {
  return guarded(__func__, [&] { put(dev, get(stream).device); });
}
int mlx_stream_get_index(int* index, mlx_stream stream) {
  return guarded(__func__, [&] { *index = get(stream).index; });
}
int mlx_synchronize(mlx_stream stream) {
  return guarded(__func__, [&] { core::synchronize(get(stream)); });
}
int mlx_get_default_stream(mlx_stream* stream, mlx_device dev) {
  return guarded(__func__, [&] { put(stream, core::default_stream(get(dev))); });
}
int mlx_set_default_stream(mlx_stream stream) {
  return guarded(__func__, [&] { core::set_default_stream(get(stream)); });
}
mlx_stream mlx_default_cpu_stream_new(void) {
  return made<mlx_stream>(__func__, [] { return core::default_stream(core::Device::cpu); });
}
mlx_stream mlx_default_gpu_stream_new(void) {
  // Where there is no GPU, its work is that of the CPU's OpenCL device.
  return made<mlx_stream>(__func__, [] {
    return core::default_stream(core::is_available(core::Device::gpu) ? core::Device::gpu
                                                                      : core::Device::cpu);
  });
}

mlx_distributed_group mlx_distributed_group_new(void) {
  return {nullptr};
}
int mlx_distributed_group_free(mlx_distributed_group group) {
  return guarded(__func__, [&] { release(group); });
}
int mlx_distributed_init(mlx_distributed_group* res, bool strict, const char* bk) {
  return guarded(__func__, [&] { put(res, core::distributed::init(strict, bk ? bk : "any")); });
}
int mlx_distributed_group_rank(mlx_distributed_group group) {
  return guarded_value<int>(__func__, 0, [&] { return get(group).rank(); });
}
int mlx_distributed_group_size(mlx_distributed_group group) {
  return guarded_value<int>(__func__, 0, [&] { return get(group).size(); });
}
int mlx_distributed_group_split(mlx_distributed_group* res, mlx_distributed_group group, int color,
                                int key) {
  return guarded(__func__, [&] { put(res, get(group).split(color, key)); });
}
bool mlx_distributed_is_available(const char* bk) {
  return guarded_value<bool>(__func__, false,
                             [&] { return core::distributed::is_available(bk ? bk : "any"); });
}

int mlx_metal_is_available(bool* res) {
  *res = core::metal::is_available();
  return 0;
}
int mlx_metal_start_capture(const char* path) {
  return guarded(__func__, [&] { core::metal::start_capture(text_of(path)); });
}
int mlx_metal_stop_capture(void) {
  return guarded(__func__, [] { core::metal::stop_capture(); });
}
int mlx_cuda_is_available(bool* res) {
  *res = core::cu::is_available();
  return 0;
}

int mlx_version(mlx_string* str_) {
  return guarded(__func__, [&] { put(str_, std::string(core::version())); });
}

}  // extern "C"
