"""What the compilers for AMD's and NVIDIA's GPUs say of the programs that a script builds.

clang compiles for both; for NVIDIA's, ptxas (tools/fetch_checkers.sh) then assembles what clang wrote, as the driver
does, with the built-in functions left open. Run as a script it prints local memory and registers, the most of any
kernel, of every program that the operations of test_limits.py build: python gpu_programs.py
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Architectures, and the bytes of local memory that a kernel may take there.
TARGETS = {"gfx906": 65536, "gfx1100": 65536, "sm_75": 49152}
OPENCL = ["-x", "cl", "-Xclang", "-finclude-default-header", "-nogpulib", "-w"]


def is_nvidia(target: str) -> bool:
    return target.startswith("sm_")


def clang(target: str) -> str | None:
    """The newest clang with the back end. Up to 14, OpenCL's own header lacks functions that kernels call."""
    wanted = "nvptx64" if is_nvidia(target) else "amdgcn"
    for name in (*(f"clang-{n}" for n in range(22, 14, -1)), "clang"):
        if shutil.which(name):
            targets = subprocess.run([name, "--print-targets"], capture_output=True, text=True).stdout
            if wanted in targets:
                return name
    return None


def ptxas() -> str | None:
    found = sorted(ROOT.glob("build/checkers/*/nvidia/*/bin/ptxas"))
    return str(found[-1]) if found else shutil.which("ptxas")


def can_check(target: str) -> bool:
    return bool(clang(target) and (ptxas() or not is_nvidia(target)))


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


def run_clang(program: Program, target: str, folder: Path) -> tuple[Path, str]:
    """The assembly text, and what clang says when it refuses."""
    source, assembly = folder / "program.cl", folder / "program.s"
    source.write_text(program.source)
    machine = ["-D__NV_CL_C_VERSION=120"] if is_nvidia(target) else [f"-mcpu={target}"]
    triple = "nvptx64-nvidia-cuda" if is_nvidia(target) else "amdgcn-amd-amdhsa"
    command = [clang(target), f"--target={triple}", *machine, *OPENCL, *program.options.split(), "-O2", "-S", "-o"]
    run = subprocess.run([*command, assembly, source], capture_output=True, text=True)
    return assembly, run.stderr[:2000] if run.returncode else ""


def assembled(assembly: Path, target: str) -> Verdict:
    """What ptxas says of clang's text."""
    command = [ptxas(), f"-arch={target}", "-c", "-v", "-o", assembly.with_suffix(".o"), assembly]
    run = subprocess.run(command, capture_output=True, text=True)
    errors = run.stderr[-2000:] if run.returncode else ""
    return Verdict(errors, most(r"(\d+) bytes smem", run.stderr), most(r"Used (\d+) registers", run.stderr))


def compiled(program: Program, target: str) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        assembly, errors = run_clang(program, target, Path(folder))
        if errors:
            return Verdict(errors)
        if is_nvidia(target):
            return assembled(assembly, target)
        text = assembly.read_text()
    local, registers = r"\.amdhsa_group_segment_fixed_size (\d+)", r"\.amdhsa_next_free_vgpr (\d+)"
    return Verdict("", most(local, text), most(registers, text))


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
        for target in filter(can_check, TARGETS):
            verdict = compiled(program, target)
            print(
                f"{' '.join(program.kernels)[:60]:60} {target:8} {verdict.local:5} {verdict.registers:9} {verdict.errors[:200]}"
            )
