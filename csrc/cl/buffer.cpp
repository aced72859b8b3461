// Buffers: what the host may see when, and the order of their uses.
#include "cl/buffer.h"

#include <cstdlib>

#include "base/error.h"
#include "cl/lifetime.h"
#include "cl/opencl.h"

namespace mlx {

Buffer::~Buffer() {
  handle_ = {};
  if (owner_)
    owner_();
  else
    std::free(host_);
}

void Buffer::dispose(Buffer* buffer) {
  if (is_forked()) return;  // the pool's lock may be held by a thread that does not exist here
  Allocator& allocator = buffer->device_.allocator();
  if (buffer->is_adopted())
    allocator.return_to_owners(buffer);
  else
    allocator.take_back(buffer);
}

bool Buffer::is_settled() const {
  return !last_queue_ || last_queue_->has_completed(last_ticket_);
}

void Buffer::settle() {
  if (!is_settled()) last_queue_->finish();
}

Progress Buffer::pending_writer() const {
  return Progress(last_queue_ && !last_queue_->has_completed(last_write_) ? last_queue_.get()
                                                                          : nullptr);
}

void Buffer::settle_write() {
  if (const Progress writer = pending_writer()) writer.finish();
}

void Buffer::make_mirror() {
  if (host_) return;
  host_ = std::aligned_alloc(4096, (capacity_ + 4095) / 4096 * 4096);
  if (!host_)
    fail<std::runtime_error>("malloc", "cannot allocate ", capacity_, " bytes of host memory.");
}

const void* Buffer::read() {
  settle_write();
  if (device_.facts().unified) return host_;
  make_mirror();
  if (device_newer_) {
    check(clEnqueueReadBuffer(last_queue_->lane(), handle(), CL_TRUE, 0, capacity_, host_, 0,
                              nullptr, nullptr),
          "clEnqueueReadBuffer");
    device_newer_ = false;
  }
  return host_;
}

void* Buffer::write() {
  read();
  settle();
  host_newer_ = !device_.facts().unified;
  return host_;
}

void* Buffer::share() {
  shared_ = true;
  return write();
}

void* Buffer::mirror() {
  if (!device_.facts().unified) make_mirror();
  return host_;
}

void* Buffer::bring_to_host(Queue& queue) {
  if (!device_.facts().unified) {
    make_mirror();
    // The device stays the newer side, so that whoever looks from the host waits for this first.
    if (device_newer_)
      check(clEnqueueReadBuffer(queue.lane(), handle(), CL_FALSE, 0, capacity_, host_, 0, nullptr,
                                nullptr),
            "clEnqueueReadBuffer");
  }
  return host_;
}

void Buffer::take_from_host(Queue& queue) {
  if (!device_.facts().unified)
    check(clEnqueueWriteBuffer(queue.lane(), handle(), CL_FALSE, 0, capacity_, host_, 0, nullptr,
                               nullptr),
          "clEnqueueWriteBuffer");
}

void Buffer::use(Queue& queue, bool writes) {
  const bool moves = last_queue_.get() != &queue;
  if (moves) {
    if (last_queue_) queue.after(*last_queue_, last_ticket_);
    last_queue_ = Ref<Queue>(&queue);
  }
  if (!device_.facts().unified) {
    if ((host_newer_ || shared_) && host_ && !device_newer_) {
      check(clEnqueueWriteBuffer(queue.lane(), handle(), CL_FALSE, 0, capacity_, host_, 0, nullptr,
                                 nullptr),
            "clEnqueueWriteBuffer");
      host_newer_ = false;
    }
    if (writes) device_newer_ = true;
  }
  last_ticket_ = queue.ticket() + 1;
  if (writes || moves) last_write_ = last_ticket_;  // a move stands for the writes it waits for
}

}  // namespace mlx
