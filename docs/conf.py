"""How Sphinx builds the pages of monge: `make docs`, without a network."""  # noqa: INP001 - a script

from sphinx.application import Sphinx

import monge

project = "monge"
author = "The monge developers"
copyright = author  # noqa: A001 - the name that Sphinx reads
release = monge.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
nitpicky = False  # names of parameters are in backticks too, and are no targets

html_theme = "alabaster"
html_theme_options = {"description": "Unsupervised domain adaptation by optimal transport"}
html_sidebars = {"**": ["about.html", "navigation.html", "searchbox.html"]}
html_show_sourcelink = False
html_copy_source = False

default_role = "py:obj"
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "imported-members": True}
autodoc_preserve_defaults = True
ALIASES = ("ArrayLike", "Batches", "CostFunction", "Layer", "NDArray", "Pool", "Report", "Tensor")
autodoc_type_aliases = {name: name for name in ALIASES}
numpydoc_show_class_members = False


def setup(app: Sphinx) -> None:
    """Leave out what others wrote: methods of scikit-learn's routing, fields of a named tuple."""
    app.connect("autodoc-skip-member", _is_made_elsewhere)


def _is_made_elsewhere(
    _app: Sphinx,
    _kind: str,
    name: str,
    member: object,
    _skip: bool,  # noqa: FBT001 - Sphinx passes it by place
    _options: object,
) -> bool | None:
    routing = name.startswith("set_") and name.endswith("_request")
    field = (getattr(member, "__doc__", None) or "").startswith("Alias for field number")
    return True if routing or field else None
