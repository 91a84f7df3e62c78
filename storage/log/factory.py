"""The recorders as an eventsourcing persistence module, for applications that are configured by environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from eventsourcing.sqlite import SQLiteFactory

from storage.log.recorder import SyncedApplicationRecorder, SyncedProcessRecorder, SyncedSQLiteDatastore

if TYPE_CHECKING:
    from eventsourcing.utils import Environment, EnvType


@final
class SyncedSQLiteFactory(SQLiteFactory):
    """`PERSISTENCE_MODULE=storage.log.factory:SyncedSQLiteFactory`, with `SQLITE_DBNAME` a file."""

    application_recorder_class = SyncedApplicationRecorder
    process_recorder_class = SyncedProcessRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        path = self.datastore.pool.db_name
        self.datastore.close()
        self.datastore = SyncedSQLiteDatastore(path)
