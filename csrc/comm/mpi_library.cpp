// Finding and loading MPI, and the constants of its two binary interfaces.
#include "comm/mpi_library.h"

#include <dlfcn.h>

#include <cstring>
#include <vector>

#include "base/env.h"
#include "base/error.h"

namespace mlx::comm {
namespace {

// Set by mpirun for every process it starts.
constexpr const char* open_mpi_marks[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK"};
constexpr const char* mpich_marks[] = {"PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"};

template <size_t N>
bool is_any_set(const char* const (&names)[N]) {
  for (const char* name : names)
    if (!env::of_others(name).empty()) return true;
  return false;
}

std::vector<std::string> candidates() {
  if (!env::mpi_libname().empty()) return {env::mpi_libname()};
  if (is_any_set(open_mpi_marks)) return {"libmpi.so.40", "libmpi.so"};
  if (is_any_set(mpich_marks)) return {"libmpich.so.12", "libmpi.so.12", "libmpi.so"};
  return {"libmpi.so.40", "libmpich.so.12", "libmpi.so.12", "libmpi.so"};
}

bool has_mpich_interface(void* handle) {
  using Version = int (*)(char*, int*);
  const auto version = reinterpret_cast<Version>(dlsym(handle, "MPI_Get_library_version"));
  if (!version) return false;
  std::vector<char> text(16384);
  int length = 0;
  version(text.data(), &length);
  for (const char* name : {"MPICH", "Intel", "MVAPICH", "CRAY"})
    if (std::strstr(text.data(), name)) return true;
  return false;
}

MpiLibrary load(std::string& reason) {
  for (const std::string& name : candidates()) {
    void* const handle = dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!handle) {
      if (reason.empty()) reason = dlerror();
      continue;
    }
    const bool is_open_mpi = dlsym(handle, "ompi_mpi_comm_world");
    if (is_open_mpi || has_mpich_interface(handle)) return {handle, name, is_open_mpi};
    reason = name + " has neither Open MPI's nor MPICH's binary interface";
  }
  return {};
}

}  // namespace

const MpiLibrary* mpi_library(std::string& reason) {
  static std::string why;
  static const MpiLibrary library = load(why);
  reason = why;
  return library.handle ? &library : nullptr;
}

bool launched_by_mpi() {
  const auto alone = [](const char* name) { return env::of_others(name) == "1"; };
  return (is_any_set(open_mpi_marks) || is_any_set(mpich_marks)) &&
         !alone("OMPI_COMM_WORLD_SIZE") && !alone("PMI_SIZE");
}

void* mpi_symbol(const MpiLibrary& library, const char* name) {
  // A program that is linked with Open MPI has copies of its objects, which its library uses, too.
  void* symbol = library.is_open_mpi ? dlsym(RTLD_DEFAULT, name) : nullptr;
  if (!symbol) symbol = dlsym(library.handle, name);
  if (!symbol) fail<std::runtime_error>("distributed.init", library.name, " has no ", name, ".");
  return symbol;
}

OpenMpi::Comm OpenMpi::world(const MpiLibrary& library) {
  return mpi_symbol(library, "ompi_mpi_comm_world");
}

OpenMpi::Errhandler OpenMpi::errors_return(const MpiLibrary& library) {
  return mpi_symbol(library, "ompi_mpi_errors_return");
}

OpenMpi::Op OpenMpi::op(const MpiLibrary& library, Reduction reduction) {
  return mpi_symbol(library, reduction == Reduction::sum   ? "ompi_mpi_op_sum"
                             : reduction == Reduction::max ? "ompi_mpi_op_max"
                                                           : "ompi_mpi_op_min");
}

OpenMpi::Datatype OpenMpi::datatype(const MpiLibrary& library, Dtype dtype) {
  switch (dtype.id()) {
    case Dtype::int8:
      return mpi_symbol(library, "ompi_mpi_int8_t");
    case Dtype::int16:
      return mpi_symbol(library, "ompi_mpi_int16_t");
    case Dtype::int32:
      return mpi_symbol(library, "ompi_mpi_int32_t");
    case Dtype::int64:
      return mpi_symbol(library, "ompi_mpi_int64_t");
    case Dtype::uint16:
      return mpi_symbol(library, "ompi_mpi_uint16_t");
    case Dtype::uint32:
      return mpi_symbol(library, "ompi_mpi_uint32_t");
    case Dtype::uint64:
      return mpi_symbol(library, "ompi_mpi_uint64_t");
    case Dtype::float32:
      return mpi_symbol(library, "ompi_mpi_float");
    case Dtype::float64:
      return mpi_symbol(library, "ompi_mpi_double");
    default:
      return mpi_symbol(library, "ompi_mpi_uint8_t");
  }
}

Mpich::Op Mpich::op(const MpiLibrary&, Reduction reduction) {
  return reduction == Reduction::sum   ? 0x58000003
         : reduction == Reduction::max ? 0x58000001
                                       : 0x58000002;
}

Mpich::Datatype Mpich::datatype(const MpiLibrary&, Dtype dtype) {
  switch (dtype.id()) {
    case Dtype::int8:
      return 0x4c000137;
    case Dtype::int16:
      return 0x4c000238;
    case Dtype::int32:
      return 0x4c000439;
    case Dtype::int64:
      return 0x4c00083a;
    case Dtype::uint16:
      return 0x4c00023c;
    case Dtype::uint32:
      return 0x4c00043d;
    case Dtype::uint64:
      return 0x4c00083e;
    case Dtype::float32:
      return 0x4c00040a;
    case Dtype::float64:
      return 0x4c00080b;
    default:
      return 0x4c00013b;  // uint8_t
  }
}

}  // namespace mlx::comm
