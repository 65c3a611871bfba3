"""Themes: ours, those of the settings file, and terminals that show none."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from textual.color import Color

from cwconsole.core.errors import ConfigError
from cwconsole.tui.render.cells import Tone
from cwconsole.tui.session import Session
from cwconsole.tui.terminal import Colours, Terminal
from cwconsole.tui.themes import LEAST_CONTRAST, NAMES, OURS, Palette, own_palettes, theme_named
from tests.tui.rig import console

DUSK = '[themes.dusk]\nbase = "cwconsole-light"\nprimary = "#5F00AF"\n'


def own(text: str) -> tuple[Palette, ...]:
    """The themes of a settings file."""
    return own_palettes(tomllib.loads(text)["themes"], "settings.toml: themes")


def test_what_a_theme_does_not_name_is_that_of_its_base() -> None:
    (dusk,) = own(DUSK)
    light = next(one for one in OURS if one.name == "cwconsole-light")
    assert (dusk.name, dusk.primary, dusk.dark, dusk.error) == ("dusk", "#5F00AF", False, light.error)
    (plain,) = own("[themes.plain]\n")
    assert (plain.background, plain.dark) == (OURS[0].background, True), "without a base it stands on the first of ours"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("themes = 3", "settings.toml: themes: found no table, expected tables such as [themes.dusk]"),
        ("[themes]\ndusk = 3", "themes.dusk: found no table, expected a table such as [themes.dusk]"),
        (
            '[themes.dusk]\nprimry = "#000000"',
            "themes.dusk.primry: found an unknown name, expected one of base, dark",
        ),
        ('[themes.dusk]\nname = "x"', "themes.dusk.name: found an unknown name"),
        ('[themes.dusk]\nprimary = "blue"', "themes.dusk.primary: found 'blue', expected a colour such as #5f87d7"),
        ('[themes.dusk]\nprimary = "#12345"', "themes.dusk.primary: found '#12345', expected a colour"),
        ("[themes.dusk]\nprimary = 5", "themes.dusk.primary: found 5, expected a colour"),
        ('[themes.dusk]\ndark = "yes"', "themes.dusk.dark: found 'yes', expected true or false"),
        ('[themes.dusk]\nbase = "nord"', "themes.dusk.base: found 'nord', expected one of cwconsole-dark, cwc"),
        ("[themes.dusk]\nbase = []", "themes.dusk.base: found [], expected one of"),
        ("[themes.cwconsole-dark]\n", "themes.cwconsole-dark: found the name of one of ours, expected another name"),
        ('[themes."a,b"]\n', "themes.a,b: found no such name, expected another name, of letters, digits, - and _"),
        ('[themes.dusk]\nbackground = "#ffffff"', "themes.dusk.foreground: found #d0d0d0 on the background #ffffff"),
        ('[themes.dusk]\nerror = "#262626"', "themes.dusk.error: found #262626 on the background #1c1c1c, expected a"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        own(text)


def test_our_own_can_be_read() -> None:
    for palette in OURS:
        given = {name: getattr(palette, name) for name in Palette.__struct_fields__ if name != "name"}
        assert own_palettes({"copy": given}, "themes")[0].error == palette.error
    assert LEAST_CONTRAST > 1


def test_a_theme_that_is_not_there_is_refused() -> None:
    dusk = own(DUSK)
    assert theme_named("dusk", dusk, "theme") == "dusk"
    assert theme_named(NAMES[1], (), "theme") == NAMES[1]
    with pytest.raises(ConfigError, match=r"theme: found 'dawn', expected one of cwconsole-dark, .*, dusk"):
        theme_named("dawn", dusk, "theme")


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_muted_lies_nearer_to_the_background_than_what_is_not(path: Path, name: str) -> None:
    async with console(path, theme=name) as rig:
        ground, plain = (Color.parse(rig.app.theme_variables[which]) for which in ("background", "foreground"))
        for style in (rig.app.tone(Tone.MUTED), rig.screen.table.component("table--head")):
            quiet = Color.from_rich_color(style.color)
            assert 0.4 < abs(quiet.brightness - ground.brightness) < abs(plain.brightness - ground.brightness)


async def test_the_key_goes_through_ours_and_the_operators_own(path: Path) -> None:
    async with console(path, own_themes=own(DUSK)) as rig:
        seen = []
        for _ in range(5):
            seen.append(rig.app.theme)
            await rig.press("ctrl+t")
        assert seen == [*NAMES, "dusk", NAMES[0]]


async def test_a_console_begins_with_the_theme_of_the_settings_and_else_with_the_one_that_was_left(path: Path) -> None:
    async with console(path, theme="dusk", own_themes=own(DUSK), session=Session(theme=NAMES[2])) as rig:
        assert rig.app.theme == "dusk"
        assert rig.app.theme_variables["primary"] == "#5F00AF"
        assert not rig.app.current_theme.dark
    async with console(path, own_themes=own(DUSK), session=Session(theme="dusk")) as rig:
        assert rig.app.theme == "dusk"
    async with console(path, session=Session(theme="dusk")) as rig:
        assert rig.app.theme == NAMES[0], "it is no more"


@pytest.mark.parametrize("colours", [Colours.NONE, Colours.SIXTEEN])
async def test_a_terminal_with_colours_of_its_own_keeps_them(
    path: Path, monkeypatch: pytest.MonkeyPatch, colours: Colours
) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", "ansi-dark")
    terminal = Terminal(colours=colours, unicode=True, remote=False)
    named = own('[themes.ansi-dark]\nprimary = "#5f87af"\n[themes.dusk]\n')
    async with console(path, theme="dusk", own_themes=named, terminal=terminal) as rig:
        before = rig.app.theme
        assert before not in {"dusk", *NAMES}
        assert rig.app.available_themes["ansi-dark"].primary != "#5f87af"
        await rig.press("ctrl+t")
        assert "This terminal shows its own colours" in rig.text()
        assert rig.app.theme == before
