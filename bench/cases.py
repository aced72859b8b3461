"""The table of cases, shared by bench/run.py and the tests."""

import re

from case import Case
from cases_elementwise import ELEMENTWISE
from cases_figures import FIGURES
from cases_indexing import INDEXING
from cases_io import IO
from cases_language import LANGUAGE
from cases_layers import LAYERS
from cases_linalg import LINALG
from cases_reduce import REDUCE
from cases_signal import SIGNAL
from cases_train import TRAIN

CASES: list[Case] = [*FIGURES, *TRAIN, *LANGUAGE, *ELEMENTWISE, *REDUCE, *INDEXING, *LAYERS, *SIGNAL, *LINALG, *IO]


def select(pattern: str) -> list[Case]:
    """The cases whose names match the regular expression somewhere."""
    return [case for case in CASES if re.search(pattern, case.name)]
