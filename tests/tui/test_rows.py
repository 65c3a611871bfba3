"""Rows by position: a run of a long history walked in every way, and what is chosen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cwconsole.tui.rows import KEPT, Marks, MemoryRows, WindowRows

PAGE = 500


class WalkedHistory(RuleBasedStateMachine):
    """A list of falling numbers with gaps. Whatever is read, and in whatever order, neighbours are true neighbours."""

    @initialize(keys=st.sets(st.integers(0, 20_000), min_size=1, max_size=60), repeat=st.integers(1, 120))
    def start(self, keys: set[int], repeat: int) -> None:
        self.all = sorted({key + 20_001 * n for key in keys for n in range(repeat)}, reverse=True)
        self.rows = WindowRows[int](lambda row: row)
        self.top()

    @rule()
    def top(self) -> None:
        page = self.all[:PAGE]
        self.rows.restart(page, ended=len(page) < PAGE, guess=len(self.all) * 2)

    @rule(share=st.floats(0, 1))
    def jump(self, share: float) -> None:
        at = int(share * (len(self.all) - 1))
        page = self.all[at : at + PAGE]
        self.rows.jump(int(share * self.rows.total), page, ended=at + len(page) == len(self.all))

    @rule()
    def down(self) -> None:
        at = self.all.index(self.rows.oldest) + 1 if self.rows.oldest is not None else 0
        page = self.all[at : at + PAGE]
        self.rows.append(page, ended=at + len(page) == len(self.all))

    @rule()
    def up(self) -> None:
        if self.rows.newest is None:
            return
        remembered = self.rows.newest, self.rows.first
        at = self.all.index(self.rows.newest)
        shift = self.rows.prepend(self.all[max(at - PAGE, 0) : at], topped=at <= PAGE)
        found = self.rows.index(remembered[0])
        assert found is None or found == remembered[1] + shift

    @invariant()
    def neighbours_are_neighbours(self) -> None:
        shown = [self.rows.at(index) for index in range(self.rows.first, self.rows.end)]
        assert None not in shown
        at = self.all.index(shown[0]) if shown and shown[0] is not None else 0
        assert shown == self.all[at : at + len(shown)]
        assert len(shown) <= KEPT
        if self.rows.at_top:
            assert (at, self.rows.first) == (0, 0)
        if self.rows.at_end:
            assert at + len(shown) == len(self.all)
            assert self.rows.end == self.rows.total
        if self.rows.exact:
            assert self.rows.total == len(self.all)
        assert self.rows.total >= self.rows.end


TestWalkedHistory = WalkedHistory.TestCase
TestWalkedHistory.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_what_comes_in_at_the_top_moves_everything_down() -> None:
    rows = WindowRows[int](lambda row: row)
    rows.restart([3, 2, 1], ended=True, guess=3)
    assert rows.renew([5, 4, 3], high=99, low=3)
    assert [rows.at(at) for at in range(rows.total)] == [5, 4, 3, 2, 1]
    assert rows.index(3) == 2


def test_a_part_that_was_read_again_stands_as_it_is_now() -> None:
    rows = WindowRows[tuple[int, str]](lambda row: row[0])
    rows.restart([(9, "a"), (7, "a"), (5, "a"), (3, "a"), (1, "a")], ended=False, guess=90)
    assert not rows.renew([(7, "a"), (5, "a")], high=7, low=5)
    assert rows.renew([(8, "new"), (5, "b")], high=8, low=4)
    assert [rows.at(at) for at in range(5)] == [(9, "a"), (8, "new"), (5, "b"), (3, "a"), (1, "a")]
    assert rows.total == 90
    assert rows.renew([], high=8, low=2)
    assert [rows.at(at) for at in range(2)] == [(9, "a"), (1, "a")]
    assert rows.total == 87


def test_rows_in_another_order_are_renewed_by_their_places() -> None:
    places = {5: 4, 9: 3, 1: 2, 7: 1}
    rows = WindowRows[tuple[int, str]](lambda row: row[0])
    rows.restart([(5, "a"), (9, "a"), (1, "a")], ended=False, guess=4, place=places.__getitem__)
    assert (rows.newest, rows.oldest) == (4, 2)
    assert rows.renew([(9, "b")], high=3, low=2)
    assert [rows.at(at) for at in range(3)] == [(5, "a"), (9, "b"), None]
    rows.append([(7, "a")], ended=True)
    assert (rows.index(7), rows.total, rows.exact) == (2, 3, True)
    rows.restart([(9, "a"), (5, "a")], ended=True, guess=0)
    assert (rows.newest, rows.oldest) == (9, 5)


def test_the_last_rows_are_not_taken_for_all_of_a_list_that_was_thought_to_be_short() -> None:
    rows = WindowRows[int](lambda row: row)
    rows.restart([99, 98, 97, 96], ended=False, guess=0)
    rows.renew([96], high=99, low=96)
    rows.jump(0, [4, 3, 2, 1], ended=True)
    assert not rows.at_top
    assert not rows.exact


def test_a_short_list_knows_where_its_rows_are() -> None:
    rows = MemoryRows[tuple[str, int]](lambda row: row[0])
    rows.replace([("a", 1), ("b", 1), ("c", 1)])
    rows.update([("b", 2), ("elsewhere", 1)])
    assert rows.rows == [("a", 1), ("b", 2), ("c", 1)]
    rows.replace([("b", 2), ("a", 1)])
    assert (rows.index("a"), rows.index("c"), rows.total) == (1, None, 2)


@given(st.sets(st.integers(0, 9)), st.booleans(), st.integers(0, 9))
def test_marks_count_what_they_contain(keys: set[int], everything: bool, one: int) -> None:
    marks = Marks(frozenset(keys), everything)
    shown = range(10)
    assert marks.count(10) == sum(key in marks for key in shown)
    assert (one in marks.toggle(one)) != (one in marks)
    assert [key in marks.inverted() for key in shown] == [key not in marks for key in shown]
    assert one in marks.add([one])
    assert marks.none == (marks.count(10) == 0 and not everything)
