"""Makes shared libraries ask for an older version of a symbol than they were linked with: older_symbols.py FILE...

A system that is older than the one that built a wheel lacks the newest versions of some symbols, not the symbols. Those
below behave alike in both versions, so the files, which are changed in place, may name the older one.
"""

import struct
import sys

from elftools.elf.elffile import ELFFile

# Version that the linker wrote: the one to ask for, and the symbols of which that is known.
OLDER = {
    # GCC 12's version lets a cancelled thread unwind; no thread is cancelled here.
    "GLIBCXX_3.4.30": ("GLIBCXX_3.4.11", {"_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"}),
}


def elf_hash(name):
    """The hash of a version's name that ELF prescribes."""
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value


def needed_versions(section):
    """The name, the index, and the place in the file of every version that a library needs."""
    at = section["sh_offset"]
    for need, versions in section.iter_versions():
        place = at + need["vn_aux"]
        for version in versions:
            yield version.name, version["vna_other"], place
            place += version["vna_next"]
        at += need["vn_next"]


def symbols_of(elf, index):
    """The names of the symbols that are asked for in the version of this index."""
    versions, symbols = elf.get_section_by_name(".gnu.version"), elf.get_section_by_name(".dynsym")
    return {
        symbol.name
        for number, symbol in enumerate(symbols.iter_symbols())
        if versions.get_symbol(number)["ndx"] == index
    }


def changes(elf):
    """What to write where, as (place, bytes)."""
    section, strings = elf.get_section_by_name(".gnu.version_r"), elf.get_section_by_name(".dynstr")
    for name, index, place in needed_versions(section) if section else ():
        if name not in OLDER:
            continue
        older, known = OLDER[name]
        if unknown := symbols_of(elf, index) - known:
            print(f"  keeps {name}, which is needed for {', '.join(sorted(unknown))}")
            continue
        text = strings.data().find(older.encode() + b"\0")
        if text < 0:
            print(f"  keeps {name}: the text {older} is not among its strings")
            continue
        yield place, struct.pack("<I", elf_hash(older))
        yield place + 8, struct.pack("<I", text)  # after the hash, the flags and the index


def main():
    for path in sys.argv[1:]:
        print(path)
        with open(path, "r+b") as file:
            for place, content in list(changes(ELFFile(file))):
                file.seek(place)
                file.write(content)
                print(f"  {len(content)} bytes at {place}")


if __name__ == "__main__":
    main()
