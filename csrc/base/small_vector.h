// A vector of trivially copyable values that keeps the first few inside itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <vector>

namespace mlx {

template <typename T, int N>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  SmallVector() = default;
  explicit SmallVector(size_t size, T value = T{}) { resize(size, value); }
  SmallVector(std::initializer_list<T> values) : SmallVector(values.begin(), values.end()) {}
  SmallVector(const std::vector<T>& values) : SmallVector(values.begin(), values.end()) {}
  template <std::input_iterator It>
  SmallVector(It first, It last) {
    for (; first != last; ++first) push_back(T(*first));
  }
  SmallVector(const SmallVector& other) { assign(other); }
  SmallVector(SmallVector&& other) noexcept { steal(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this != &other) size_ = 0, assign(other);
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this != &other) release(), steal(other);
    return *this;
  }
  ~SmallVector() { release(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }

  void push_back(T value) {
    if (size_ == capacity_) reserve(2 * capacity_);
    data_[size_++] = value;
  }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  void resize(size_t size, T value = T{}) {
    reserve(size);
    for (size_t i = size_; i < size; ++i) data_[i] = value;
    size_ = uint32_t(size);
  }
  void reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    T* const grown = new T[capacity];
    std::memcpy(static_cast<void*>(grown), data_, size_ * sizeof(T));
    release();
    data_ = grown;
    capacity_ = uint32_t(capacity);
  }
  T* insert(const T* where, T value) {
    const size_t at = where - data_;
    push_back(value);
    std::rotate(data_ + at, data_ + size_ - 1, data_ + size_);
    return data_ + at;
  }
  template <std::input_iterator It>
  void insert(const T* where, It first, It last) {
    for (size_t at = where - data_; first != last; ++first, ++at) insert(data_ + at, T(*first));
  }
  T* erase(const T* where) {
    T* const at = data_ + (where - data_);
    std::copy(at + 1, end(), at);
    --size_;
    return at;
  }

  friend bool operator==(const SmallVector& a, const SmallVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  void assign(const SmallVector& other) {
    reserve(other.size_);
    std::memcpy(static_cast<void*>(data_), other.data_, other.size_ * sizeof(T));
    size_ = other.size_;
  }
  void steal(SmallVector& other) {
    if (other.data_ == other.inside_) {
      std::memcpy(static_cast<void*>(inside_), other.inside_, other.size_ * sizeof(T));
      data_ = inside_;
      capacity_ = N;
    } else {
      data_ = other.data_;
      capacity_ = other.capacity_;
    }
    size_ = other.size_;
    other.data_ = other.inside_;
    other.capacity_ = N;
    other.size_ = 0;
  }
  void release() {
    if (data_ != inside_) delete[] data_;
  }

  uint32_t size_ = 0;
  uint32_t capacity_ = N;
  T* data_ = inside_;
  T inside_[N];
};

}  // namespace mlx
