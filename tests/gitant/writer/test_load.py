"""When the writer counts as busy."""

from __future__ import annotations

from gitant.writer.load import WriterLoad


def test_only_work_that_goes_on_makes_a_writer_busy() -> None:
    now = [100.0]
    load = WriterLoad(lambda: now[0])
    assert not load.is_busy()
    load.worked(0.03)
    assert not load.is_busy(), "one push is no flood"
    for _ in range(20):
        now[0] += 0.2
        load.worked(0.18)
        assert load.is_busy() or now[0] < 100.5
    now[0] += 2
    assert not load.is_busy(), "it has had nothing to do since"


def test_a_request_now_and_then_leaves_time_for_others() -> None:
    now = [100.0]
    load = WriterLoad(lambda: now[0])
    for _ in range(100):
        now[0] += 0.2
        load.worked(0.03)
        assert not load.is_busy()


def test_a_batch_that_takes_long_counts_before_it_is_done() -> None:
    """One of a copy may take seconds."""
    now = [100.0]
    load = WriterLoad(lambda: now[0])
    load.begins()
    assert not load.is_busy()
    now[0] += 3
    assert load.is_busy()
    load.worked(3)
    assert load.is_busy()
    now[0] += 3
    assert not load.is_busy()
