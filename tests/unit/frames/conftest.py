from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from runreport.model.entities import MetricInfo, Run, RunBatch, RunLog, Tag
from runreport.model.keys import param
from runreport.model.tables import POINTS
from runreport.names import Direction, DirectionSource, RunStatus
from runreport.store.manifest import Store
from runreport.store.parquet import write_batch

START = datetime(2024, 1, 1, tzinfo=UTC)

MakeLog = Callable[..., RunLog]
Commit = Callable[..., Store]
Series = Mapping[tuple[str, str], Sequence[tuple[int, float]]]


@pytest.fixture
def make_log() -> MakeLog:
    def make(  # noqa: PLR0913 -- each test names the facts it is about
        run: str,
        *,
        name: str = "",
        experiment: str = "digits",
        hour: int | None = 0,
        params: Mapping[str, str] | None = None,
        directions: Mapping[str, Direction] | None = None,
        seed: int | None = None,
        status: RunStatus = RunStatus.FINISHED,
    ) -> RunLog:
        infos = [
            MetricInfo(
                run_id=run,
                experiment=experiment,
                metric=metric,
                direction=direction,
                direction_source=DirectionSource.NONE if direction is Direction.UNKNOWN else DirectionSource.LOG,
                unit="%" if direction is Direction.UNKNOWN else None,
            )
            for metric, direction in (directions or {}).items()
        ]
        return RunLog(
            run=Run(
                run_id=run,
                experiment=experiment,
                name=name or run,
                source_id=run,
                path=f"logs/{run}",
                status=status,
                started=None if hour is None else START + timedelta(hours=hour),
                seed=seed,
                fingerprint="1",
            ),
            params=tuple(param(run, key, value) for key, value in (params or {}).items()),
            tags=(Tag(run_id=run, tag="author", value="ann"),),
            metric_infos=tuple(infos),
        )

    return make


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    def make(logs: Sequence[RunLog], series: Series | None = None) -> Store:
        rows = [
            {"run_id": run, "metric": metric, "step": step, "order": order, "value": value}
            for (run, metric), points in (series or {}).items()
            for order, (step, value) in enumerate(points)
        ]
        texts = {"run_id", "metric"}
        plain = pa.schema([field.with_type(pa.string()) if field.name in texts else field for field in POINTS])
        points = pa.Table.from_pylist(rows, schema=plain).cast(POINTS)
        store = Store.create(tmp_path / "store")
        store.commit([write_batch(store.path, RunBatch(logs=tuple(logs), points=points))])
        return store

    return make
