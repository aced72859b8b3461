// The engine over MPI. Everything is started without blocking and then polled, so that waiting has
// an end; MPI is called by one thread at a time.
#include <sched.h>
#include <time.h>

#include <algorithm>

#include "base/error.h"
#include "comm/backends.h"
#include "comm/mpi_library.h"

namespace mlx::comm {
namespace {

constexpr int thread_serialized = 2, thread_multiple = 3;
constexpr double leave_seconds = 10;  ///< how long the others are waited for at the end

std::mutex& mpi_mutex() {
  static auto* const mutex = new std::mutex;  // leaked: used at exit
  return *mutex;
}

/// Spends the time between two polls: with the processor while something may arrive any moment,
/// then asleep.
class Patience {
 public:
  explicit Patience(size_t bytes)
      : busy_until_(std::chrono::steady_clock::now() + std::chrono::milliseconds(2) +
                    std::chrono::nanoseconds(4 * bytes)) {}
  void pass() {
    if (std::chrono::steady_clock::now() < busy_until_) {
      sched_yield();
      return;
    }
    const timespec pause{0, std::min(20'000l * ++pauses_, 200'000l)};
    nanosleep(&pause, nullptr);
  }

 private:
  std::chrono::steady_clock::time_point busy_until_;
  int pauses_ = 0;
};

template <typename Abi>
std::string reason_of(const Mpi<Abi>& mpi, int code) {
  char text[4096] = "";
  int length = 0;
  mpi.Error_string(code, text, &length);
  return text;
}

template <typename Abi>
class MpiPending final : public Pending {
 public:
  MpiPending(const Mpi<Abi>& mpi, const char* op) : mpi_(mpi), op_(op) {}
  ~MpiPending() override {
    const std::lock_guard lock(mpi_mutex());
    for (Part& part : parts_) {
      if (part.done) continue;
      if (part.receives) mpi_.Cancel(&part.request);  // nothing is written from here on
      mpi_.Request_free(&part.request);
    }
  }
  void add(typename Abi::Request request, int peer, bool receives, size_t bytes) {
    parts_.push_back({request, peer, receives, false});
    bytes_ += bytes;
  }
  void abort() override {}  // the polls look whether waiting is over
  void wait() override {
    const Deadline deadline;
    Patience patience(bytes_);
    while (!test()) {
      if (deadline.has_passed()) fail_waiting(op_, first_missing());
      patience.pass();
    }
  }

 private:
  struct Part {
    typename Abi::Request request;
    int peer;
    bool receives, done;
  };
  bool test() {
    const std::lock_guard lock(mpi_mutex());
    bool all = true;
    for (Part& part : parts_) {
      if (part.done) continue;
      int flag = 0;
      const int code = mpi_.Test(&part.request, &flag, Abi::status_ignore());
      if (code != 0) {
        part.done = true;
        fail_broken(op_, part.peer, reason_of(mpi_, code));
      }
      part.done = flag;
      all &= part.done;
    }
    return all;
  }
  int first_missing() const {
    for (const bool receives : {true, false})
      for (const Part& part : parts_)
        if (!part.done && part.receives == receives) return part.peer;
    return 0;
  }
  const Mpi<Abi>& mpi_;
  const char* op_;
  std::vector<Part> parts_;
  size_t bytes_ = 0;
};

template <typename Abi>
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(const Mpi<Abi>& mpi, typename Abi::Comm comm, int rank, int size)
      : Communicator(rank, size),
        mpi_(mpi),
        comm_(comm),
        byte_(Abi::datatype(mpi.library, uint8)) {}
  const char* backend() const override { return "mpi"; }

 protected:
  std::unique_ptr<Pending> post(const char* op, Channel channel, const Parts& sends,
                                const Parts& receives) override {
    auto pending = std::make_unique<MpiPending<Abi>>(mpi_, op);
    const std::lock_guard lock(mpi_mutex());
    for_each_piece(sends, receives, [&](bool receiving, const Part& piece) {
      start(*pending, op, channel, receiving, piece);
    });
    return pending;
  }

  bool reduces_natively(Reduction reduction, Dtype dtype) const override {
    // Extrema of floating numbers are ours, since MPI's pass over NaN.
    return dtype.is_integer() ||
           (reduction == Reduction::sum && (dtype == float32 || dtype == float64));
  }

