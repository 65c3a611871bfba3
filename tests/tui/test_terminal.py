"""What the terminal can show: the decisions, and what they set for Textual."""

from __future__ import annotations

import pytest

from cwconsole.core.errors import UsageError
from cwconsole.tui.terminal import Colours, Terminal, look, prepare

XTERM = {"TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}


def seen(encoding: str = "utf-8", **env: str) -> Terminal:
    return look({**XTERM, **env}, encoding=encoding)


def test_an_ordinary_terminal_gets_everything() -> None:
    assert seen() == Terminal(colours=Colours.ALL, unicode=True, remote=False)


@pytest.mark.parametrize(("value", "colours"), [("1", Colours.NONE), ("0", Colours.NONE), ("", Colours.ALL)])
def test_no_color_counts_unless_it_is_empty(value: str, colours: Colours) -> None:
    assert seen(NO_COLOR=value).colours is colours


def test_the_linux_console_and_the_option_give_the_palette_of_sixteen() -> None:
    assert seen(TERM="linux").colours is Colours.SIXTEEN
    assert look(XTERM, encoding="utf-8", sixteen=True).colours is Colours.SIXTEEN


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "screen"}, Colours.SIXTEEN),
        ({"TERM": "xterm"}, Colours.SIXTEEN),
        ({"TERM": "alacritty"}, Colours.SIXTEEN),
        ({"TERM": "screen-256color"}, Colours.ALL),
        ({"TERM": "xterm-kitty"}, Colours.ALL),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, Colours.ALL),
        ({"TERM": "screen", "TEXTUAL_COLOR_SYSTEM": "256"}, Colours.ALL),
        ({"TEXTUAL_COLOR_SYSTEM": "standard"}, Colours.SIXTEEN),
    ],
)
def test_the_palette_of_sixteen_is_used_where_no_more_are_known_to_be_there(
    env: dict[str, str], colours: Colours
) -> None:
    assert seen(**env).colours is colours


@pytest.mark.parametrize(
    ("env", "unicode"),
    [({"LANG": "C"}, False), ({"LC_ALL": "POSIX"}, False), ({"LC_ALL": "C.UTF-8"}, True), ({"LC_CTYPE": "C"}, False)],
)
def test_ascii_glyphs_follow_the_locale(env: dict[str, str], unicode: bool) -> None:
    assert look({"TERM": "xterm", **env}, encoding="utf-8").unicode is unicode


def test_ascii_glyphs_can_be_asked_for() -> None:
    assert not look(XTERM, encoding="utf-8", ascii_only=True).unicode


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "no-such-thing", None])
def test_a_locale_that_is_not_utf8_is_refused_with_what_to_do(encoding: str | None) -> None:
    with pytest.raises(UsageError, match=r"LC_ALL=C\.UTF-8"):
        look(XTERM, encoding=encoding)


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_without_a_cursor_is_refused(term: str) -> None:
    with pytest.raises(UsageError, match="cwconsole status"):
        look({"TERM": term}, encoding="utf-8")


def test_over_ssh_nothing_moves_and_frames_are_few() -> None:
    env = {"SSH_CONNECTION": "10.0.0.7 1 10.0.0.1 22"}
    prepare(seen(**env), env)
    assert env["TEXTUAL_ANIMATIONS"] == "none"
    assert env["TEXTUAL_FPS"] == "30"


def test_without_colour_the_theme_is_the_terminals_own_before_textual_starts() -> None:
    env = {"NO_COLOR": "1"}
    prepare(seen(**env), env)
    assert env == {"NO_COLOR": "1", "TEXTUAL_THEME": "ansi-dark"}


def test_an_empty_no_color_is_taken_away_since_textual_would_obey_it() -> None:
    env = {"NO_COLOR": ""}
    prepare(seen(**env), env)
    assert env == {}
