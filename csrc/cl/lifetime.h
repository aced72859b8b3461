// The ends of a process: forks, which OpenCL does not survive, and exit.
#pragma once

namespace mlx {

class Queue;

/// Before the first OpenCL call: notices forks from then on.
void watch_forks();
/// True in a process forked from one that had used OpenCL: its drivers' threads are gone, every
/// wait would hang.
bool is_forked();
/// Throws std::runtime_error in such a process.
void require_original_process();

/// The queues there are: they are waited for at exit.
void register_queue(Queue* queue);
void forget_queue(Queue* queue);

/// For the end of a program, while all of it still stands (Python's atexit): waits for every queue,
/// stores binaries, gives back CLBlast's programs and writes the timeline. C's exit handlers are
/// too late for binaries: a driver's compiler may be half torn down.
void prepare_exit();
/// Makes C's exit wait for every queue. Called again after builds, since exit handlers run latest
/// first and drivers make statics of their own when they compile.
void wait_at_exit();

}  // namespace mlx