  void reduce_natively(const char* op, Reduction reduction, Dtype dtype, const void* in, void* out,
                       size_t count) override {
    typename Abi::Request request;
    int code;
    {
      const std::lock_guard lock(mpi_mutex());
      code = mpi_.Iallreduce(in == out ? Abi::in_place() : in, out, int(count),
                             Abi::datatype(mpi_.library, dtype), Abi::op(mpi_.library, reduction),
                             comm_, &request);
    }
    const Deadline deadline;
    Patience patience(count * dtype.size());
    for (int done = 0; code == 0; patience.pass()) {
      {
        const std::lock_guard lock(mpi_mutex());
        code = mpi_.Test(&request, &done, Abi::status_ignore());
      }
      if (done) return;
      if (deadline.has_passed())
        fail<std::runtime_error>(op, "another rank stopped in the middle of it; it was waited for ",
                                 Deadline::seconds(), " seconds (MLX_DISTRIBUTED_TIMEOUT).");
    }
    fail<std::runtime_error>(op, "MPI failed: ", reason_of(mpi_, code));
  }

  std::shared_ptr<Communicator> make_split(const std::vector<int>& members, int rank) override {
    typename Abi::Comm part;
    const std::lock_guard lock(mpi_mutex());
    const int code = mpi_.Comm_split(comm_, members[0], rank, &part);
    if (code != 0) fail<std::runtime_error>("split", "MPI failed: ", reason_of(mpi_, code));
    return std::make_shared<MpiCommunicator>(mpi_, part, rank, int(members.size()));
  }

 private:
  void start(MpiPending<Abi>& pending, const char* op, Channel channel, bool receiving,
             const Part& part) {
    typename Abi::Request request;
    const int tag = int(channel);
    const int code =
        receiving ? mpi_.Irecv(part.data, int(part.bytes), byte_, part.peer, tag, comm_, &request)
                  : mpi_.Isend(part.data, int(part.bytes), byte_, part.peer, tag, comm_, &request);
    if (code != 0) fail_broken(op, part.peer, reason_of(mpi_, code));
    pending.add(request, part.peer, receiving, part.bytes);
  }

  const Mpi<Abi>& mpi_;
  const typename Abi::Comm comm_;
  const typename Abi::Datatype byte_;
};

void (*finalize)() = nullptr;

/// Ends MPI, unless others do not come along: then the process just ends, and the launcher sees to
/// the rest.
template <typename Abi>
void end(const Mpi<Abi>& mpi) {
  const std::lock_guard lock(mpi_mutex());
  int ended = 0;
  mpi.Finalized(&ended);
  if (ended) return;
  typename Abi::Request request;
  int done = mpi.Ibarrier(Abi::world(mpi.library), &request) == 0 ? 0 : -1;
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(leave_seconds);
  Patience patience(0);
  while (done == 0 && std::chrono::steady_clock::now() < until) {
    if (mpi.Test(&request, &done, Abi::status_ignore()) != 0) return;
    if (!done) patience.pass();
  }
  if (done == 1) mpi.Finalize();
}

template <typename Abi>
std::shared_ptr<Communicator> connect(const MpiLibrary& library) {
  static const auto* const mpi = new Mpi<Abi>(library);
  int initialized = 0, level = thread_multiple;
  mpi->Initialized(&initialized);
  if (!initialized) {
    const int code = mpi->Init_thread(nullptr, nullptr, thread_multiple, &level);
    if (code != 0)
      fail<std::runtime_error>("distributed.init",
                               "MPI_Init_thread failed: ", reason_of(*mpi, code));
    finalize = [] { end(*mpi); };
  }
  if (level < thread_serialized)
    fail<std::runtime_error>("distributed.init", library.name,
                             " may not be used by more than one thread.");
  typename Abi::Comm own;
  const auto must = [&](int code) {
    if (code != 0) fail<std::runtime_error>("distributed.init", reason_of(*mpi, code));
  };
  must(mpi->Comm_dup(Abi::world(library), &own));
  must(mpi->Comm_set_errhandler(own, Abi::errors_return(library)));
  int rank = 0, size = 1;
  must(mpi->Comm_rank(own, &rank));
  must(mpi->Comm_size(own, &size));
  return std::make_shared<MpiCommunicator<Abi>>(*mpi, own, rank, size);
}

}  // namespace

std::shared_ptr<Communicator> connect_mpi() {
  std::string reason;
  const MpiLibrary* const library = mpi_library(reason);
  if (!library)
    fail<std::runtime_error>("distributed.init", "no MPI library could be loaded (", reason,
                             "); install Open MPI or MPICH, or name it in MLX_MPI_LIBNAME.");
  return library->is_open_mpi ? connect<OpenMpi>(*library) : connect<Mpich>(*library);
}

void finalize_mpi() {
  if (finalize) finalize();
}

}  // namespace mlx::comm
