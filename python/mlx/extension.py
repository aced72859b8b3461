"""Setuptools extensions and commands that build C++ code against this library."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Optional, Sequence, Union

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


_Sources = Sequence[Union[str, "os.PathLike[str]"]]


def _paths(sources: _Sources) -> List[str]:
    return [os.fspath(source) for source in sources]


def _is_metal(source: str) -> bool:
    return Path(source).suffix == ".metal"


class MetalLibrary:
    """Metal files that are compiled into one library. Described for MLX's own builds: here nothing can compile it.

    Raises:
        ValueError: ``name`` is empty or a path, or ``sources`` are not one or more ``.metal`` files.
    """

    def __init__(
        self,
        name: str,
        sources: _Sources,
        *,
        extra_compile_args: Sequence[str] = (),
        deployment_target: Optional[str] = None,
    ) -> None:
        if not name or Path(name).name != name:
            raise ValueError(f"[MetalLibrary] {name!r} is no name of a library.")
        self.name = name
        self.sources = _paths(sources)
        if not self.sources or not all(map(_is_metal, self.sources)):
            raise ValueError("[MetalLibrary] The sources must be Metal source files, at least one.")
        self.extra_compile_args = list(extra_compile_args)
        self.deployment_target = deployment_target


class MetalExtension(Extension):
    """An extension module of C++ and Metal files; it can be described on any platform, and built on macOS by MLX.

    Args:
        name: dotted name of the module.
        sources: C++ and ``.metal`` files.
        metal_libraries: further :class:`MetalLibrary`.
        args, kwargs: those of ``setuptools.Extension``; ``extra_compile_args`` may be a dict of ``cxx`` and ``metal``.

    Raises:
        ValueError: no C++ or no Metal source, or another group in ``extra_compile_args``.
        TypeError: a member of ``metal_libraries`` is none.
    """

    def __init__(
        self,
        name: str,
        sources: _Sources,
        *args: Any,
        metal_libraries: Optional[Sequence[MetalLibrary]] = None,
        **kwargs: Any,
    ) -> None:
        paths = _paths(sources)
        metal = [path for path in paths if _is_metal(path)]
        libraries = list(metal_libraries or ())
        if len(metal) == len(paths):
            raise ValueError("[MetalExtension] At least one C++ source file is needed.")
        if not all(isinstance(library, MetalLibrary) for library in libraries):
            raise TypeError("[MetalExtension] metal_libraries must contain MetalLibrary objects.")
        if not metal and not libraries:
            raise ValueError("[MetalExtension] At least one Metal source file is needed.")
        options = kwargs.pop("extra_compile_args", None) or {}
        groups = options if isinstance(options, dict) else {"cxx": options}
        if not groups.keys() <= {"cxx", "metal"}:
            raise ValueError("[MetalExtension] extra_compile_args takes the groups cxx and metal only.")
        kwargs.setdefault("language", "c++")
        super().__init__(name, paths, *args, **kwargs)
        self.extra_compile_args = {group: list(groups.get(group, ())) for group in ("cxx", "metal")}
        self.metal_library_name = name.rpartition(".")[2]
        if metal:
            own = MetalLibrary(self.metal_library_name, metal, extra_compile_args=self.extra_compile_args["metal"])
            libraries.insert(0, own)
        self.metal_libraries = libraries


class BuildExtension(build_ext):
    """Builds ordinary extensions; a :class:`MetalExtension` needs macOS and is refused (RuntimeError)."""

    @classmethod
    def with_options(cls, **options: Any) -> type:
        """A subclass whose instances are made with ``options``."""

        class WithOptions(cls):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **{**kwargs, **options})

        return WithOptions

    def build_extension(self, ext: Extension) -> None:
        """Build one extension."""
        if isinstance(ext, MetalExtension):
            raise RuntimeError("MetalExtension is only supported on macOS.")
        super().build_extension(ext)
