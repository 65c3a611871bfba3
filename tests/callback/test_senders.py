"""Attempts are made here or in a process of their own; whatever happens to that, each has an outcome."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from cwconsole.callback import senders as module
from cwconsole.callback import sending_process
from cwconsole.callback.sender import Way
from cwconsole.callback.senders import MOST_STARTS, Senders, SharedSender, open_senders
from cwconsole.callback.sending_process import DefectError, SendingProcess
from cwconsole.cli.clock import now_ms
from cwconsole.core.attempts import Outcome
from cwconsole.core.config import CallbackConfig
from cwconsole.core.secret import Secret
from cwconsole.http.policy import public_only
from cwconsole.http.pool import open_pool
from tests.callback.samples import contact, parcel
from tests.http.servers import answering, app_server, certificate, closed_port, raw_server

if TYPE_CHECKING:
    from cwconsole.engine.ports import Sender

TIMED = {"webhook-timestamp": "", "webhook-signature": ""}  # new in each attempt


class Receiver:
    """Keeps what it got. hangs: whether it answers only once `go` is set."""

    def __init__(self) -> None:
        self.heads: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.hangs = False
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.heads.append({name.lower(): value for name, value in request.headers.items()})
        if self.hangs:
            self.reached.set()
            await self.go.wait()
        return web.Response(status=202, headers={"X-Receiver": "one"}, body=b"taken")


@pytest.fixture
async def senders() -> AsyncIterator[Senders]:
    async with open_pool() as pool, open_senders(pool, now_ms) as senders:
        yield senders


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is wanted from the first attempt on."""
    monkeypatch.setattr(module, "BUSY", 0)


def way(port: int) -> Way:
    return Way(
        config=CallbackConfig(
            url=f"http://ada:pass%20word@127.0.0.1:{port}/hook",
            signature_key=Secret("a-signature-key"),
            headers=(("X-Team", "blue"),),
        )
    )


@asynccontextmanager
async def receiving(senders: Senders) -> AsyncIterator[tuple[Receiver, SharedSender]]:
    receiver = Receiver()
    async with app_server(receiver.answer) as port:
        try:
            yield receiver, senders.sender(way(port))
        finally:
            receiver.go.set()


async def until_away(senders: Senders, sender: Sender) -> SendingProcess:
    """Make attempts until the process takes them."""
    async with asyncio.timeout(30):
        while senders._process is None or not senders._process.ready:
            assert (await sender.send(parcel())).delivered
            await asyncio.sleep(0.01)
    return senders._process


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - of another process nothing else tells
            await asyncio.sleep(0.01)


def pid_of(process: SendingProcess) -> int:
    assert process._process is not None
    return process._process.pid


def steady(outcome: Outcome) -> dict[str, object]:
    """What does not depend on the time or the connection."""
    names = ("url", "status", "error_code", "error", "body", "truncated", "retry_after")
    shown = {name: getattr(outcome, name) for name in names}
    return shown | {"headers": [pair for pair in outcome.headers if pair[0].lower() != "date"]}


@pytest.mark.usefixtures("eager")
async def test_an_attempt_in_the_process_is_the_same_on_the_wire_and_in_the_history(senders: Senders) -> None:
    async with receiving(senders) as (receiver, sender):
        sent = parcel(attempt=3, replay=9)
        here = await sender.send(sent)
        process = await until_away(senders, sender)
        before = len(receiver.bodies)
        there = await sender.send(sent)
        assert process.proven, "it was made there"
    assert steady(there) == steady(here)
    assert there.peer == here.peer
    assert abs(there.started_ms - now_ms()) < 60_000
    assert receiver.bodies[before:] == receiver.bodies[:1]
    first, last = ({**head, **TIMED} for head in (receiver.heads[0], receiver.heads[-1]))
    assert last == first
    assert {"authorization", "x-team", "elements-webhook-signature", "cwconsole-replay"} <= set(last)


async def test_little_to_send_starts_no_process(senders: Senders) -> None:
    async with receiving(senders) as (_, sender):
        for _ in range(module.BUSY + 10):  # one after the other: with a rest after each
            assert (await sender.send(parcel())).delivered
    assert senders._starts == 0


