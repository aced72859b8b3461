"""Imports every module of the packages named as arguments, each package in one process; prints what fails and why.

What a module of its own needs and is not installed (another package, a file) is for the reader to judge.
"""

import importlib
import importlib.util
import os
import pkgutil
import sys
import traceback

# Modules that run a program when they are imported, or belong to the packages' own tests.
LEFT_OUT = ("__main__", "tests", "test", "conftest")


def modules_of(package):
    """The dotted names of all modules of a package, found without importing any of them."""
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise SystemExit(f"{package} is not installed")
    yield package
    yield from _below(spec.submodule_search_locations or [], package + ".")


def _below(folders, prefix):
    for module in pkgutil.iter_modules(folders, prefix):
        name = module.name.rpartition(".")[2]
        if name in LEFT_OUT or name.startswith("test_"):
            continue
        yield module.name
        if module.ispkg:
            yield from _below([os.path.join(folder, name) for folder in folders], module.name + ".")


def failures_of(package):
    """(number of modules, {module: last line of its error})."""
    names, failures = list(modules_of(package)), {}
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:  # a module may even call sys.exit
            failures[name] = traceback.format_exception_only(error)[-1].strip()
    return len(names), failures


def main():
    for package in sys.argv[1:]:
        count, failures = failures_of(package)
        print(f"{package}: {count - len(failures)} of {count} modules can be imported")
        for name, error in failures.items():
            print(f"  {name}: {error}")


if __name__ == "__main__":
    main()
