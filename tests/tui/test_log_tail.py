"""The end of a log file: what is appended, rotated, cut short, or too much at once."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

from cwconsole.tui.log_tail import BITE, LogTail


def test_what_is_there_and_what_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "cw.log"
    tail = LogTail(path)
    assert tail.look().lines == []
    path.write_text("one\ntwo\nhal")
    assert tail.look().lines == ["one", "two"]
    assert tail.look().lines == []
    with path.open("a") as file:
        file.write("f\nthree\n")
    assert tail.look().lines == ["half", "three"]


def test_a_rotation_loses_no_line(tmp_path: Path) -> None:
    path = tmp_path / "cw.log"
    path.write_text("one\n")
    tail = LogTail(path)
    tail.look()
    with path.open("a") as file:
        file.write("two\n")
    path.rename(tmp_path / "cw.log.1")
    path.write_text("three\n")
    assert tail.look().lines == ["two", "three"]


def test_a_rotation_in_the_middle_of_a_look_loses_no_line(tmp_path: Path) -> None:
    path, rounds = tmp_path / "cw.log", 200

    def rotate(number: int) -> None:
        with path.open("a") as file:
            file.write(f"{number} old\n")
        path.rename(tmp_path / "cw.log.1")
        path.write_text(f"{number} new\n")

    path.touch()
    tail = LogTail(path)
    seen = tail.look().lines
    for number in range(rounds):
        rotating = Thread(target=rotate, args=(number,))
        rotating.start()
        while rotating.is_alive():
            seen += tail.look().lines
        rotating.join()
        seen += tail.look().lines
    assert seen == [f"{number} {which}" for number in range(rounds) for which in ("old", "new")]


def test_a_file_that_was_cut_short_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "cw.log"
    path.write_text("a long first line\n")
    tail = LogTail(path)
    tail.look()
    path.write_text("new\n")
    assert tail.look().lines == ["new"]


def test_of_too_much_at_once_the_end_is_shown_and_the_rest_is_said_to_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cw.log"
    path.write_text("first\n")
    tail = LogTail(path)
    tail.look()
    with path.open("a") as file:
        file.write("x" * 99 + "\n")
        file.writelines(f"{number:08d}\n" for number in range(BITE // 4))
    bite = tail.look()
    assert bite.lines[-1] == f"{BITE // 4 - 1:08d}"
    assert bite.skipped > BITE
    assert all(len(line) == 8 for line in bite.lines), "no line is shown in part"


def test_bytes_that_are_no_text_are_shown_as_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "cw.log"
    path.write_bytes(b"\xff\xfe\n")
    assert LogTail(path).look().lines == ["\ufffd\ufffd"]
