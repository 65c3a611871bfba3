"""Large pages are read in a process of their own; whatever happens to it, they are read."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest

from cwconsole.cli.wiring import open_decoder
from cwconsole.connectwise import records
from cwconsole.connectwise.decoder import LARGE, MOST_STARTS, Decoder, DecodingProcess
from cwconsole.connectwise.question import Question
from cwconsole.connectwise.records import Reading
from cwconsole.core.errors import PassingFault, UndecodableFault

QUESTION = Question(host="cw.example", company="acme", path="/company/contacts")
READ = partial(records.read_list, reading=Reading(), after=0)
RECORDS = [
    {
        "id": number,
        "name": "Ada [/] \x00 日本語",
        "nothing": None,
        "company": {"id": 7, "_info": {"company_href": f"https://cw.example/{number}"}},
        "notes": ["x" * 300],
        "_info": {"lastUpdated": "2026-10-29T16:12:30Z"},
    }
    for number in range(1, 301)
]
BODY = orjson.dumps(RECORDS)


@pytest.fixture
async def decoder() -> AsyncIterator[Decoder]:
    async with open_decoder() as decoder:
        yield decoder


@pytest.fixture
def process() -> Iterator[DecodingProcess]:
    process = DecodingProcess()
    yield process
    process.close()


def pid_of(process: DecodingProcess) -> int:
    assert process._process is not None
    return process._process.pid


async def test_what_the_process_reads_is_what_would_be_read_here(decoder: Decoder) -> None:
    assert len(BODY) > LARGE
    assert await decoder.read_list(READ, QUESTION, BODY) == READ(QUESTION, BODY)
    assert decoder._process._process is not None, "it did read there"


async def test_a_small_answer_starts_no_process(decoder: Decoder) -> None:
    body = orjson.dumps(RECORDS[:3])
    assert await decoder.read_list(READ, QUESTION, body) == READ(QUESTION, body)
    assert decoder._process._process is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (BODY.replace(b'"id":200', b'"id":200,"bad":"\xff"'), UndecodableFault),
        (BODY[:-10], UndecodableFault),
        (BODY.replace(b'"id":200', b'"id":20'), PassingFault),
        (b'{"id":1,"text":"%b"}' % (b"x" * LARGE), PassingFault),
        (BODY.replace(b'"notes":[', b'"notes":[' + b"[" * 300 + b"]" * 300 + b",", 1), UndecodableFault),
    ],
    ids=["no UTF-8", "cut", "ids that fall", "no list", "deep"],
)
async def test_what_is_wrong_with_an_answer_is_said_as_it_is_here(
    decoder: Decoder, body: bytes, fault: type[Exception]
) -> None:
    with pytest.raises(fault) as here:
        READ(QUESTION, body)
    with pytest.raises(fault) as there:
        await decoder.read_list(READ, QUESTION, body)
    assert str(there.value) == str(here.value)
    assert await decoder.read_list(READ, QUESTION, BODY), "and the next page is read"


async def test_a_process_that_is_killed_costs_no_page_and_is_started_again(decoder: Decoder) -> None:
    await decoder.read_list(READ, QUESTION, BODY)
    first = pid_of(decoder._process)
    os.kill(first, signal.SIGKILL)
    assert await decoder.read_list(READ, QUESTION, BODY) == READ(QUESTION, BODY)
    assert await decoder.read_list(READ, QUESTION, BODY) == READ(QUESTION, BODY)
    assert pid_of(decoder._process) != first


async def test_where_no_process_can_be_had_pages_are_read_all_the_same(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    for _ in range(MOST_STARTS + 1):
        assert await decoder.read_list(READ, QUESTION, BODY) == READ(QUESTION, BODY)
    monkeypatch.undo()
    assert await decoder.read_list(READ, QUESTION, BODY)
    assert decoder._process._process is None, "it is not tried for ever"


def test_it_runs_nothing_of_the_folder_that_the_engine_was_started_in(
    process: DecodingProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert process.ask(READ, QUESTION, BODY) is not None


def test_closing_ends_the_process_in_order(process: DecodingProcess) -> None:
    assert process.ask(READ, QUESTION, BODY) == READ(QUESTION, BODY)
    started = process._process
    assert started is not None
    process.close()
    assert started.returncode == 0


def test_it_ends_when_nobody_holds_the_other_end(process: DecodingProcess) -> None:
    process.ask(READ, QUESTION, BODY)
    assert process._connection is not None
    assert process._process is not None
    process._connection.close()  # as when the engine is killed
    assert process._process.wait(10) == 0


def test_ctrl_c_in_the_terminal_does_not_reach_it(process: DecodingProcess) -> None:
    process.ask(READ, QUESTION, BODY)
    assert os.getsid(pid_of(process)) != os.getsid(0)
