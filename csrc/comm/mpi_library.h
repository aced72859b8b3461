// The part of MPI that is used, loaded at run time. MPI fixes functions, not their binary
// interface: Open MPI's handles point to objects that the library exports, MPICH's (and Intel's and
// MVAPICH's) are integers.
#pragma once

#include <string>

#include "comm/combine.h"

namespace mlx::comm {

/// Found by MLX_MPI_LIBNAME, or by the names of the libraries that go with the launcher that
/// started this process. Stays open.
struct MpiLibrary {
  void* handle = nullptr;
  std::string name;
  bool is_open_mpi = false;
};
/// Null, and why in `reason`, where there is none.
const MpiLibrary* mpi_library(std::string& reason);
/// True when a launcher of MPI programs started this process among others.
bool launched_by_mpi();
/// The address of a function or an object; throws std::runtime_error when it is not there.
void* mpi_symbol(const MpiLibrary& library, const char* name);

struct OpenMpi {
  using Comm = void*;
  using Datatype = void*;
  using Op = void*;
  using Request = void*;
  using Errhandler = void*;
  static void* status_ignore() { return nullptr; }
  static void* in_place() { return reinterpret_cast<void*>(1); }
  static Comm world(const MpiLibrary& library);
  static Errhandler errors_return(const MpiLibrary& library);
  static Datatype datatype(const MpiLibrary& library, Dtype dtype);
  static Op op(const MpiLibrary& library, Reduction reduction);
};

struct Mpich {
  using Comm = int;
  using Datatype = int;
  using Op = int;
  using Request = int;
  using Errhandler = int;
  static void* status_ignore() { return reinterpret_cast<void*>(1); }
  static void* in_place() { return reinterpret_cast<void*>(-1); }
  static Comm world(const MpiLibrary&) { return 0x44000000; }
  static Errhandler errors_return(const MpiLibrary&) { return 0x54000001; }
  static Datatype datatype(const MpiLibrary&, Dtype dtype);
  static Op op(const MpiLibrary&, Reduction reduction);
};

/// The functions, with the handles of one interface.
template <typename Abi>
struct Mpi {
  using Comm = typename Abi::Comm;
  using Datatype = typename Abi::Datatype;
  using Request = typename Abi::Request;

#define MPI_FUNCTIONS(F)                                                             \
  F(Initialized, int*)                                                               \
  F(Init_thread, int*, char***, int, int*)                                           \
  F(Finalize)                                                                        \
  F(Finalized, int*)                                                                 \
  F(Comm_rank, Comm, int*)                                                           \
  F(Comm_size, Comm, int*)                                                           \
  F(Comm_dup, Comm, Comm*)                                                           \
  F(Comm_split, Comm, int, int, Comm*)                                               \
  F(Comm_set_errhandler, Comm, typename Abi::Errhandler)                             \
  F(Error_string, int, char*, int*)                                                  \
  F(Isend, const void*, int, Datatype, int, int, Comm, Request*)                     \
  F(Irecv, void*, int, Datatype, int, int, Comm, Request*)                           \
  F(Iallreduce, const void*, void*, int, Datatype, typename Abi::Op, Comm, Request*) \
  F(Ibarrier, Comm, Request*)                                                        \
  F(Test, Request*, int*, void*)                                                     \
  F(Cancel, Request*)                                                                \
  F(Request_free, Request*)

#define MPI_FUNCTION(name, ...) int (*name)(__VA_ARGS__);
  MPI_FUNCTIONS(MPI_FUNCTION)
#undef MPI_FUNCTION

  explicit Mpi(const MpiLibrary& from) : library(from) {
#define MPI_FUNCTION(name, ...) \
  name = reinterpret_cast<int (*)(__VA_ARGS__)>(mpi_symbol(library, "MPI_" #name));
    MPI_FUNCTIONS(MPI_FUNCTION)
#undef MPI_FUNCTION
#undef MPI_FUNCTIONS
  }
  const MpiLibrary& library;
};

}  // namespace mlx::comm
