// The C library found by its name when the program runs, as bindings of other languages do it.
#include <dlfcn.h>
#include <stdio.h>

typedef struct {
  void* ctx;
} handle;

int main(int count, char** arguments) {
  if (count != 2) return 2;
  void* library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  handle (*const new_float)(float) = (handle (*)(float))dlsym(library, "mlx_array_new_float");
  handle (*const stream)(void) = (handle (*)(void))dlsym(library, "mlx_default_cpu_stream_new");
  int (*const add)(handle*, handle, handle, handle) =
      (int (*)(handle*, handle, handle, handle))dlsym(library, "mlx_add");
  int (*const item)(float*, handle) =
      (int (*)(float*, handle))dlsym(library, "mlx_array_item_float32");
  int (*const array_free)(handle) = (int (*)(handle))dlsym(library, "mlx_array_free");
  int (*const stream_free)(handle) = (int (*)(handle))dlsym(library, "mlx_stream_free");
  if (!new_float || !stream || !add || !item || !array_free || !stream_free) return 1;
  handle x = new_float(2), y = {0}, s = stream();
  float value = 0;
  if (add(&y, x, x, s) || item(&value, y)) return 1;
  array_free(x), array_free(y), stream_free(s);
  printf("%g\n", value);
  return value == 4 ? 0 : 1;
}
