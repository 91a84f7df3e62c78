"""What nobody waits for lets what is urgent go first, and is done all the same."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from gitant.network.leisure import PATIENCE_S, QUIET_S, Leisure


def _waited(work_s: float, rest_s: float, times: int) -> float:
    """How long it took until there was leisure, beside work that comes again and again."""

    async def main() -> float:
        leisure, began = Leisure(), trio.current_time()

        async def work() -> None:
            for _ in range(times):
                with leisure.work():
                    await trio.sleep(work_s)
                await trio.sleep(rest_s)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            await trio.testing.wait_all_tasks_blocked()
            await leisure.come()
            found = trio.current_time() - began
            nursery.cancel_scope.cancel()
        return found

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_it_comes_at_once_where_nothing_is_done() -> None:
    assert _waited(1, 1, times=0) == 0


def test_it_comes_after_the_work_and_a_moment_of_quiet() -> None:
    assert _waited(0.1, QUIET_S / 5, times=5) == pytest.approx(0.9 + QUIET_S)


def test_it_does_not_wait_for_ever() -> None:
    assert _waited(0.1, 0.1, times=10_000) == PATIENCE_S
