"""Views with a name: saved, found again by another console, picked, forgotten; a broken file is named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cwconsole.core.errors import ConfigError, UsageError
from cwconsole.tui.saved_views import SavedViews
from tests.tui.rig import Rig, console


def _said(rig: Rig, words: str) -> bool:
    """Whether it was said: of two consoles in one process Textual draws the messages of one alone."""
    return any(words in note.message for note in rig.app._notifications)


async def _command(rig: Rig, line: str) -> None:
    await rig.press("colon", *["space" if key == " " else key for key in line], "enter")


async def test_a_view_is_saved_and_found_by_another_console(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "config" / "views.toml"
    async with console(path, views_file=file) as rig, console(path, views_file=file) as other:
        await rig.press("2", "slash", *"state:dead", "enter")
        await _command(rig, "save last night")
        await rig.until(lambda: _said(rig, "The view last night is: events state:dead"))
        await other.press("V")
        await other.until(lambda: "last night" in other.text() and "events state:dead" in other.text())
        await other.press("enter")
        await other.until(lambda: getattr(other.screen, "spec", None) is not None)
        await other.until(lambda: other.screen.spec.line == "events state:dead")
        await _command(other, "forget last night")
        await other.until(lambda: _said(other, "The view last night is forgotten."))
        await _command(rig, "view last night")
        await rig.until(lambda: _said(rig, "There is no saved view 'last night'"))


async def test_names_complete_and_none_is_said(path: Path) -> None:
    async with console(path) as rig:
        await rig.press("V")
        await rig.until(lambda: "No view is saved yet" in rig.text())
        await _command(rig, "save bad night")
        await rig.until(lambda: rig.app.saved_views.seen == {"bad night": "fleet"})
        assert rig.screen._complete_command("view b") == ["view bad night"]
        assert rig.screen._complete_command("sav") == ["save", "save_list"]
        await _command(rig, "save")
        await rig.until(lambda: "Say which view: `:save NAME`." in rig.text())


def test_a_name_that_is_saved_again_says_that_it_means_something_else(tmp_path: Path) -> None:
    views = SavedViews(tmp_path / "views.toml")
    assert not views.save("a", "events")
    assert not views.save("a", "events")
    assert views.save("a", "polls")
    assert SavedViews(tmp_path / "views.toml").all() == {"a": "polls"}


@pytest.mark.parametrize("name", ["", " a", "a\nb", "-a", "a" * 41, "[x]"])
def test_names_are_words(name: str) -> None:
    with pytest.raises(UsageError):
        SavedViews(None).save(name, "events")


@pytest.mark.parametrize("text", ["[", "a = 5", "\x00"])
def test_a_broken_file_is_named_and_never_written_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "views.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"views\.toml"):
        SavedViews(file).save("a", "events")
    assert file.read_text() == text


def test_a_line_that_is_no_view_is_refused_when_it_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "views.toml"
    file.write_text('good = "events"\nbad = "wonderland"\n')
    assert SavedViews(file).named("good").view == "events"
    with pytest.raises(UsageError, match="wonderland"):
        SavedViews(file).named("bad")


async def test_a_broken_file_is_said_on_the_console_which_goes_on(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "views.toml"
    await asyncio.to_thread(file.write_text, "[")
    async with console(path, views_file=file) as rig:
        for line in ("save x", "view x", "forget x"):
            await _command(rig, line)
            await rig.until(lambda: len(rig.app._notifications) > 0)
            assert all("views.toml: found what cannot be read" in note.message for note in rig.app._notifications)
            rig.app.clear_notifications()
        await rig.press("V")
        await rig.until(lambda: _said(rig, "views.toml: found what cannot be read"))
        await rig.press("2")
        await rig.until(lambda: rig.app.current_mode == "events")


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    views = SavedViews(tmp_path / "file" / "views.toml")
    with pytest.raises(ConfigError, match=r"views\.toml"):
        views.save("a", "events")
    assert views.seen == {}
