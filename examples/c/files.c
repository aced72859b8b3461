// Arrays in a safetensors file, and how a failure is noticed.
#include <stdio.h>

#include "mlx/c/mlx.h"

static void note(const char* message, void* data) {
  ++*(int*)data;
  printf("noticed: %s\n", message);
}

int main(void) {
  int failures = 0;
  mlx_set_error_handler(note, &failures, NULL);
  mlx_stream s = mlx_default_cpu_stream_new();
  mlx_array weight = mlx_array_new(), back = mlx_array_new(), same = mlx_array_new();
  mlx_arange(&weight, 0, 6, 1, MLX_FLOAT32, s);

  mlx_map_string_to_array tensors = mlx_map_string_to_array_new(),
                          loaded = mlx_map_string_to_array_new();
  mlx_map_string_to_string facts = mlx_map_string_to_string_new(),
                           told = mlx_map_string_to_string_new();
  mlx_map_string_to_array_insert(tensors, "weight", weight);
  mlx_map_string_to_string_insert(facts, "format", "example");
  mlx_save_safetensors("example.safetensors", tensors, facts);
  mlx_load_safetensors(&loaded, &told, "example.safetensors", s);

  const char* key = NULL;
  mlx_map_string_to_array_iterator it = mlx_map_string_to_array_iterator_new(loaded);
  while (mlx_map_string_to_array_iterator_next(&key, &back, it) == 0)
    printf("%s: %zu values\n", key, mlx_array_size(back));
  mlx_map_string_to_array_iterator_free(it);

  bool equal = false;
  mlx_array_equal(&same, weight, back, false, s);
  mlx_array_item_bool(&equal, same);
  const int refused = mlx_load(&back, "nowhere.npy", s);

  remove("example.safetensors");
  mlx_map_string_to_array_free(tensors), mlx_map_string_to_array_free(loaded);
  mlx_map_string_to_string_free(facts), mlx_map_string_to_string_free(told);
  mlx_array_free(weight), mlx_array_free(back), mlx_array_free(same);
  mlx_stream_free(s);
  mlx_set_error_handler(NULL, NULL, NULL);
  return equal && refused && failures == 1 ? 0 : 1;
}
