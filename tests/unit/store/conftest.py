from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from runreport.model.entities import Run, RunBatch, RunLog
from runreport.model.keys import param
from runreport.model.tables import POINTS
from runreport.notices import Notice

START = datetime(2024, 1, 1, tzinfo=UTC)

Series = Mapping[tuple[str, str], Sequence[float]]
MakeBatch = Callable[..., RunBatch]


def points(series: Series) -> pa.Table:
    """One point per step, a second apart."""
    rows = [
        {
            "run_id": run,
            "metric": metric,
            "step": step,
            "order": 0,
            "value": value,
            "time": START + timedelta(seconds=step),
        }
        for (run, metric), values in series.items()
        for step, value in enumerate(values)
    ]
    plain = pa.schema(
        [field.with_type(pa.string()) if field.name in {"run_id", "metric"} else field for field in POINTS]
    )
    return pa.Table.from_pylist(rows, schema=plain).cast(POINTS)


@pytest.fixture
def make_batch() -> MakeBatch:
    def make(
        series: Series, *, fingerprint: str = "1", logs: Sequence[str] | None = None, notices: Sequence[Notice] = ()
    ) -> RunBatch:
        named = list(dict.fromkeys(run for run, _ in series)) if logs is None else logs
        return RunBatch(
            logs=tuple(
                RunLog(
                    run=Run(run_id=run, experiment="e", name=run, source_id=run, path=run, fingerprint=fingerprint),
                    params=(param(run, "lr", "0.1"), param(run, "depth", fingerprint)),
                    notices=tuple(notices),
                )
                for run in named
            ),
            points=points(series),
        )

    return make
