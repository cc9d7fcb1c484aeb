"""Made-up pictures, texts and histograms of a run, for tests of themes."""

import math

from runreport.model.entities import Artifact
from runreport.model.kept import HISTOGRAM_HEADER, HISTOGRAM_TYPE, kept_artifact

_BINS = 20
_HISTOGRAM_STEPS = 5
_BLACK_AND_WHITE = b"GIF89a\x02\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x02\x00\x01\x00\x00\x02\x02\x44\x0a\x00;"


def sample_media(run_id: str, hostile: str) -> tuple[tuple[Artifact, ...], dict[str, bytes]]:
    """Return artifacts that are kept, and their bytes by SHA-256; ``hostile`` is put into names and texts."""
    files = (
        (f"tensorboard/images/samples{hostile}/step-0.gif", _BLACK_AND_WHITE, "image/gif"),
        (f"tensorboard/images/samples{hostile}/step-10.gif", _BLACK_AND_WHITE + b"\x00", "image/gif"),
        (f"tensorboard/images/drawing{hostile}/step-0.png", b"<svg onload=alert(1)>", "image/svg+xml"),
        (f"tensorboard/text/notes{hostile}/step-0.md", f"# Notes\n\n*first*{hostile}".encode(), "text/markdown"),
        (f"tensorboard/histograms/weights{hostile}.csv", _histogram().encode(), HISTOGRAM_TYPE),
    )
    artifacts = tuple(kept_artifact(run_id, path, content, media_type) for path, content, media_type in files)
    return artifacts, {one.sha256 or "": content for one, (_, content, _) in zip(artifacts, files, strict=True)}


def _histogram() -> str:
    """Return a bell that moves and widens over steps."""
    lines = [HISTOGRAM_HEADER]
    for step in range(_HISTOGRAM_STEPS):
        for number in range(_BINS):
            left = (number - _BINS / 2) / 5 * (1 + step / 4)
            lines.append(f"{step},{left:.4g},{left + 0.2:.4g},{round(100 * math.exp(-(left**2)))}")
    return "\n".join(lines) + "\n"
