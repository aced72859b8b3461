"""What to install so that programs run, or run faster: for `python -m mlx`."""

from pathlib import Path

PCI_DEVICES = "/sys/bus/pci/devices"
# The number of a GPU's vendor on the PCI bus, and what brings its OpenCL driver on Debian and Ubuntu.
GPU_DRIVERS = {
    "0x10de": ("NVIDIA", "its driver with the OpenCL part (Debian: nvidia-opencl-icd)"),
    "0x1002": ("AMD", "ROCm's rocm-opencl-runtime"),
    "0x8086": ("Intel", "intel-opencl-icd"),
}
SMALL_ARRAYS = "PoCL (Debian and Ubuntu: pocl-opencl-icd) takes less than half the time for small arrays"
# What a build without one of these libraries does less well.
LIBRARIES = {
    "CLBlast": "matrix products on GPUs use plain kernels (Debian: libclblast-dev)",
    "oneDNN": "matrix products and convolutions on the CPU use plain kernels (Debian: libdnnl-dev)",
    "OpenBLAS": "mx.linalg has no factorisations (Debian: libopenblas-dev, liblapacke-dev)",
}


def graphics_vendors(folder=PCI_DEVICES):
    """The vendors' numbers of the display adapters that the kernel lists in a folder."""
    vendors = []
    for device in sorted(Path(folder).glob("*")):
        try:
            if (device / "class").read_text().startswith("0x03"):
                vendors.append((device / "vendor").read_text().strip())
        except OSError:  # gone, or not for everybody to read
            continue
    return list(dict.fromkeys(vendors))


def advice(info, vendors):
    """One sentence for each thing to install, from mx._runtime_info() and the vendors of the adapters here."""
    found = []
    if not info["platforms"]:
        found.append(f"There is no OpenCL device. For the CPU, {info['cpu_runtimes']}.")
    if "gpu" not in info["devices"]:
        for name, driver in [GPU_DRIVERS[vendor] for vendor in vendors if vendor in GPU_DRIVERS]:
            found.append(f"There is a graphics adapter of {name}, but no OpenCL driver for it: install {driver}.")
    cpu = info["devices"].get("cpu")
    if cpu and "Portable Computing Language" not in cpu["platform"]:
        found.append(f"{cpu['platform']} serves mx.cpu. {SMALL_ARRAYS}.")
    libraries = {name for name, _ in info["libraries"]}
    found += [f"Built without {name}: {loss}." for name, loss in LIBRARIES.items() if name not in libraries]
    return found
