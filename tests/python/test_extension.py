"""Setuptools extensions: what a description of a Metal extension holds, and that building one is refused."""

import pytest
from mlx.extension import BuildExtension, MetalExtension, MetalLibrary
from setuptools import Distribution


def test_a_metal_extension_keeps_its_sources_and_flags():
    more = MetalLibrary("more", ["more.metal"])
    extension = MetalExtension("a.b", ["x.cpp", "k.metal"], metal_libraries=[more], extra_compile_args=["-O2"])
    assert (extension.name, extension.sources, extension.language) == ("a.b", ["x.cpp", "k.metal"], "c++")
    assert extension.extra_compile_args == {"cxx": ["-O2"], "metal": []}
    assert [(library.name, library.sources) for library in extension.metal_libraries] == [
        ("b", ["k.metal"]), ("more", ["more.metal"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda: MetalExtension("a", ["k.metal"]), ValueError),
        (lambda: MetalExtension("a", ["x.cpp"]), ValueError),
        (lambda: MetalExtension("a", ["x.cpp"], metal_libraries=["k.metal"]), TypeError),
        (lambda: MetalExtension("a", ["x.cpp", "k.metal"], extra_compile_args={"c": []}), ValueError),
        (lambda: MetalLibrary("a", []), ValueError),
        (lambda: MetalLibrary("a", ["x.cpp"]), ValueError),
        (lambda: MetalLibrary("", ["k.metal"]), ValueError),
    ],
)
def test_incomplete_descriptions_are_refused(make, error):
    with pytest.raises(error):
        make()


def test_building_a_metal_extension_is_refused():
    command = BuildExtension.with_options(inplace=True)(Distribution())
    with pytest.raises(RuntimeError, match="only supported on macOS"):
        command.build_extension(MetalExtension("a", ["x.cpp", "k.metal"]))
