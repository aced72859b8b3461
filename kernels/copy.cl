// Copies that exchange two axes: reads run along one, writes along the other, so both go through square tiles.
// U is a word to copy. The rest of the axes are batches.
typedef struct { long shape[6], from[6], to[6]; } Batches;

// A tile's corners in both arrays and how much of it lies inside.
typedef struct {
  global const U* from;
  global U* to;
  int width, height;
} Tile;

static inline Tile tile_at(long task, global const U* in, global U* out, Batches batches, long rank, long rows, long columns,
                           long in_step, long out_step, int side) {
  const long across = (columns + side - 1) / side, down = (rows + side - 1) / side;
  const long column = task % across * side, row = task / across % down * side;
  Tile tile;
  tile.width = (int)min((long)side, columns - column);
  tile.height = (int)min((long)side, rows - row);
  tile.from = in + row + column * in_step;
  tile.to = out + row * out_step + column;
  long rest = task / across / down;
  for (long d = rank - 1; d >= 0; --d) {
    const long at = rest % batches.shape[d];
    rest /= batches.shape[d];
    tile.from += at * batches.from[d];
    tile.to += at * batches.to[d];
  }
  return tile;
}

// out[row * out_step + column] = in[row + column * in_step].
#ifdef LOOP_SHAPE
#define TILE (64 / (int)sizeof(U) > 32 ? 32 : 64 / (int)sizeof(U))
kernel void transpose(global const U* in, long in_offset, global U* out, long out_offset, Batches ARGUMENT(batches),
                      long rank, long rows, long columns, long in_step, long out_step, long tiles) {
  OWN(Batches, batches)
  FOR_EACH(task, tiles) {
    const Tile t = tile_at(task, in + in_offset, out + out_offset, batches, rank, rows, columns, in_step, out_step, TILE);
    U tile[TILE][TILE];
    if (t.width == TILE && t.height == TILE) {
      for (int c = 0; c < TILE; ++c)
        for (int r = 0; r < TILE; ++r) tile[c][r] = t.from[c * in_step + r];
      for (int r = 0; r < TILE; ++r)
        for (int c = 0; c < TILE; ++c) t.to[r * out_step + c] = tile[c][r];
    } else {
      for (int r = 0; r < t.height; ++r)
        for (int c = 0; c < t.width; ++c) t.to[r * out_step + c] = t.from[c * in_step + r];
    }
  }
}
#else
#ifndef TILE
#define TILE 16  // work-items a side of a group
#endif
kernel void transpose(global const U* in, long in_offset, global U* out, long out_offset, Batches ARGUMENT(batches),
                      long rank, long rows, long columns, long in_step, long out_step, long tiles) {
  OWN(Batches, batches)
  local U tile[TILE][TILE + 1];
  const int x = get_local_id(0), y = get_local_id(1);
  for (long task = get_group_id(0); task < tiles; task += get_num_groups(0)) {
    const Tile t = tile_at(task, in + in_offset, out + out_offset, batches, rank, rows, columns, in_step, out_step, TILE);
    if (x < t.height && y < t.width) tile[y][x] = t.from[y * in_step + x];
    barrier(CLK_LOCAL_MEM_FENCE);
    if (x < t.width && y < t.height) t.to[y * out_step + x] = tile[x][y];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
#endif
