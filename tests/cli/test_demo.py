"""The demo: the real command on real servers, and its parts: samples, script of faults, comparison, report."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwconsole.callback.sender import TOTAL_SECONDS
from cwconsole.cli import demo_run, loop
from cwconsole.cli.demo import _invocation, _played
from cwconsole.cli.demo_faults import RECEIVER, REFUSALS, SOURCE, Spell, active, calm_script, script
from cwconsole.cli.demo_pace import BRISK, CALM
from cwconsole.cli.demo_report import Absent, Compared, Faults, Recorded, Report, as_json, compare, facts
from cwconsole.cli.demo_run import LATE_SECONDS
from cwconsole.cli.demo_samples import CLIENT_ID, COMPANY, OVERLAP_SECONDS, read_samples, turned
from cwconsole.cli.invocation import Invocation
from cwconsole.core.config import InstanceConfig
from cwconsole.core.health import Health
from cwconsole.core.instance_config import to_config
from cwconsole.simulator.faults import FaultKind
from cwconsole.simulator.steering import Arrived, Changed, Changes
from cwconsole.store import status
from cwconsole.store.database import Store
from cwconsole.store.totals import DeliveryTotals, EventTotals, Totals
from tests.cli.conftest import Cli
from tests.tui.terminals import Terminal, program

PATHS = ("/company/contacts", "/service/tickets")


@contextmanager
def demo(temporary: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, whose temporary files are in a folder of the test's."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cwconsole", "demo", "--headless", *args],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.timeout(120)
def test_everything_arrives_although_both_sides_misbehave(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "4", "--seed", "4", "--json") as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    report = json.loads(out)
    assert report["ok"] is True
    assert report["verdict"].startswith("Nothing is missing")
    assert report["seed"] == 4
    changes, events, deliveries = report["changes"], report["totals"]["events"], report["totals"]["deliveries"]
    assert all(changes[kind] > 0 for kind in ("created", "updated", "deleted"))
    assert changes["uncommitted"] == 0
    assert all(count > 0 for count in events.values())
    assert deliveries["delivered"] == sum(events.values()) == sum(deliveries.values())
    assert report["accepted"] == deliveries["delivered"] + report["duplicates"]
    assert report["compared"]["arrived"] > 20
    assert report["compared"]["missing"] == []
    assert report["faults"]["source"]
    assert report["faults"]["receivers"]
    assert "s left" in err, "progress goes beside the report"
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_what_had_no_time_to_arrive_is_called_open_and_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_run, "SETTLE_SECONDS", 0.0)
    asked = Invocation(args=(), env={}, database=None)
    cut_short = _played(asked, tmp_path, None, seed=4, seconds=3, say=lambda _: None)
    assert cut_short.compared.missing == ()
    assert cut_short.compared.open
    assert not cut_short.ok
    assert cut_short.verdict.startswith("Nothing is missing so far: of ")


def test_it_waits_a_minute_for_what_is_left_and_ends_with_1_if_not_all_arrived(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    assert demo_run.SETTLE_SECONDS == 60.0
    monkeypatch.setattr(demo_run, "SETTLE_SECONDS", 0.0)
    ended = cli("demo", "--headless", "--for", "3")
    assert ended.code == 1
    assert "changed records" in ended.err


@pytest.mark.timeout(120)
def test_a_person_finds_one_resource_failing_while_the_others_are_fresh(tmp_path: Path) -> None:
    samples, seen = read_samples(), list[list[Health]]()
    inside = _invocation(Invocation(args=(), env={}, database=None), samples, tmp_path)

    async def watched() -> None:
        async with Store.open(inside.path, migrate=False) as store:
            while not any(Health.FAILING in states or Health.PARKED in states for states in seen):
                rows = await store.read(status.fleet, now_ms=time.time_ns() // 1_000_000, engine_runs=True)
                seen.append([row.state for row in rows])
                await asyncio.sleep(0.2)

    with (tmp_path / "servers.log").open("wb") as errors:
        report = loop.run(
            demo_run.play(
                inside.path,
                samples,
                inside.vault,
                errors=errors,
                seed=4,
                seconds=None,
                say=lambda _: None,
                screen=watched,
            )
        )
    assert seen[-1].count(Health.FRESH) == 6
    assert report.ok


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with demo(tmp_path, "--for", "60") as process:
        assert process.stdout is not None
        assert any("s left" in line for line in process.stdout)
        process.send_signal(number)
        _, err = process.communicate()
    assert (process.returncode, err) == (code, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the servers' process in /proc")
def test_servers_that_are_killed_end_it_with_a_sentence_and_leave_what_tells_why(tmp_path: Path) -> None:
    with demo(tmp_path, "--for", "60") as process:
        assert process.stdout is not None
        assert any("s left" in line for line in process.stdout)
        [servers] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(servers), signal.SIGKILL)
        _, err = process.communicate()
    [folder] = tmp_path.iterdir()
    assert process.returncode == 1
    assert err.startswith("The demo cannot go on: ")
    assert err.endswith(f"The database and the logs are in {folder}.\n")
    assert err.count("\n") == 1
    assert {"demo.db", "engine.log", "servers.log"} <= {path.name for path in folder.iterdir()}


@contextmanager
def on_screen(temporary: Path, *args: str) -> Iterator[Terminal]:
    """The demo with the console, in a terminal."""
    text = f"import sys; from cwconsole.cli.main import invoke; sys.exit(invoke({['demo', *args]!r}))"
    with program(text, temporary, cols=110, rows=40, env={"TMPDIR": str(temporary)}) as terminal:
        terminal.until(lambda text: "engine here" in text and "contacts" in text, seconds=30)
        yield terminal


@pytest.mark.timeout(200)
def test_with_a_screen_it_is_the_console_and_reports_when_one_leaves(tmp_path: Path) -> None:
    with on_screen(tmp_path, "--seed", "4") as terminal:
        terminal.type("x")
        terminal.until(lambda text: "y pause" in text)
        terminal.type("y")
        terminal.until(lambda text: "is paused" in text)
        terminal.type("7")
        terminal.until(lambda text: "engine.log" in text and "resource is failing" in text, seconds=60)
        assert "progress=" not in terminal.text, "what the engine tells is not buried under a line each second"
        terminal.type("1")
        terminal.until(lambda text: "retry" in text or "pending" in text, seconds=45)
        terminal.type("q")
        terminal.until(lambda text: "Leave the demo?" in text)
        terminal.type("y")
        assert terminal.ended(seconds=90) == 0
    shown = terminal.text
    assert "polling what is left" in shown
    assert "Nothing is missing" in shown, "whatever was paused is polled before the end"
    assert list(tmp_path.glob("cwconsole-demo-*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_screen_too(tmp_path: Path, number: signal.Signals) -> None:
    with on_screen(tmp_path) as terminal:
        os.kill(terminal.pid, number)
        assert terminal.ended() == 128 + number
        assert b"\x1b[?1049l" in terminal.sent, "the ordinary screen is back"
    assert list(tmp_path.glob("cwconsole-demo-*")) == []


def test_it_needs_a_terminal_or_none_at_all_and_no_other_database(cli: Cli) -> None:
    result = cli("demo")
    assert (result.code, result.out) == (2, "")
    assert "The console needs a terminal" in result.err
    result = cli("demo", "--headless", "--db", cli.path)
    assert (result.code, result.out) == (2, "")
    assert "leave --db out" in result.err


def turned_samples() -> list[InstanceConfig]:
    samples = read_samples()
    bodies = turned(samples, "http://127.0.0.1:1/base", [f"http://127.0.0.1:{port}/" for port in (2, 3, 4)], BRISK)

    def resolve(text: str) -> str:
        return samples.environment[text.removeprefix("env:")] if text.startswith("env:") else text

    return [to_config(body, resolve) for body in bodies]


def test_samples_keep_what_they_poll_and_get_the_demos_addresses_and_keys() -> None:
    configs = turned_samples()
    before = [to_config(sample.body) for sample in read_samples().each]
    for config, original in zip(configs, before, strict=True):
        assert (config.base_url, config.company, config.start) == ("http://127.0.0.1:1/base", COMPANY, "now")
        assert [(one.name, one.path, one.filter) for one in config.resources] == [
            (one.name, one.path, one.filter) for one in original.resources
        ]
        assert {one.interval for one in config.resources} == {BRISK.poll}
        assert {one.overlap for one in config.resources} == {OVERLAP_SECONDS}
        assert config.enabled
        assert config.client_id == (original.client_id or CLIENT_ID)
    assert [config.callback.url for config in configs if config.callback] == [
        f"http://127.0.0.1:{port}/" for port in (2, 3, 4)
    ]
    assert len({(config.public_key, config.private_key.reveal()) for config in configs}) == 1


def test_a_sample_that_signs_gets_the_key_its_receiver_checks() -> None:
    samples = read_samples()
    signing = [sample for sample in samples.each if sample.signature_key is not None]
    assert len(signing) == 1
    assert signing[0].signature_key in samples.environment.values()
    assert len([config for config in turned_samples() if config.callback and config.callback.signature_key]) == 1


@given(seed=st.integers(0, 10_000), seconds=st.floats(1, 300))
def test_the_script_stays_within_the_time_and_leaves_out_no_kind_of_fault(seed: int, seconds: float) -> None:
    spells = script(seconds, paths=PATHS, receivers=3, chance=Random(seed))
    assert spells == script(seconds, paths=PATHS, receivers=3, chance=Random(seed))
    assert all(0 <= spell.begin < spell.end <= seconds + 1e-6 for spell in spells)
    at_source = {spell.fault.kind for spell in spells if spell.receiver is None}
    assert at_source >= {fault.kind for fault in SOURCE}
    assert len(at_source & set(REFUSALS)) >= 1
    for receiver in range(3):
        assert {spell.fault for spell in spells if spell.receiver == receiver} >= set(RECEIVER)
    assert any(spell.fault.status == 410 for spell in spells if spell.fault.kind is FaultKind.STATUS)
    assert active(spells, seconds + 1e-6) == []


@given(seed=st.integers(0, 10_000))
def test_a_person_meets_one_failing_resource_at_a_time_and_can_mend_every_other(seed: int) -> None:
    spells = calm_script(3600, paths=PATHS, receivers=3, chance=Random(seed))
    for at in range(0, 3600):
        present = active(spells, at)
        assert len([spell for spell in present if spell.receiver is None]) <= 1
        assert len([spell for spell in present if spell.receiver is not None]) <= 1
    refused = [spell for spell in spells if spell.refuses]
    assert 0 < len(refused) <= 3600 / CALM.patience, "the demo's operator has mended one before the next comes"
    gone = [spell for spell in spells if spell.fault.status == 410 and spell.fault.kind is FaultKind.STATUS]
    assert 0 < len(gone) < 3600 / (2 * CALM.patience)
    assert gone[0].begin < 120, "nobody waits longer to see what is held"


def test_late_changes_are_committed_within_the_overlap() -> None:
    assert LATE_SECONDS + 1 < OVERLAP_SECONDS


def test_hangs_end_before_those_who_wait_give_up() -> None:
    assert all(fault.seconds < TOTAL_SECONDS for fault in RECEIVER if fault.kind in (FaultKind.HANG, FaultKind.SLOW))


def test_spells_are_named_by_what_and_where() -> None:
    [server_error] = [fault for fault in RECEIVER if fault.status == 500 and fault.kind is FaultKind.STATUS]
    assert Spell(begin=0, end=1, fault=server_error, receiver=0).label == "500 at receiver 1"
    refused = Spell(begin=0, end=1, fault=replace(server_error, kind=FaultKind.FORBIDDEN))
    assert (refused.label, refused.refuses) == ("forbidden", True)


NOW, OLDER = "a" * 64, "b" * 64


def arrived(event_type: str, digest: str | None = NOW, *, number: int = 7, kind: str = "contacts") -> Arrived:
    return Arrived(object_type=kind, object_id=str(number), event_type=event_type, digest=digest)


@pytest.mark.parametrize(
    ("digest", "notified", "why"),
    [
        (NOW, [arrived("CREATED")], None),
        (NOW, [arrived("UPDATED")], None),
        (None, [arrived("DELETED", OLDER)], None),
        (NOW, [], "nothing arrived"),
        (NOW, [arrived("UPDATED", number=8)], "nothing arrived"),
        (NOW, [arrived("UPDATED", kind="companies")], "nothing arrived"),
        (NOW, [arrived("UPDATED", OLDER)], "an older version arrived last"),
        (NOW, [arrived("UPDATED", None)], "an older version arrived last"),
        (NOW, [arrived("DELETED")], "it exists, and DELETED arrived last"),
        (None, [arrived("UPDATED")], "it was deleted, and the last to arrive was UPDATED"),
        (None, [], "nothing arrived"),
    ],
)
def test_a_record_arrived_only_if_its_last_notification_tells_how_it_is(
    digest: str | None, notified: list[Arrived], why: str | None
) -> None:
    compared = compare(
        [Changed(id=7, digest=digest)], notified, instance="acme", resource="contacts", old=10, recorded=Recorded()
    )
    if why is None:
        assert compared == Compared(arrived=1)
    else:
        assert compared == Compared(missing=(absent(why),))


def absent(why: str, *, number: int = 7) -> Absent:
    return Absent(instance="acme", resource="contacts", object_id=number, why=why)


def test_what_came_and_went_between_two_polls_is_not_missing_unless_it_was_seen() -> None:
    gone = [Changed(id=11, digest=None)]
    unseen = compare(gone, [], instance="acme", resource="contacts", old=10, recorded=Recorded())
    seen = compare(gone, [], instance="acme", resource="contacts", old=10, recorded=Recorded(known={11}))
    assert (unseen.unseen, len(unseen.missing)) == (1, 0)
    assert (seen.unseen, len(seen.missing)) == (0, 1)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (Recorded(undelivered={7}), Compared(open=(absent("a delivery is open"),))),
        (Recorded(known={7}, listed={7}, asks=True, read=False),
         Compared(asking=(absent("a sweep asks whether it was deleted"),))),
        (Recorded(known={7}, listed={7}, read=False),
         Compared(open=(absent("no sweep after the last change has completed"),))),
        (Recorded(known={7}, asks=True), Compared(missing=(absent("nothing arrived"),))),
        (Recorded(known={7}, listed={7}, undelivered={8}), Compared(missing=(absent("nothing arrived"),))),
    ],
)  # fmt: skip
def test_what_may_still_arrive_is_neither_missing_nor_arrived(recorded: Recorded, expected: Compared) -> None:
    gone = [Changed(id=7, digest=None)]
    assert compare(gone, [], instance="acme", resource="contacts", old=10, recorded=recorded) == expected


def report(compared: Compared, *, settled: float | None = 2.0) -> Report:
    return Report(
        seed=1,
        seconds=4.0,
        settled=settled,
        changes=Changes(created=1, updated=2, deleted=3, uncommitted=0),
        totals=Totals(
            events=EventTotals(created=1, updated=2, deleted=3),
            deliveries=DeliveryTotals(pending=0, sending=0, retrying=1, delivered=5, dead=0, cancelled=0),
            attempts=9,
        ),
        faults=Faults(source={"html": 2}, receivers={}),
        requests=30,
        accepted=6,
        duplicates=1,
        compared=compared,
    )


def test_one_missing_record_fails_the_demo_and_is_named() -> None:
    failed = report(Compared(arrived=5, missing=(absent("nothing arrived"),)))
    assert not failed.ok
    assert failed.verdict == "Of 6 changed records 5 arrived as they are now, 1 is missing."
    assert ("missing", "acme/contacts 7: nothing arrived") in facts(failed)
    assert as_json(failed)["compared"]["missing"][0]["object_id"] == 7


def test_work_that_is_left_fails_the_demo() -> None:
    late = report(Compared(arrived=5), settled=None)
    assert not late.ok
    assert late.verdict == (
        "Nothing is missing: the last version of all 5 changed records arrived, but not all work was done in time; "
        "1 delivery is open."
    )
    assert ("settled", "not in time") in facts(late)


def test_what_is_open_or_asked_is_told_apart_from_what_is_missing_and_is_no_success() -> None:
    waits = report(
        Compared(
            arrived=5,
            open=(absent("a delivery is open"), absent("a delivery is open", number=8)),
            asking=(absent("a sweep asks whether it was deleted", number=9),),
        )
    )
    assert not waits.ok
    assert waits.verdict == (
        "Nothing is missing so far: of 8 changed records 5 arrived as they are now, 2 are still open, "
        "1 waits for an answer."
    )
    assert ("open", "acme/contacts, 2: a delivery is open") in facts(waits)
    assert ("asking", "acme/contacts, 1: a sweep asks whether it was deleted") in facts(waits)


def test_the_report_for_people_has_every_number() -> None:
    good = report(Compared(arrived=5, unseen=2))
    assert good.ok
    lines = dict(facts(good))
    assert lines["changes"] == "6: 1 created, 2 updated, 3 deleted"
    assert lines["deliveries"] == "6: 0 pending, 0 sending, 1 retrying, 5 delivered, 0 dead, 0 cancelled"
    assert lines["faults"] == "at ConnectWise: 2 html"
    assert lines["records"] == "5 arrived as they are now, 2 came and went between two polls"
    assert lines["verdict"] == "Nothing is missing: the last version of all 5 changed records arrived."
