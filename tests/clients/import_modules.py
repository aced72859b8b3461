"""Imports every module of the packages named as arguments; prints what fails and why.

What a module of its own needs and is not installed (another package, a file) is for the reader to judge.
"""

import importlib
import importlib.util
import json
import os
import pkgutil
import subprocess
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


def failures_in_a_process(package):
    """The same from an interpreter of its own: what one package imports or breaks, another does not see."""
    command = [sys.executable, __file__, "--json", package]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=600)
    assert done.returncode == 0, f"importing {package} ended with status {done.returncode}"
    return json.loads(done.stdout.splitlines()[-1])


def main():
    if sys.argv[1] == "--json":
        print("\n" + json.dumps(failures_of(sys.argv[2])))
        return
    for package in sys.argv[1:]:
        count, failures = failures_of(package)
        print(f"{package}: {count - len(failures)} of {count} modules can be imported")
        for name, error in failures.items():
            print(f"  {name}: {error}")


if __name__ == "__main__":
    main()
