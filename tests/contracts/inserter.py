"""`python -m tests.contracts.inserter FILE`: insert the events named on stdin, in one call."""

from __future__ import annotations

import sys

from eventsourcing.persistence import StoredEvent

from storage.log.recorder import SyncedApplicationRecorder, SyncedSQLiteDatastore


def main(path: str) -> None:
    recorder = SyncedApplicationRecorder(SyncedSQLiteDatastore(path))
    named = (line.split() for line in sys.stdin)
    recorder.insert_events([StoredEvent(name, int(version), "inserted", b"{}") for name, version in named])
    recorder.datastore.close()


if __name__ == "__main__":
    main(sys.argv[1])