async def test_much_to_send_without_a_rest_starts_it(senders: Senders) -> None:
    async with receiving(senders) as (_, sender):

        async def work() -> None:
            for _ in range(module.BUSY // 4):
                assert (await sender.send(parcel())).delivered

        await asyncio.gather(*(work() for _ in range(6)))
        assert senders._starts == 1


@pytest.mark.usefixtures("eager")
async def test_what_is_with_a_process_that_is_killed_may_have_arrived_and_says_so(senders: Senders) -> None:
    async with receiving(senders) as (receiver, sender):
        process = await until_away(senders, sender)
        receiver.hangs = True
        attempt = asyncio.create_task(sender.send(parcel()))
        await receiver.reached.wait()
        os.kill(pid_of(process), signal.SIGKILL)
        outcome = await attempt
        assert outcome.interrupted
        assert not outcome.delivered
        assert outcome.status is None
        assert "perhaps for the second time" in (outcome.error or "")
        assert "ada" not in outcome.url
        receiver.go.set()
        assert (await sender.send(parcel(attempt=2))).delivered, "here, as there is none now"
        assert await until_away(senders, sender) is not process, "and it is started again"


@pytest.mark.usefixtures("eager")
async def test_a_process_that_hangs_is_ended_before_what_it_has_is_sent_again(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(senders) as (_, sender):
        process = await until_away(senders, sender)
        monkeypatch.setattr(sending_process, "WATCH_SECONDS", 0.05)
        monkeypatch.setattr(sending_process, "PATIENCE_SECONDS", 0.1)
        monkeypatch.setattr(sending_process, "END_SECONDS", 0.1)
        os.kill(pid_of(process), signal.SIGSTOP)
        assert (await sender.send(parcel())).interrupted
        assert process._process is not None
        assert process._process.returncode is not None, "going on, it would send what is older by then"
        assert (await sender.send(parcel(attempt=2))).delivered


@pytest.mark.usefixtures("eager")
async def test_an_engine_that_stood_still_takes_its_process_for_none_that_hangs(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a Ctrl-Z in the console."""
    monkeypatch.setattr(sending_process, "WATCH_SECONDS", 0.5)
    monkeypatch.setattr(sending_process, "PATIENCE_SECONDS", 0.9)
    async with receiving(senders) as (receiver, sender):
        process = await until_away(senders, sender)
        receiver.hangs = True
        attempt = asyncio.create_task(sender.send(parcel()))
        await receiver.reached.wait()
        receiver.go.set()
        goes_on = time.monotonic() + 1.5
        while time.monotonic() < goes_on:
            pass
        assert (await attempt).delivered
        assert senders._process is process


@pytest.mark.usefixtures("eager")
async def test_a_process_that_cannot_be_killed_is_left_behind(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that waits for a dead mount."""
    monkeypatch.setattr(sending_process, "END_SECONDS", 0.1)
    async with receiving(senders) as (_, sender):
        process = await until_away(senders, sender)
        assert process._process is not None
        os.kill(pid_of(process), signal.SIGSTOP)
        with monkeypatch.context() as unkillable:
            unkillable.setattr(process._process, "kill", lambda: None)
            async with asyncio.timeout(5):
                await senders.close()
        process._process.kill()
        await process._process.wait()


@pytest.mark.usefixtures("eager")
async def test_where_no_process_can_be_had_attempts_are_made_here(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    async with receiving(senders) as (receiver, sender):
        with capture_logs() as logs:
            for _ in range(MOST_STARTS + 2):
                assert (await sender.send(parcel())).delivered
                await until(lambda: senders._hosting is None)
        assert [entry["log_level"] for entry in logs] == ["debug"] * MOST_STARTS + ["warning"], "said once"
        monkeypatch.undo()
        assert (await sender.send(parcel())).delivered
        assert senders._hosting is None, "it is not tried for ever"
        assert len(receiver.bodies) == MOST_STARTS + 3


@pytest.mark.usefixtures("eager")
async def test_a_process_of_another_version_gets_nothing_to_send(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the program is upgraded under an engine that runs on."""
    monkeypatch.setattr(sending_process, "HELLO", b"another")
    async with receiving(senders) as (receiver, sender):
        for number in range(1, MOST_STARTS + 1):
            assert (await sender.send(parcel())).delivered
            assert senders._starts == number
            await until(lambda: senders._hosting is None)
        assert (await sender.send(parcel())).delivered
        assert senders._hosting is None
        assert len(receiver.bodies) == MOST_STARTS + 1


@pytest.mark.usefixtures("eager")
async def test_it_ends_when_it_has_been_idle(senders: Senders, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving(senders) as (_, sender):
        process = await until_away(senders, sender)
        monkeypatch.setattr(sending_process, "IDLE_SECONDS", 0.1)
        await until(lambda: senders._hosting is None)
        assert process._process is not None
        assert process._process.returncode == 0


@pytest.mark.usefixtures("eager")
async def test_bursts_that_are_over_before_it_is_ready_do_not_make_it_useless(
    senders: Senders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_process, "WATCH_SECONDS", 0.05)
    async with receiving(senders) as (_, sender):
        for _ in range(MOST_STARTS + 1):
            assert (await sender.send(parcel())).delivered
            assert senders._hosting is not None
            await until(lambda: senders._process is not None and senders._process.ready)
            with monkeypatch.context() as patient:
                patient.setattr(sending_process, "IDLE_SECONDS", 0.1)
                await until(lambda: senders._hosting is None)


async def ended_by(senders: Senders, end: Callable[[SendingProcess], Awaitable[None]]) -> int:
    async with receiving(senders) as (_, sender):
        process = await until_away(senders, sender)
        await end(process)
        assert process._process is not None
        return await process._process.wait()


@pytest.mark.usefixtures("eager")
async def test_the_engine_ends_it_in_order(senders: Senders) -> None:
    assert await ended_by(senders, lambda _: senders.close()) == 0


@pytest.mark.usefixtures("eager")
async def test_it_ends_when_nobody_holds_the_other_end(senders: Senders) -> None:
    async def as_when_the_engine_is_killed(process: SendingProcess) -> None:
        process._frames.close()

    assert await ended_by(senders, as_when_the_engine_is_killed) == 0


@pytest.mark.usefixtures("eager")
async def test_it_runs_nothing_of_the_folder_that_the_engine_was_started_in(
    senders: Senders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    async with receiving(senders) as (_, sender):
        await until_away(senders, sender)
        assert senders._starts == 1


@pytest.mark.usefixtures("eager")
async def test_ctrl_c_in_the_terminal_does_not_reach_it(senders: Senders) -> None:
    async with receiving(senders) as (_, sender):
        assert os.getsid(pid_of(await until_away(senders, sender))) != os.getsid(0)


@pytest.mark.usefixtures("eager")
async def test_a_signal_to_every_process_of_the_service_breaks_off_no_attempt(senders: Senders) -> None:
    """As systemd stops a unit; the engine drains, and ends it then."""
    async with receiving(senders) as (receiver, sender):
        process = await until_away(senders, sender)
        receiver.hangs = True
        attempt = asyncio.create_task(sender.send(parcel()))
        await receiver.reached.wait()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid_of(process), number)
        receiver.go.set()
        assert (await attempt).delivered
        receiver.hangs = False
        assert (await sender.send(parcel())).delivered
        assert senders._process is process


@pytest.mark.usefixtures("eager")
async def test_it_keeps_to_the_addresses_that_an_instance_may_reach(senders: Senders) -> None:
    async with receiving(senders) as (receiver, sender):
        await until_away(senders, sender)
        before = len(receiver.bodies)
        config = CallbackConfig(url=sender._here._url)
        outcome = await senders.sender(Way(config=config, policy=public_only())).send(parcel())
        assert outcome.error_code == "blocked"
        outcome = await senders.sender(Way(config=config, policy=public_only(["127.0.0.0/8"]))).send(parcel())
        assert outcome.delivered
        assert len(receiver.bodies) == before + 1


@pytest.mark.usefixtures("eager")
async def test_what_goes_wrong_on_the_network_is_told_as_it_is_here(senders: Senders) -> None:
    async with receiving(senders) as (_, sender):
        nobody = senders.sender(way(closed_port()))
        here = await nobody.send(parcel())
        await until_away(senders, sender)
        there = await nobody.send(parcel())
    assert there.error_code == "refused"
    assert steady(there) == steady(here)


@pytest.mark.usefixtures("eager")
async def test_a_ca_file_that_has_gone_since_is_used_as_it_was_read(senders: Senders, tmp_path: Path) -> None:
    ca_file, tls = certificate(tmp_path)
    answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    async with receiving(senders) as (_, plain), raw_server(answering(answer), tls) as port:
        config = CallbackConfig(url=f"https://127.0.0.1:{port}/hook")
        sender = senders.sender(Way(config=config, ca_file=str(ca_file)))
        ca_file.unlink()
        await until_away(senders, plain)
        assert (await sender.send(parcel())).delivered


@pytest.mark.usefixtures("eager")
async def test_a_defect_is_raised_here_and_costs_nobody_else_anything(senders: Senders) -> None:
    async with receiving(senders) as (_, sender):
        process = await until_away(senders, sender)
        with pytest.raises(DefectError, match="JSONDecodeError"):
            await sender.send(parcel(facts=contact(record=b"no JSON", id_field="name")))
        half = CallbackConfig(url="http://127.0.0.1/\ud800")  # which no message holds
        with pytest.raises(DefectError, match="UnicodeEncodeError"):
            await senders.sender(Way(config=half)).send(parcel())
        with pytest.raises(UnicodeEncodeError):
            await sender.send(parcel(facts=contact(instance_name="\ud800")))
        assert not process._waiting, "which would be taken for a process that hangs"
        assert (await sender.send(parcel())).delivered
        assert senders._process is process


@pytest.mark.usefixtures("eager")
async def test_cancellation_passes_through(senders: Senders) -> None:
    async with receiving(senders) as (receiver, sender):
        await until_away(senders, sender)
        receiver.hangs = True
        attempt = asyncio.create_task(sender.send(parcel()))
        await receiver.reached.wait()
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        receiver.hangs = False
        receiver.go.set()
        assert (await sender.send(parcel())).delivered, "its late report is nobody's"
