// Files, readers and writers of the caller's, GGUF.
#include <stdlib.h>

#include "check.h"

/// A stream in memory.
typedef struct {
  char bytes[8192];
  size_t at, end;
  bool good;
  int freed;
} Memory;

static bool is_open(void* m) {
  return m != NULL;
}
static bool good(void* m) {
  return ((Memory*)m)->good;
}
static size_t tell(void* m) {
  return ((Memory*)m)->at;
}
static void seek(void* desc, int64_t off, int whence) {
  Memory* m = desc;
  m->at = (size_t)((whence == 0 ? 0 : whence == 1 ? (int64_t)m->at : (int64_t)m->end) + off);
}
static void read_some(void* desc, char* data, size_t n) {
  Memory* m = desc;
  if (m->at + n > m->end) {
    m->good = false;
    return;
  }
  memcpy(data, m->bytes + m->at, n);
  m->at += n;
}
static void read_at(void* desc, char* data, size_t n, size_t off) {
  seek(desc, (int64_t)off, 0);
  read_some(desc, data, n);
}
static void write_some(void* desc, const char* data, size_t n) {
  Memory* m = desc;
  if (m->at + n > sizeof m->bytes) {
    m->good = false;
    return;
  }
  memcpy(m->bytes + m->at, data, n);
  m->at += n;
  if (m->at > m->end) m->end = m->at;
}
static const char* label(void* m) {
  (void)m;
  return "memory";
}
static void set_free(void* m) {
  ++((Memory*)m)->freed;
}
static const mlx_io_vtable table = {is_open, good,       tell,  seek,    read_some,
                                    read_at, write_some, label, set_free};

static void streams(void) {
  Memory m = {.good = true}, t = {.good = true};
  void* desc = NULL;
  mlx_string text = mlx_string_new();
  mlx_io_writer w = mlx_io_writer_new(&m, table);
  OK(mlx_io_writer_descriptor(&desc, w));
  TRUE(desc == &m);
  OK(mlx_io_writer_tostring(&text, w));
  TRUE(strcmp(mlx_string_data(text), "memory") == 0);
  OK(mlx_save_writer(w, F(1, 2, 3)));
  OK(mlx_io_writer_free(w));
  TRUE(m.freed == 1);
  m.at = 0;
  mlx_io_reader in = mlx_io_reader_new(&m, table);
  OK(mlx_io_reader_descriptor(&desc, in));
  TRUE(desc == &m);
  OK(mlx_io_reader_tostring(&text, in));
  TRUE(strcmp(mlx_string_data(text), "memory") == 0);
  CHECK(mlx_load_reader(&r, in, s), 1, 2, 3);
  OK(mlx_io_reader_free(in));
  TRUE(m.freed == 2);

  mlx_map_string_to_array arrays = mlx_map_string_to_array_new(),
                          back = mlx_map_string_to_array_new();
  mlx_map_string_to_string facts = mlx_map_string_to_string_new(),
                           said = mlx_map_string_to_string_new();
  OK(mlx_map_string_to_array_insert(arrays, "w", F(4, 5)));
  OK(mlx_map_string_to_string_insert(facts, "by", "test"));
  const char* value = NULL;
  w = mlx_io_writer_new(&t, table);
  OK(mlx_save_safetensors_writer(w, arrays, facts));
  mlx_io_writer_free(w);
  t.at = 0;
  in = mlx_io_reader_new(&t, table);
  OK(mlx_load_safetensors_reader(&back, &said, in, s));
  CHECK(mlx_map_string_to_array_get(&r, back, "w"), 4, 5);
  mlx_io_reader_free(in);
  OK(mlx_save_safetensors("tensors.safetensors", arrays, facts));
  OK(mlx_load_safetensors(&back, &said, "tensors.safetensors", s));
  CHECK(mlx_map_string_to_array_get(&r, back, "w"), 4, 5);
  OK(mlx_map_string_to_string_get(&value, said, "by"));
  TRUE(strcmp(value, "test") == 0);
  mlx_map_string_to_array_free(arrays), mlx_map_string_to_array_free(back);
  mlx_map_string_to_string_free(facts), mlx_map_string_to_string_free(said);

  // A writer that fails is an error, and so is a reader.
  m.good = false;
  w = mlx_io_writer_new(&m, table);
  ERROR(mlx_save_writer(w, F(1)), "cannot write to memory");
  mlx_io_writer_free(w);
  mlx_string_free(text);
  end_row();
}

static void files(void) {
  OK(mlx_save("array.npy", F(1, 2)));
  CHECK(mlx_load(&r, "array.npy", s), 1, 2);
  ERROR(mlx_load(&r, "missing.npy", s), "missing.npy");
}

static void gguf(void) {
  bool flag = false;
  mlx_string text = mlx_string_new();
  mlx_vector_string words = mlx_vector_string_new_value("a"), keys = mlx_vector_string_new();
  mlx_io_gguf g = mlx_io_gguf_new(), back = mlx_io_gguf_new();
  OK(mlx_vector_string_append_value(words, "b"));
  OK(mlx_io_gguf_set_array(g, "w", F(1, 2, 3, 4)));
  OK(mlx_io_gguf_set_metadata_array(g, "numbers", U(7, 8)));
  OK(mlx_io_gguf_set_metadata_string(g, "name", "test"));
  OK(mlx_io_gguf_set_metadata_vector_string(g, "words", words));
  OK(mlx_save_gguf("file.gguf", g));
  OK(mlx_load_gguf(&back, "file.gguf", s));
  OK(mlx_io_gguf_get_keys(&keys, back));
  TRUE(mlx_vector_string_size(keys) == 1);
  CHECK(mlx_io_gguf_get_array(&r, back, "w"), 1, 2, 3, 4);
  OK(mlx_io_gguf_has_metadata_array(&flag, back, "numbers"));
  TRUE(flag);
  CHECK(mlx_io_gguf_get_metadata_array(&r, back, "numbers"), 7, 8);
  OK(mlx_io_gguf_has_metadata_string(&flag, back, "name"));
  TRUE(flag);
  OK(mlx_io_gguf_get_metadata_string(&text, back, "name"));
  TRUE(strcmp(mlx_string_data(text), "test") == 0);
  OK(mlx_io_gguf_has_metadata_vector_string(&flag, back, "words"));
  TRUE(flag);
  OK(mlx_io_gguf_get_metadata_vector_string(&words, back, "words"));
  TRUE(mlx_vector_string_size(words) == 2);
  OK(mlx_io_gguf_has_metadata_string(&flag, back, "words"));
  TRUE(!flag);
  ERROR(mlx_io_gguf_get_array(&r, back, "missing"), "no array 'missing'");
  mlx_io_gguf_free(g), mlx_io_gguf_free(back);
  mlx_vector_string_free(words), mlx_vector_string_free(keys), mlx_string_free(text);
}

int main(void) {
  start();
  streams();
  files();
  gguf();
  return finish();
}
