// In-order submission: lanes, tickets, back-pressure and native work.
#include "cl/queue.h"

#include <algorithm>
#include <future>

#include "cl/buffer.h"
#include "cl/lifetime.h"
#include "cl/opencl.h"
#include "cl/trace.h"

namespace mlx {
namespace {

// Below this much work a launch costs less in the calling thread than waking the other cores.
constexpr size_t small_work = 64 * 1024;
constexpr uint64_t launches_per_flush = 16, launches_per_marker = 64, launches_in_flight = 256;
constexpr size_t bytes_per_marker = size_t(1) << 28;

Handle<cl_command_queue> make_lane(const Device& device, cl_device_id id) {
  const cl_command_queue_properties properties = trace::timing() ? CL_QUEUE_PROFILING_ENABLE : 0;
  cl_int code = CL_SUCCESS;
  Handle lane(clCreateCommandQueue(device.context(), id, properties, &code));
  check(code, "clCreateCommandQueue");
  return lane;
}

using Job = std::function<void()>;

void CL_CALLBACK run_native(void* argument) {
  const std::unique_ptr<Job> job(*static_cast<Job**>(argument));
  (*job)();
}

using Status = std::promise<cl_int>;

void CL_CALLBACK tell_status(cl_event, cl_int status, void* promise) {
  std::unique_ptr<Status>(static_cast<Status*>(promise))->set_value(status);
}

/// The status of an event once it is complete or has failed. To wait for it takes no lock of the
/// runtime's: rusticl holds one of a queue's while a thread is in clFinish, and clWaitForEvents
/// wants it.
std::shared_future<cl_int> status_of(cl_event event) {
  auto promise = std::make_unique<Status>();
  std::shared_future<cl_int> status = promise->get_future().share();
  check(clSetEventCallback(event, CL_COMPLETE, tell_status, promise.get()), "clSetEventCallback");
  promise.release();
  return status;
}

/// Runs native work for devices that cannot.
Worker& host_worker() {
  static Worker* const worker = new Worker;
  return *worker;
}

}  // namespace

Queue::Queue(Device& device) : device_(device) {
  require_original_process();
  wide_ = make_lane(device, device.wide());
  if (device.small()) small_ = make_lane(device, device.small());
  lane_ = wide_.get();
  register_queue(this);
}

Queue::~Queue() {
  forget_queue(this);
}

void Queue::dispose(Queue* queue) {
  if (is_forked()) return;  // its locks may be held by threads that do not exist here
  delete queue;
}

void Queue::expect(size_t work) {
  if (!small_) return;
  // With one core there is nobody to wake.
  const bool here = work <= small_work || device_.facts().compute_units == 1;
  lane_ = here && is_idle() ? small_.get() : wide_.get();
}

void Queue::completed_up_to(uint64_t ticket) {
  uint64_t known = completed_.load(std::memory_order_relaxed);
  while (known < ticket &&
         !completed_.compare_exchange_weak(known, ticket, std::memory_order_release)) {
  }
}

uint64_t Queue::submitted_one(size_t bytes) {
  const uint64_t ticket = submitted_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (is_small()) {  // ran in this thread, before the call that enqueued it returned
    completed_up_to(ticket);
    return ticket;
  }
  unmarked_bytes_ += bytes;
  if (ticket - marked_ >= launches_per_marker || unmarked_bytes_ >= bytes_per_marker) mark();
  if (ticket - flushed_ >= launches_per_flush) flush();
  return ticket;
}

void Queue::mark() {
  const uint64_t ticket = submitted_;
  Marker marker{ticket, {}};
  check(clEnqueueMarkerWithWaitList(lane_, 0, nullptr, marker.event.out()),
        "clEnqueueMarkerWithWaitList");
  marked_ = ticket;
  unmarked_bytes_ = 0;
  {
    const std::lock_guard lock(mutex_);
    markers_.push_back(std::move(marker));
  }
  flush();
  while (ticket - completed_ > launches_in_flight && wait_for_oldest_marker()) {
    if (check_interrupt) check_interrupt();
  }
}

bool Queue::wait_for_oldest_marker() {
  Marker oldest;
  {
    const std::lock_guard lock(mutex_);
    if (markers_.empty()) return false;
    oldest = std::move(markers_.front());
    markers_.pop_front();
  }
  const cl_event event = oldest.event.get();
  blocking([&] { check(clWaitForEvents(1, &event), "clWaitForEvents"); });
  completed_up_to(oldest.ticket);
  return true;
}

void Queue::enqueue(cl_kernel kernel, int dims, const size_t* global, const size_t* local,
                    const char* name, size_t bytes) {
  const bool timed = trace::timing();
  const int64_t enqueued = timed ? trace::now() : 0;
  cl_event event = nullptr;
  check(clEnqueueNDRangeKernel(lane_, kernel, cl_uint(dims), nullptr, global, local, 0, nullptr,
                               timed ? &event : nullptr),
        "clEnqueueNDRangeKernel");
  if (timed) trace::launched(name, bytes, is_small() ? "small" : "wide", event, enqueued);
  submitted_one(bytes);
}

void Queue::run(const std::function<void()>& work) noexcept {
  try {
    work();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void Queue::native(const char* name, std::function<void()> work, const std::vector<Buffer*>& reads,
                   const std::vector<Buffer*>& writes) {
  if (!device_.facts().native_kernels) {
    std::vector<Buffer*> brought = reads;  // what is written may be read before
    brought.insert(brought.end(), writes.begin(), writes.end());
    return apart(
        name, host_worker(), [work = std::move(work)](const std::vector<void*>&) { work(); },
        brought, writes);
  }
  for (Buffer* const buffer : reads) buffer->use(*this, false);
  for (Buffer* const buffer : writes) buffer->use(*this, true);
  if (is_small()) {
    const int64_t start = trace::timing() ? trace::now() : 0;
    run(work);
    if (trace::timing()) trace::ran(name, 0, "small", start, trace::now());
    submitted_one();
    return;
  }
  auto job = std::make_unique<Job>(
      [queue = Ref<Queue>(this), work = std::move(work)] { queue->run(work); });
  Job* argument = job.get();
  const int64_t enqueued = trace::timing() ? trace::now() : 0;
  cl_event event = nullptr;
  check(clEnqueueNativeKernel(lane_, run_native, &argument, sizeof argument, 0, nullptr, nullptr, 0,
                              nullptr, trace::timing() ? &event : nullptr),
        "clEnqueueNativeKernel");
  job.release();
  if (event) trace::launched(name, 0, "native", event, enqueued);
  submitted_one();
}

void Queue::apart(const char* name, Worker& worker,
                  std::function<void(const std::vector<void*>&)> work,
                  const std::vector<Buffer*>& reads, const std::vector<Buffer*>& writes) {
  lane_ = wide_.get();  // the small one runs everything in this thread
  std::vector<void*> addresses;
  for (Buffer* const buffer : reads) {
    buffer->use(*this, false);
    addresses.push_back(buffer->bring_to_host(*this));
  }
  for (Buffer* const buffer : writes) {
    buffer->use(*this, true);
    addresses.push_back(buffer->mirror());
  }
  Handle<cl_event> ready;
  check(clEnqueueMarkerWithWaitList(lane_, 0, nullptr, ready.out()), "clEnqueueMarkerWithWaitList");
  const std::shared_future<cl_int> before = status_of(ready.get());
  flush();  // rusticl completes what is flushed together at its end, the wait below included
  cl_int code = CL_SUCCESS;
  Handle done(clCreateUserEvent(device_.context(), &code));
  check(code, "clCreateUserEvent");
  const cl_event awaited = done.get();
  check(clEnqueueBarrierWithWaitList(lane_, 1, &awaited, nullptr), "clEnqueueBarrierWithWaitList");
  for (Buffer* const buffer : writes) buffer->take_from_host(*this);
  submitted_one();
  flush();
  worker.post([queue = Ref<Queue>(this), name, before,
               after = std::make_shared<Handle<cl_event>>(std::move(done)), work = std::move(work),
               addresses = std::move(addresses)] {
    const int64_t start = trace::timing() ? trace::now() : 0;
    queue->run([&] {
      check(std::min(before.get(), CL_SUCCESS), "what comes before work on the host");
      work(addresses);
    });
    if (trace::timing()) trace::ran(name, 0, "apart", start, trace::now());
    clSetUserEventStatus(after->get(), CL_COMPLETE);
  });
}

void Queue::flush() {
  if (is_small()) return;
  check(clFlush(lane_), "clFlush");
  flushed_ = submitted_;
}

void Queue::wait() {
  const uint64_t target = submitted_;
  if (!has_completed(target)) {
    // Mesa's rusticl (22.3) waits only for what has not been flushed yet, so there is always
    // something.
    if (!device_.facts().is_pocl)
      check(clEnqueueMarkerWithWaitList(wide_.get(), 0, nullptr, nullptr),
            "clEnqueueMarkerWithWaitList");
    check(clFinish(wide_.get()), "clFinish");
    completed_up_to(target);
  }
  const std::lock_guard lock(mutex_);
  while (!markers_.empty() && has_completed(markers_.front().ticket)) markers_.pop_front();
}

void Queue::finish() {
  require_original_process();
  while (!is_idle() && wait_for_oldest_marker()) {
    if (check_interrupt) check_interrupt();
  }
  if (is_idle())
    wait();
  else
    blocking([&] { wait(); });
  if (trace::timing()) trace::collect();
  if (const std::exception_ptr failure = take_failure()) std::rethrow_exception(failure);
}

std::exception_ptr Queue::take_failure() {
  std::exception_ptr failure;
  std::vector<Ref<Queue>> awaited;
  {
    const std::lock_guard lock(mutex_);
    std::swap(failure, failure_);
    std::swap(awaited, awaited_);  // empty from here on: queues may have waited for each other
  }
  for (const Ref<Queue>& queue : awaited) {
    const std::exception_ptr theirs = queue->take_failure();
    if (!failure) failure = theirs;
  }
  return failure;
}

void Queue::after(Queue& other, uint64_t ticket) {
  if (&other == this || other.has_completed(ticket)) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::find(awaited_.begin(), awaited_.end(), Ref<Queue>(&other)) == awaited_.end())
      awaited_.emplace_back(&other);
  }
  if (&other.device_ != &device_) return other.wait();
  // Events never cross PoCL's two devices: whoever waits does so on the wide one, and counts as
  // pending there.
  lane_ = wide_.get();
  Handle<cl_event> event;
  check(clEnqueueMarkerWithWaitList(other.wide_.get(), 0, nullptr, event.out()),
        "clEnqueueMarkerWithWaitList");
  check(clFlush(other.wide_.get()), "clFlush");
  const cl_event waited = event.get();
  check(clEnqueueBarrierWithWaitList(lane_, 1, &waited, nullptr), "clEnqueueBarrierWithWaitList");
  submitted_one();
}

}  // namespace mlx
