// Kernels that are built ahead of their use, by another process, while this one builds others.
#pragma once

#include <string>
#include <vector>

#include "graph/array.h"

namespace mlx {
struct Group;
struct Layout;
struct ProgramText;
class Kit;
}  // namespace mlx

namespace mlx::ahead {

/// The command of the other process, which gets a socket as its standard input and calls serve().
/// The Python floor sets it; while it is empty nothing is built ahead.
extern std::vector<std::string> command;

/// Looks through an evaluation that is about to begin. Where it will need several elementwise
/// kernels that are not stored, the other process builds them, the last first: PoCL compiles one
/// kernel at a time in a process. They come back through the disk cache, so a wrong guess costs
/// that process's time and nothing else.
/// For groups that a kit can run it is the kit that is wanted.
void look_through(const std::vector<Node*>& order);

// Messages: what is to be built. A kit's is its name, a group's what its text is made of; any other
// program goes as it is.
std::string message_for(const Group& group, const Layout& layout);
std::string message_for(const Kit& kit);
std::string message_for(const ProgramText& program);
/// Asks the other process for a program; true where it has been asked before. False where there is
/// no such process, and for messages that are too long.
bool request(const Device& device, const std::string& message);

/// The other process: builds what it is sent until the sender ends or nothing comes for a while.
void serve();

}  // namespace mlx::ahead
