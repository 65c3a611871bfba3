"""Text that was given to a view of another width is wrapped and drawn for the one it has now."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.scrollbar import ScrollBar

from cwconsole.tui.render.cells import Cell
from cwconsole.tui.widgets.text_view import TextView
from cwconsole.tui.widgets.toned import TonedApp

LINES = [(Cell(f"line {number} of a text"),) for number in range(40)]


class Reader(TonedApp):
    """One view, hidden at first."""

    def compose(self) -> ComposeResult:
        view = TextView()
        view.display = False
        yield view


def drawn(app: App[None], *, line: int = 0) -> str:
    """A line of what the terminal has been sent."""
    return "".join(segment.text for segment in app.screen._compositor.render_strips()[line])


async def test_what_is_shown_before_the_view_has_a_place_is_wrapped_once_it_has_one() -> None:
    async with Reader(ansi_color=None).run_test(size=(60, 10)) as pilot:
        view = pilot.app.query_one(TextView)
        view.display = True
        view.show(LINES)
        await pilot.pause()
        assert drawn(pilot.app).startswith("line 0 of a text ")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [(12, 60, ["line 0 of a text", "line 1 of a text"]), (60, 12, ["line 0 of a", "  text"])],
)
async def test_another_width_wraps_it_anew(before: int, after: int, lines: list[str]) -> None:
    async with Reader(ansi_color=None).run_test(size=(before, 10)) as pilot:
        view = pilot.app.query_one(TextView)
        view.display = True
        view.show(LINES)
        await pilot.pause()
        await pilot.resize_terminal(after, 10)
        await pilot.pause()
        assert [drawn(pilot.app, line=number)[: after - 1].rstrip() for number in (0, 1)] == lines


async def test_a_scrollbar_is_drawn_again_only_where_its_thumb_ends_and_reads_as_if_all_of_it_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Reader(ansi_color=None).run_test(size=(60, 20)) as pilot:
        view = pilot.app.query_one(TextView)
        view.display = True
        view.show(LINES)
        await pilot.pause()
        bar, drawn_again = view.vertical_scrollbar, list[int]()
        refresh = bar.refresh

        def counted(*regions: Region, **more: bool) -> ScrollBar:
            drawn_again.append(sum(region.height for region in regions) or bar.size.height)
            return refresh(*regions, **more)

        for total in (41, 44, 57, 90, 1000, 5000, 60, 24):
            for top in (0, 1, 3, 4, 17):
                with monkeypatch.context() as patch:
                    patch.setattr(bar, "refresh", counted)
                    view.show(LINES[:1] * total)
                    view.scroll_to(y=top, animate=False, force=True)
                    await pilot.pause()
                stood = [strip[-1] for strip in pilot.app.screen._compositor.render_strips()]
                bar.refresh()
                await pilot.pause()
                assert stood == [strip[-1] for strip in pilot.app.screen._compositor.render_strips()], (total, top)
        assert min(drawn_again) == 1
        assert sum(drawn_again) < len(drawn_again) * bar.size.height / 2


async def test_lines_that_read_alike_are_made_once_and_anew_for_another_theme_or_width() -> None:
    async with Reader(ansi_color=None).run_test(size=(60, 20)) as pilot:
        view = pilot.app.query_one(TextView)
        view.display = True
        view.styles.padding = (0, 1)
        view.show(LINES[:1] * 2)
        await pilot.pause()
        first, second = view.strips((0, 1))
        assert first is second
        assert first.text == " line 0 of a text".ljust(60)
        pilot.app.theme = "textual-light"
        await pilot.pause()
        light = view.strips((0,))[0]
        assert (light.text, light == first) == (first.text, False)
        await pilot.resize_terminal(40, 20)
        await pilot.pause()
        assert view.strips((0,))[0].text == " line 0 of a text".ljust(40)
