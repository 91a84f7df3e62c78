"""eventsourcing's own contract suites, held against the recorders this node uses.

The suites are reached through their module: imported by name, pytest would run the abstract ones, too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteTrackingRecorder
from eventsourcing.tests import persistence as suites
from eventsourcing.utils import Environment

from storage.log.factory import SyncedSQLiteFactory
from storage.log.memory import MemoryRecorder
from storage.log.recorder import SyncedApplicationRecorder, SyncedProcessRecorder, SyncedSQLiteDatastore

if TYPE_CHECKING:
    from uuid import UUID

    from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder, StoredEvent

pytestmark = pytest.mark.slow


class _InFile(suites.RecorderTestCase):
    """A fresh file for each test, and originators as the log names them."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "log.sqlite"
        self.datastore = SyncedSQLiteDatastore(self.path)
        self.addCleanup(self.datastore.close)

    def new_originator_id(self) -> UUID | str:
        return f"{uuid4().hex * 2}/{uuid4().hex * 2}/"


class TestAggregateRecorder(_InFile, suites.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        recorder = SQLiteAggregateRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestApplicationRecorder(_InFile, suites.ApplicationRecorderTestCase[SyncedApplicationRecorder]):
    def create_recorder(self) -> SyncedApplicationRecorder:
        recorder = SyncedApplicationRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestTrackingRecorder(_InFile, suites.TrackingRecorderTestCase):
    def create_recorder(self) -> SQLiteTrackingRecorder:
        recorder = SQLiteTrackingRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestProcessRecorder(_InFile, suites.ProcessRecorderTestCase):
    def create_recorder(self) -> SyncedProcessRecorder:
        recorder = SyncedProcessRecorder(self.datastore)
        recorder.create_table()
        return recorder


class TestNonInterleaving(_InFile, suites.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> SyncedApplicationRecorder:
        recorder = SyncedApplicationRecorder(self.datastore)
        recorder.create_table()
        return recorder


class _ByProcesses:
    """Passes inserts on to a process of their own, so that the suite's threads race as processes do."""

    def __init__(self, path: Path, reader: SyncedApplicationRecorder) -> None:
        self._path = path
        self._reader = reader

    def insert_events(self, events: list[StoredEvent]) -> None:
        program = [sys.executable, "-m", "tests.contracts.inserter", str(self._path)]
        names = "\n".join(f"{event.originator_id} {event.originator_version}" for event in events)
        subprocess.run(program, input=names, text=True, check=True, env=dict(os.environ))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


class TestNonInterleavingProcesses(TestNonInterleaving):
    def create_recorder(self) -> Any:
        return _ByProcesses(self.path, super().create_recorder())


class TestInfrastructureFactory(suites.InfrastructureFactoryTestCase[SyncedSQLiteFactory]):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.env = Environment("Log")
        self.env[SyncedSQLiteFactory.PERSISTENCE_MODULE] = "storage.log.factory:SyncedSQLiteFactory"
        self.env[SyncedSQLiteFactory.SQLITE_DBNAME] = str(Path(folder.name) / "log.sqlite")
        super().setUp()

    def expected_factory_class(self) -> type[SyncedSQLiteFactory]:
        return SyncedSQLiteFactory

    def expected_aggregate_recorder_class(self) -> type[SQLiteAggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[SyncedApplicationRecorder]:
        return SyncedApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[SQLiteTrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[SQLiteTrackingRecorder]:
        return _Tracking

    def expected_process_recorder_class(self) -> type[SyncedProcessRecorder]:
        return SyncedProcessRecorder


class _Tracking(SQLiteTrackingRecorder):
    pass


class TestMemoryRecorder(suites.ApplicationRecorderTestCase[MemoryRecorder]):
    def create_recorder(self) -> MemoryRecorder:
        return MemoryRecorder()

    def test_subscribes(self) -> None:
        self.optional_test_insert_subscribe()


class TestMemoryNonInterleaving(suites.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return MemoryRecorder()
