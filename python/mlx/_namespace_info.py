"""The inspection part of the array API standard: what `array.__array_namespace__().__array_namespace_info__()` returns."""

import mlx.core as mx

_KINDS = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float32", "float64"),
    "complex floating": ("complex64",),
}
_KINDS["integral"] = _KINDS["signed integer"] + _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] + _KINDS["real floating"] + _KINDS["complex floating"]


def _dtype(name):
    return mx.bool_ if name == "bool" else getattr(mx, name)


def _check_device(device):
    if device is not None and not isinstance(device, (mx.Device, mx.DeviceType)):
        raise TypeError(f"a Device or DeviceType is expected, not {type(device).__name__}")


class NamespaceInfo:
    """Capabilities, devices and dtypes."""

    def capabilities(self):
        return {"boolean indexing": False, "data-dependent shapes": False, "max dimensions": 10}

    def default_device(self):
        return mx.default_device()

    def devices(self):
        return tuple(mx.Device(kind) for kind in (mx.cpu, mx.gpu) if mx.is_available(kind))

    def default_dtypes(self, *, device=None):
        _check_device(device)
        return {
            "real floating": mx.float32,
            "complex floating": mx.complex64,
            "integral": mx.int32,
            "indexing": mx.int32,
        }

    def dtypes(self, *, device=None, kind=None):
        """The dtypes by name; `kind` is a kind of `mx.isdtype` or a tuple of them. ValueError for an unknown kind."""
        _check_device(device)
        if kind is None:
            kind = ("bool", "integral", "real floating", "complex floating")
        kinds = kind if isinstance(kind, tuple) else (kind,)
        unknown = [k for k in kinds if k not in _KINDS]
        if unknown:
            raise ValueError(f"unknown dtype kind: {unknown[0]!r}")
        names = dict.fromkeys(name for k in kinds for name in _KINDS[k])
        return {name: _dtype(name) for name in names}
