"""`python -m tests.transcripts [PAGE…]`: run pages of docs/transcripts and write down what they print now."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.transcripts.page import PAGES, steps_of, with_output
from tests.transcripts.session import session


def main() -> None:
    """Look at the difference before you commit it."""
    for path in [page for page in PAGES if page.stem in sys.argv[1:] or not sys.argv[1:]]:
        text = path.read_text()
        with tempfile.TemporaryDirectory() as folder, session(Path(folder)) as shell:
            path.write_text(with_output(text, iter([shell.run(step.command) for step in steps_of(text)])))
        print(path)


if __name__ == "__main__":
    main()
