"""Modules that are loaded when they are first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cwconsole.core.later import Later


def test_a_module_is_loaded_with_its_first_use_and_not_before() -> None:
    program = (
        "import sys; from cwconsole.core.later import Later; colours = Later('colorsys');"
        "print('colorsys' in sys.modules); print(colours.rgb_to_hsv(0, 0, 0)); print('colorsys' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split("\n")[:3] == ["False", "(0.0, 0.0, 0)", "True"]


def test_what_is_not_there_is_an_error_as_ever() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = Later("json").nothing_such
    with pytest.raises(ModuleNotFoundError):
        _ = Later("no_such_module").anything
