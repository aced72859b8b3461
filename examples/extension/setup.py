"""Builds the package mlx_axpby: ``pip install --no-build-isolation .``"""

from mlx import extension
from setuptools import setup

setup(
    name="mlx_axpby",
    version="0.1.0",
    description="An operation of its own for MLX, in C++ with an OpenCL kernel",
    ext_modules=[extension.CMakeExtension("mlx_axpby._ext")],
    cmdclass={"build_ext": extension.CMakeBuild},
    packages=["mlx_axpby"],
    zip_safe=False,
    python_requires=">=3.10",
)
