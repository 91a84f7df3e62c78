"""`python -m benchmarks [name …] [-- options]`: run the named benchmarks, or all of them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING, cast

import benchmarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.kit import Benchmark


def found() -> dict[str, Benchmark]:
    """By name, every module of this package that says what its goal is."""
    modules = (
        importlib.import_module(f"benchmarks.{module.name}")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if not module.name.startswith("_")
    )
    return {module.NAME: cast("Benchmark", module) for module in modules if hasattr(module, "GOAL")}


def main(argv: Sequence[str]) -> int:
    names, options = list(argv), []
    if "--" in names:
        cut = names.index("--")
        names, options = names[:cut], names[cut + 1 :]
    known = found()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark named {', '.join(unknown)}; there are: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    for name in names or sorted(known):
        print(f"== {name}: {known[name].GOAL}", flush=True)
        known[name].main(options)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
