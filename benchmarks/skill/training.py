"""What the model is taught with: FloodNet's floods, and what is no water between them.

`python -m benchmarks.skill.training` writes the model that is shipped, taught by every street.
"""

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.skill import floodnet
from benchmarks.skill.timeline import Timeline
from services.alerts.learning import shipped
from services.alerts.learning.samples import Recording, examples
from services.alerts.learning.train import train

FOLDS = 5
SEED = 20260515
VERSION = "street-1"


def recording(line: Timeline) -> Recording:
    """A street's timeline as a recording; what could not be measured teaches nothing."""
    samples = [(at, mm) for at, mm in line.samples if mm is not None]
    return Recording(line.sensor.sensor_id, samples, [(one.begins, one.ends) for one in line.artefacts])


def folds(lines: Sequence[Timeline]) -> list[list[Timeline]]:
    """The streets in so many parts; a street is whole in one of them."""
    order = sorted(lines, key=lambda line: line.sensor.sensor_id)
    random.Random(SEED).shuffle(order)
    return [order[part::FOLDS] for part in range(FOLDS)]


def main(path: Path) -> None:
    """Teach with every street, and write the model."""
    asked = examples(recording(line) for line in floodnet.timelines(with_artefacts=True))
    sys.stdout.write(
        f"{len(asked):,} questions, {sum(one.crossed_s is not None for one in asked):,} answered by water\n"
    )
    path.write_text(json.dumps(train(asked, VERSION)) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(shipped.__file__).with_name(shipped.NAME))
