"""Setuptools commands that build a C++ extension of this library with CMake."""

import os
import subprocess
import sys
from pathlib import Path

from setuptools import Extension
from setuptools.command.build_ext import build_ext


class CMakeExtension(Extension):
    """An extension module that is built by the ``CMakeLists.txt`` in ``sourcedir``.

    Args:
        name: dotted name of the module.
        sourcedir: folder of the CMake project, the current one by default.
    """

    def __init__(self, name: str, sourcedir: str = "") -> None:
        super().__init__(name, sources=[])
        self.sourcedir = os.fspath(Path(sourcedir).resolve())


class CMakeBuild(build_ext):
    """Configures and builds every :class:`CMakeExtension`, into the place setuptools expects.

    The environment variables ``DEBUG`` (0 or 1), ``CMAKE_ARGS`` (more arguments, separated by
    blanks) and ``CMAKE_BUILD_PARALLEL_LEVEL`` are honoured.
    """

    def build_extension(self, ext: CMakeExtension) -> None:
        """Build one extension; subprocess.CalledProcessError if CMake fails."""
        target = Path.cwd() / self.get_ext_fullpath(ext.name)
        debug = bool(int(os.environ.get("DEBUG", "0"))) if self.debug is None else self.debug
        configuration = "Debug" if debug else "Release"
        configure = [
            f"-DCMAKE_LIBRARY_OUTPUT_DIRECTORY={target.parent.resolve()}{os.sep}",
            f"-DCMAKE_BUILD_TYPE={configuration}",
            f"-DPython_EXECUTABLE={sys.executable}",
            "-DBUILD_SHARED_LIBS=ON",
            *os.environ.get("CMAKE_ARGS", "").split(),
        ]
        build = ["--config", configuration]
        if "CMAKE_BUILD_PARALLEL_LEVEL" not in os.environ:
            build.append(f"-j{os.cpu_count()}")

        folder = Path(self.build_temp) / ext.name
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cmake", ext.sourcedir, *configure], cwd=folder, check=True)
        subprocess.run(["cmake", "--build", ".", *build], cwd=folder, check=True)

    def run(self) -> None:
        """Build all extensions; with ``--inplace`` also copy the shared libraries beside the module."""
        super().run()
        if not self.inplace:
            return
        for ext in self.extensions:
            if not isinstance(ext, CMakeExtension):
                continue
            built = (Path(self.build_lib) / ext.name.replace(".", os.sep)).parent
            beside = Path(self.get_ext_fullpath(ext.name)).parent
            for library in (path for pattern in ("*.so*", "*.dylib") for path in built.glob(pattern)):
                self.copy_file(library, beside)
