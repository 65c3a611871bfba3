"""SQL that enterprise distributions' SQLite, 3.34, does not know would fail there and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cwconsole.store

# Since 3.35: RETURNING, DROP COLUMN, MATERIALIZED. 3.37: STRICT. 3.38: -> and ->>, unixepoch. 3.39: these joins and
# IS DISTINCT FROM. 3.44: ORDER BY in aggregates, string_agg and concat.
YOUNGER = re.compile(
    r"\b(RETURNING|DROP COLUMN|MATERIALIZED|STRICT\b|RIGHT JOIN|FULL JOIN|FULL OUTER|IS (NOT )?DISTINCT FROM)"
    r"|\b(unixepoch|string_agg|concat|concat_ws|timediff|jsonb\w*)\("
    r"|->>"
)
MODULES = sorted(Path(cwconsole.store.__file__).parent.glob("*.py"))


def sql_of(source: str) -> str:
    """The module without comments, and without its docstrings, which may name what is not used."""
    return re.sub(r'^\s*"""[A-Z].*?"""|#.*$', "", source, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_store_writes_no_sql_that_is_younger_than_3_34(module: Path) -> None:
    assert YOUNGER.findall(sql_of(module.read_text())) == []


def test_the_guard_sees_one() -> None:
    assert YOUNGER.search(sql_of('conn.execute("""\n  INSERT INTO t VALUES (1) RETURNING id\n""")'))
