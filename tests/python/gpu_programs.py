"""What clang's back end for AMD's GPUs says of the programs that a script builds.

Run as a script it prints local memory and registers of every kernel that the operations of test_limits.py build:
python gpu_programs.py
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

TARGETS = ["gfx906", "gfx1100"]
OPENCL = ["-x", "cl", "-Xclang", "-finclude-default-header", "-nogpulib", "-w"]


def clang() -> str | None:
    """A clang with the back end."""
    for name in ("clang", *(f"clang-{n}" for n in range(22, 13, -1))):
        if shutil.which(name):
            targets = subprocess.run([name, "--print-targets"], capture_output=True, text=True).stdout
            if "amdgcn" in targets:
                return name
    return None


@dataclass(frozen=True)
class Program:
    """A program as it was built: options and source."""

    options: str
    source: str

    @property
    def kernels(self):
        return re.findall(r"^(?:__)?kernel\s+(?:__attribute__\(\(.*?\)\)\s*)?void\s+(\w+)", self.source, re.MULTILINE)


def programs_in(output: str) -> list[Program]:
    """The programs that MLX_CL_DEBUG=4 printed, each once."""
    found = {}
    for part in output.split("mlx: options: ")[1:]:
        lines = part.splitlines()
        source = []
        for number, line in enumerate(lines[1:], 1):
            if not line.startswith(f"{number}\t"):
                break
            source.append(line[len(str(number)) + 1 :])
        program = Program(lines[0], "\n".join(source) + "\n")
        found[program] = True
    return list(found)


@dataclass
class Verdict:
    """What one compiler says: its errors, or bytes of local memory and registers, the most of any kernel."""

    errors: str = ""
    local: int = 0
    registers: int = 0


def most(pattern: str, text: str) -> int:
    return max((int(n) for n in re.findall(pattern, text)), default=0)


def compiled(program: Program, target: str) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        source, assembly = Path(folder, "program.cl"), Path(folder, "program.s")
        source.write_text(program.source)
        command = [clang(), "--target=amdgcn-amd-amdhsa", f"-mcpu={target}", *OPENCL, *program.options.split(), "-O2", "-S", "-o",
                   assembly, source]  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            return Verdict(run.stderr[:2000])
        text = assembly.read_text()
        return Verdict(
            "", most(r"\.amdhsa_group_segment_fixed_size (\d+)", text), most(r"\.amdhsa_next_free_vgpr (\d+)", text)
        )


def programs_of(script: str) -> list[Program]:
    """The programs that a script builds in the shapes of GPUs."""
    from support import run_script

    run = run_script(script, timeout=900, MLX_CL_DEVICE="pocl", MLX_CL_DEBUG="4", MLX_CL_CACHE="off", MLX_CL_AHEAD="0")
    assert run.returncode == 0, run.stderr[-2000:]
    return programs_in(run.stderr)


if __name__ == "__main__":
    from test_limits import OPERATIONS

    print(f"{'kernels':60} {'target':8} local registers")
    for program in programs_of(OPERATIONS):
        for target in TARGETS:
            verdict = compiled(program, target)
            print(
                f"{' '.join(program.kernels)[:60]:60} {target:8} {verdict.local:5} {verdict.registers:9} {verdict.errors[:200]}"
            )
