"""Settings of the documentation, which tools/docs.sh builds with Sphinx."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "MLX on OpenCL"
copyright = "the authors of MLX on OpenCL"  # noqa: A001
html_theme = "furo"
html_title = project
html_show_copyright = False
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "reference"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
default_role = "code"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
