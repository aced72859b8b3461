// Which library carries the messages: found, chosen and connected here.
#pragma once

#include <memory>
#include <string>

#include "comm/communicator.h"

namespace mlx::comm {

/// Whether a backend is there: "mpi", "ring", or "any" of them. Others never are.
bool is_available(const std::string& backend);
/// All processes of the run, by the backend "any", "mpi" or "ring"; connects at the first call.
/// Null when nothing says that there are others: then, too, where `strict` is false. Throws
/// std::runtime_error, also when a launcher started this process with others and none of its
/// backends works.
std::shared_ptr<Communicator> connect(const std::string& backend, bool strict);
/// Forgets what connect() gave: the next call connects anew.
void forget();
/// At the end of a program, before the queues are waited for: takes leave from the others, who may
/// still want messages. `failing` says that the program ends with an error, so that nobody waits.
void disconnect(bool failing);

// The engines. Each throws std::runtime_error when it cannot connect.
std::shared_ptr<Communicator> connect_mpi();
void finalize_mpi();
bool has_gloo();
std::shared_ptr<Communicator> connect_gloo();

}  // namespace mlx::comm
