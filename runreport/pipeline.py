"""The stages in order: the only file that knows all of them.

``logs -> find -> scan -> read -> store -> frames -> analysis -> pages -> files -> site``
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runreport.compare.analysis import analyse, compare_groups
from runreport.compare.comparison import Analysis, Comparison
from runreport.config.options import Settings
from runreport.errors import NoRunsError, ReadError, StrictError, UnknownNameError
from runreport.execute import process_count, run_tasks
from runreport.frames.load import load_experiments
from runreport.frames.values import ExperimentFrame
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers import registry
from runreport.readers.base import Location, Source
from runreport.store.manifest import Snapshot, Store
from runreport.store.parquet import BatchFiles, write_batch
from runreport.store.query import parse
