"""What every command has in common: `--json` and `--db`, at whatever level they stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cwconsole.cli.invocation import Invocation
from cwconsole.core.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

pass_invocation = click.make_pass_decorator(Invocation)


def _want_json(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        ctx.ensure_object(Invocation).as_json = True


def _use_database(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
    if path is not None and not path.strip():
        raise UsageError("--db: found nothing, expected the path of a database.")  # a variable that is not set
    if path:
        ctx.ensure_object(Invocation).database = path


def common_options(command: F) -> F:
    """Add `--json` and `--db` to a command or a group of commands."""
    database = click.option(
        "--db", metavar="PATH", expose_value=False, callback=_use_database, help="The database; default CWCONSOLE_DB."
    )
    as_json = click.option(
        "--json", is_flag=True, expose_value=False, callback=_want_json, help="Print one JSON document."
    )
    return database(as_json(command))


class Amount(click.FloatRange):
    """A number within bounds. Python reads `nan` and `inf` as numbers, and no bound keeps nan out."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises BadParameter."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a valid number", param, ctx)
        return number


INSTANCE = click.argument("instance", metavar="INSTANCE")
OPTIONAL_INSTANCE = click.argument("instance", metavar="[INSTANCE]", required=False)
OPTIONAL_RESOURCE = click.argument("resource", metavar="[RESOURCE]", required=False)
RESOURCE = click.argument("resource", metavar="RESOURCE")
REASON = click.option("--reason", metavar="TEXT", help="Why; kept in the audit log.")
YES = click.option("--yes", is_flag=True, help="Confirmed: do it without asking back.")
WAIT = click.option("--wait", is_flag=True, help="Wait until it is done; without an engine, host one for it.")
