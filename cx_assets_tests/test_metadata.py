"""Pictures carry names that people chose, whatever is in them."""

import base64
import re

import pytest
from matplotlib.figure import Figure

from cx_assets.metadata import picture

pytestmark = pytest.mark.slow


def drawn(name: str, other: str) -> bytes:
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.bar([name, other], [1, 1_000])
    axes.set_yscale("symlog", linthresh=1)
    axes.set_title(name)
    found = re.search(r"base64,(.*)\)$", picture(figure, "A picture"))
    assert found is not None
    return base64.b64decode(found.group(1))


@pytest.mark.parametrize("name", ["$x^{$", "a $ b", "$1 and $2", r"\frac{", "'; drop table x --"])
def test_a_name_is_drawn_as_it_is_written(name: str) -> None:
    assert drawn(name, "b") != drawn(name.replace("$", ""), "c")


def test_the_powers_of_a_logarithmic_axis_are_still_set_as_such() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.set_yscale("log")
    axes.plot(["a"], [10])
    picture(figure, "A picture")
    assert all(label.get_parse_math() for label in axes.yaxis.get_ticklabels())
    assert not any(label.get_parse_math() for label in axes.xaxis.get_ticklabels())
