// Kernels that are built ahead of their use, by another process, while this one builds others.
#include "graph/ahead.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>
#include <unordered_set>

#include "base/env.h"
#include "cl/build.h"
#include "cl/disk_cache.h"
#include "cl/draft.h"
#include "graph/group_kernel.h"
#include "graph/layout.h"

extern char** environ;

namespace mlx::ahead {

std::vector<std::string> command;

namespace {

constexpr size_t worth_a_process = 4;  ///< kernels; starting one costs as much as building a few
constexpr size_t longest_message = 128 << 10;
constexpr int idle_milliseconds = 10'000;
const std::string kit_word = "kit ", program_word = "program ";

/// An array as it will be once evaluated: row-major.
array imagined(const array& x) {
  if (x.is_evaluated()) return x;
  array y(make_ref<Node>(x.shape(), x.dtype()));
  y.node().strides = row_major(x.shape());
  y.node().evaluated = true;
  return y;
}

/// The message about the kernel that a node will need if it is evaluated by itself and its inputs
/// are row-major. `kit` becomes the kit that can run it, if any.
std::string message_about(const Node& node, const Capabilities& device, Kit*& kit) {
  const Fragment* const fragment = node.siblings ? nullptr : node.primitive->fragment(node.inputs);
  if (!fragment || !fragment->expression || node.size == 0) return "";
  const Group group = group_of_one(*fragment, node.inputs, node.dtype);
  if (const auto interpreted = Interpreted::translate(group)) kit = &interpreted->kit();
  Arrays inputs;
  for (const array& x : node.inputs) inputs.push_back(imagined(x));
  const Strides strides = row_major(node.shape);
  const Layout layout = lay_out(node.shape, inputs, group.constant, {&strides}, short_row(device));
  return ahead::message_for(group, layout);
}

/// The socket to the other process, which is started when there is none; -1 where that fails.
int connection() {
  static int socket = -1;
  if (socket >= 0) {
    char byte;
    if (recv(socket, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
      return socket;  // else it has ended
    close(socket);
    socket = -1;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // A shell starts it and ends at once: a child of this process would meet a program that waits for
  // its own children. The timeline is that of the program, and written by it alone.
  std::string shell[] = {"/bin/sh", "-c", "exec 3<&0; unset MLX_CL_TRACE; \"$@\" <&3 3<&- &", "sh"};
  std::vector<char*> words;
  for (std::string& word : shell) words.push_back(word.data());
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t process;
  const bool started =
      posix_spawn(&process, words[0], &files, nullptr, words.data(), environ) == 0 &&
      waitpid(process, nullptr, 0) == process;
  posix_spawn_file_actions_destroy(&files);
  close(ends[1]);
  if (started)
    socket = ends[0];
  else
    close(ends[0]), command.clear();
  return socket;
}

/// Whether there can be another process that builds what this device lacks.
bool possible(const Device& device) {
  return device.facts().is_pocl && device.facts().is_cpu && !command.empty() &&
         env::ahead() != "0" && !disk_cache::folder().empty() &&
         std::thread::hardware_concurrency() >= 2;
}

/// The program that a message asks for.
ProgramText program_of(const std::string& message, const Capabilities& device) {
  const size_t end = message.find('\0');
  if (message.rfind(kit_word, 0) == 0)
    return generated_text(device, Kit::named(message.substr(kit_word.size())).text());
  if (message.rfind(program_word, 0) == 0)
    return {message.substr(end + 1), message.substr(program_word.size(), end - program_word.size()),
            true};
  return generated_text(device, group_text(message.substr(0, end), message.substr(end + 1)));
}

/// Drafts learn here who builds what they stand for.
const bool drafts_know = (elsewhere = {possible,
                                       [](const Device& device, const ProgramText& text) {
                                         return request(device, message_for(text));
                                       }},
                          true);

}  // namespace

std::string message_for(const Group& group, const Layout& layout) {
  return features_of(group) + '\0' + source_of(group, layout.classes, layout.rank);
}

std::string message_for(const Kit& kit) {
  return kit_word + kit.name();
}

std::string message_for(const ProgramText& program) {
  return program_word + program.options + '\0' + program.source;
}

bool request(const Device& device, const std::string& message) {
  if (!possible(device) || message.size() > longest_message) return false;
  static auto* const sent = new std::unordered_set<std::string>;
  if (sent->count(message)) return true;
  const int socket = connection();
  // What does not fit in the socket's buffer is not sent.
  if (socket < 0 || send(socket, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return false;
  sent->insert(message);
  return true;
}

void look_through(const std::vector<Node*>& order) {
  // Everything is looked through once, then only what follows a build from source.
  static int built = -1;
  if (built == programs_built() || order.size() < worth_a_process) return;
  built = programs_built();
  static auto* const seen = new std::unordered_set<std::string>;
  std::vector<std::pair<const Device*, std::string>> missing;
  for (const Node* node : order) {
    const Device& device = Device::get(node->stream.device);
    if (!device.facts().is_cpu) continue;
    Kit* kit = nullptr;
    std::string message = message_about(*node, device.facts(), kit);
    if (message.empty() || !seen->insert(message).second) continue;
    if (is_stored(device, program_of(message, device.facts()))) continue;
    if (kit)
      kit->want();
    else if (possible(device))
      missing.emplace_back(&device, std::move(message));
  }
  if (missing.size() < worth_a_process) return;
  for (const auto& [device, message] : missing)
    if (!request(*device, message)) return;
}

void serve() {
  if (nice(5) == -1) {  // as it may be: the process that waits comes first
  }
  const Device& device = Device::get(DeviceType::cpu);
  std::vector<std::string> messages;
  std::string message(longest_message, '\0');
  for (;;) {
    pollfd incoming{STDIN_FILENO, POLLIN, 0};
    if (poll(&incoming, 1, messages.empty() ? idle_milliseconds : 0) < 0) return;
    if (incoming.revents) {
      const ssize_t size = recv(STDIN_FILENO, message.data(), message.size(), 0);
      if (size <= 0) return;
      messages.emplace_back(message.data(), size_t(size));
    } else if (messages.empty()) {
      return;
    } else {
      const ProgramText text = program_of(messages.back(), device.facts());
      messages.pop_back();
      Handle<cl_program> built[2];
      if (!is_stored(device, text)) build_program(device, false, text, built);
    }
  }
}

}  // namespace mlx::ahead
