"""One instance in full: where it reads, where it delivers, and its configuration with its secrets masked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from cwconsole.core.document import Json
from cwconsole.core.health import Health
from cwconsole.core.instance_body import POLLER, InstanceBody, masked
from cwconsole.core.secret import MASK
from cwconsole.store.instances import Callback
from cwconsole.store.resource_view import InstanceView
from cwconsole.store.status import StatusRow
from cwconsole.tui.render.cells import Cell, Line, Tone
from cwconsole.tui.render.columns import Look
from cwconsole.tui.render.instance_names import instance_cell
from cwconsole.tui.render.plain import plain
from cwconsole.tui.render.states import health_cell
from cwconsole.tui.render.times import ago, second, span
from cwconsole.tui.render.verdict import verdict_of

NAME_CELLS: Final = 11
_MINUTES: Final = frozenset({"refresh_interval", "sweep_interval"})


def instance_lines(view: InstanceView, rows: Sequence[StatusRow], look: Look) -> list[Line]:
    """State, sources, receiver, dates. rows: of its resources."""
    row = view.instance
    sources = sorted({"/".join(one.source.split("/")[:2]) for one in view.resources})
    return [
        (
            instance_cell(row.name, production=view.production, tone=Tone.STRONG),
            Cell(f"  instance {row.id}  ", Tone.MUTED),
            *_states(view, rows, look),
        ),
        _fact("reads", ", ".join(map(plain, sources)) or "nothing: it has no resources; E adds some"),
        callback_line(view.callback, look),
        _fact("since", f"{second(row.created_ms)}, changed {ago(row.updated_ms, look.now_ms)} ago", Tone.MUTED),
    ]


def _states(view: InstanceView, rows: Sequence[StatusRow], look: Look) -> Iterator[Cell]:
    row = view.instance
    if not row.enabled:
        yield health_cell(Health.OFF, look.glyphs)
        yield Cell(": nothing is read. n switches it on.", Tone.MUTED)
        return
    if row.paused_ms is not None:
        yield health_cell(Health.PAUSED, look.glyphs)
        yield Cell(f" for {ago(row.paused_ms, look.now_ms)}: nothing is read. R resumes it.", Tone.MUTED)
        return
    for state, number in verdict_of(rows).health:
        cell = health_cell(state, look.glyphs)
        sign, _, word = cell.text.partition(" ")
        yield Cell(f"{sign} {number} {word}  ", cell.tone)


def callback_line(callback: Callback | None, look: Look) -> Line:
    """Where notifications go, and what stands in the way."""
    if callback is None:
        return _fact("delivers", "nothing: it only records, for it has no callback URL", Tone.MUTED)
    line = _fact("delivers", f"to {plain(callback.url)}")
    if callback.held_reason is not None:
        return (
            *line,
            Cell(f"  {look.glyphs.held} held: {plain(callback.held_reason).rstrip('.')}; H lets it go", Tone.WARN),
        )
    if callback.breaker_until_ms is not None:
        left = span(max(callback.breaker_until_ms - look.now_ms, 0) / 1000)
        return (*line, Cell(f"  {look.glyphs.warn} it does not answer; tried again in {left}", Tone.WARN))
    answered = callback.last_success_ms
    return (*line, *([Cell(f"  answered {ago(answered, look.now_ms)} ago", Tone.MUTED)] if answered else []))


def config_lines(body: InstanceBody, resource: str | None = None) -> list[Line]:
    """The configuration, a line each; secrets as `********`. resource: only what belongs to it."""
    document = masked(body).document
    configuration = document.get("configuration")
    pollers = configuration.get(POLLER) if isinstance(configuration, dict) else None
    if resource is not None:
        table = pollers.get(resource) if isinstance(pollers, dict) else None
        if not table:
            return [(Cell("Named without settings of its own: the catalogue knows the rest.", Tone.MUTED),)]
        return [_setting(key, value) for key, value in _flat(table)]
    return [_setting(key, value) for key, value in _flat(dict(document))]


def _flat(value: Json, prefix: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix, value


def _setting(key: str, value: Json) -> Line:
    name = plain(key.removeprefix("configuration."))
    if value == MASK:
        return (Cell(name, Tone.KEY), Cell(" = "), Cell(f"{MASK}  (kept secret)", Tone.MUTED))
    if key.rpartition(".")[2] in _MINUTES and isinstance(value, int | float):
        return (Cell(name, Tone.KEY), Cell(" = "), Cell(f"{value:g}", Tone.NUMBER), Cell(" minutes", Tone.MUTED))
    tone = Tone.TEXT if isinstance(value, str) else Tone.NUMBER
    return (Cell(name, Tone.KEY), Cell(" = "), Cell(plain(json.dumps(value, ensure_ascii=False)), tone))


def _fact(name: str, text: str, tone: Tone = Tone.PLAIN) -> Line:
    return (Cell(f"{name:<{NAME_CELLS}}", Tone.MUTED), Cell(text, tone))
