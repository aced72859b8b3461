"""Files from outside that lie: no input may end the process, stop it, or take memory beyond its own size."""

import forgery
import mlx.core as mx
import pytest

# So many seeds a format; tools/fuzz.sh tries more.
SEEDS = {"npy": 250, "npz": 250, "safetensors": 250, "gguf": 250, "mlxfn": 500}


@pytest.mark.parametrize("extension", SEEDS)
def test_forged_files_are_refused_or_read(extension):
    report = forgery.run(extension, 0, SEEDS[extension])
    assert not report.crashes and not report.hangs and not report.grown, report


def test_valid_functions_are_read(tmp_path):
    for content in forgery.corpus_of("mlxfn", str(tmp_path)):
        (tmp_path / "f.mlxfn").write_bytes(content)
        assert forgery.digest(content[:-32]) == content[-32:]
        mx.import_function(str(tmp_path / "f.mlxfn"))


def numbers_replaced(content, old, new):
    """Every number `old` (8 bytes) becomes `new`, one at a time."""
    body, needle = content[:-32], old.to_bytes(8, "little")
    for at in range(len(body)):
        if body[at : at + 8] == needle:
            forged = body[:at] + (new & 2**64 - 1).to_bytes(8, "little") + body[at + 8 :]
            yield forged + forgery.digest(forged)


@pytest.mark.parametrize("old, new", [(1, 2**33), (1, -1), (2, 2**40), (4, 2**62), (0, 2**31 - 1), (1, 2**32 + 1)])
def test_counts_are_held_against_the_bytes_that_are_left(tmp_path, old, new):
    mx.export_function(str(tmp_path / "f"), lambda x: mx.sum(x.reshape(2, 8), axis=1), mx.ones((4, 4)))
    content, before = (tmp_path / "f").read_bytes(), forgery.resource.getrusage(forgery.resource.RUSAGE_SELF).ru_maxrss
    for forged in numbers_replaced(content, old, new):
        (tmp_path / "g").write_bytes(forged)
        try:
            mx.import_function(str(tmp_path / "g"))
        except RuntimeError as error:
            assert "import_function" in str(error)
    assert forgery.resource.getrusage(forgery.resource.RUSAGE_SELF).ru_maxrss - before < 256 << 10
