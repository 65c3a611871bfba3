"""`export FILE`: the rows of a list's filter as a file, the same for every list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import click

from cwconsole.cli import output
from cwconsole.cli.common import common_options, pass_invocation
from cwconsole.cli.filtering import chosen, filter_options
from cwconsole.cli.invocation import Invocation
from cwconsole.core.counted import counted
from cwconsole.core.filters import DEFAULT_LIMIT, Noun
from cwconsole.store.export_file import ExportFile, Format, format_of, said
from cwconsole.store.selection import Selection

PROGRESS: Final = 20_000  # rows between two words about it


def export_command(noun: Noun) -> click.Command:
    """The command that writes one of the lists."""

    def export(
        invocation: Invocation, /, file: str, words: tuple[str, ...], wanted: str | None, **given: str | None
    ) -> None:
        written_as = format_of(file) if wanted is None else Format(wanted)
        asked = chosen(noun, words, given, limit=DEFAULT_LIMIT, after=None, now_ms=invocation.now_ms)
        _write(invocation, noun, file, written_as, Selection(chosen=asked))

    more = ", with their records" if noun is Noun.EVENTS else ""
    export.__doc__ = f"Write the {noun} of a filter to a new file, newest first{more}."
    wrapped: Callable[..., Any] = common_options(pass_invocation(export))
    wrapped = click.option(
        "--format", "wanted", type=click.Choice([one.value for one in Format]), help="How; if not said, as FILE ends."
    )(wrapped)
    wrapped = click.argument("file", metavar="FILE")(filter_options(noun, paged=False)(wrapped))
    return click.command("export", short_help=f"Write the {noun} of a filter to a new file.")(wrapped)


def _write(invocation: Invocation, noun: Noun, path: str, how: Format, wanted: Selection) -> None:
    from cwconsole.store.list_export import names_of, piece  # noqa: PLC0415 - every list

    after, told = None, 0
    with ExportFile(path, how, names=names_of(noun), said=partial(said, noun)) as target:
        while True:
            one = invocation.read(piece, noun, wanted, how, after=after, first=target.rows == 0)
            target.add(one)
            after = one.next_after
            if after is None:
                break
            if target.rows - told >= PROGRESS:
                told = target.rows
                output.say(f"{counted(told, noun.one, noun.value)} so far.")
    if invocation.as_json:
        output.print_json({"file": str(target.path), "format": how, noun.value: target.rows})
    else:
        output.print_line(f"{said(noun, target.rows)} in {target.path}")
