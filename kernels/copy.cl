// Copies that exchange two axes: reads run along one, writes along the other, so both go through square tiles.
// U is a word to copy. The rest of the axes are batches.
typedef struct { long shape[6], from[6], to[6]; } Batches;

// Tile `task`: its corner and how much of it lies inside; moves p and q to the corner.
#define TILE_AT(task)                                                                                       \
  const long across = (columns + TILE - 1) / TILE, down = (rows + TILE - 1) / TILE;                         \
  const long column = (task) % across * TILE, row = (task) / across % down * TILE;                          \
  const int width = (int)min((long)TILE, columns - column), height = (int)min((long)TILE, rows - row);      \
  long rest = (task) / across / down;                                                                       \
  global const U* p = in + in_offset + row + column * in_step;                                              \
  global U* q = out + out_offset + row * out_step + column;                                                 \
  for (long d = rank - 1; d >= 0; --d) {                                                                    \
    const long at = rest % batches.shape[d];                                                                \
    rest /= batches.shape[d];                                                                               \
    p += at * batches.from[d];                                                                              \
    q += at * batches.to[d];                                                                                \
  }

// out[row * out_step + column] = in[row + column * in_step].
#ifdef LOOP_SHAPE
#define TILE (64 / (int)sizeof(U) > 32 ? 32 : 64 / (int)sizeof(U))
kernel void transpose(global const U* in, long in_offset, global U* out, long out_offset, Batches batches, long rank,
                      long rows, long columns, long in_step, long out_step, long tiles) {
  FOR_EACH(task, tiles) {
    TILE_AT(task)
    U tile[TILE][TILE];
    if (width == TILE && height == TILE) {
      for (int c = 0; c < TILE; ++c)
        for (int r = 0; r < TILE; ++r) tile[c][r] = p[c * in_step + r];
      for (int r = 0; r < TILE; ++r)
        for (int c = 0; c < TILE; ++c) q[r * out_step + c] = tile[c][r];
    } else {
      for (int r = 0; r < height; ++r)
        for (int c = 0; c < width; ++c) q[r * out_step + c] = p[c * in_step + r];
    }
  }
}
#else
#ifndef TILE
#define TILE 16  // work-items a side of a group
#endif
kernel void transpose(global const U* in, long in_offset, global U* out, long out_offset, Batches batches, long rank,
                      long rows, long columns, long in_step, long out_step, long tiles) {
  local U tile[TILE][TILE + 1];
  const int x = get_local_id(0), y = get_local_id(1);
  for (long task = get_group_id(0); task < tiles; task += get_num_groups(0)) {
    TILE_AT(task)
    if (x < height && y < width) tile[y][x] = p[y * in_step + x];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x < width && y < height) q[y * out_step + x] = tile[x][y];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#endif
