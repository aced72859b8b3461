// Where bytes of saved arrays come from and go to, for callers that have no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ios>
#include <string>

#include "mlx/export_macro.h"

namespace mlx::core::io {

class MLX_API Reader {
 public:
  virtual ~Reader();
  virtual bool is_open() const = 0;
  virtual bool good() const = 0;
  virtual size_t tell() = 0;
  virtual void seek(int64_t off, std::ios_base::seekdir way = std::ios_base::beg) = 0;
  virtual void read(char* data, size_t n) = 0;
  virtual void read(char* data, size_t n, size_t offset) = 0;
  virtual std::string label() const = 0;  ///< names the source in messages
};

class MLX_API Writer {
 public:
  virtual ~Writer();
  virtual bool is_open() const = 0;
  virtual bool good() const = 0;
  virtual size_t tell() = 0;
  virtual void seek(int64_t off, std::ios_base::seekdir way = std::ios_base::beg) = 0;
  virtual void write(const char* data, size_t n) = 0;
  virtual std::string label() const = 0;
};

}  // namespace mlx::core::io
