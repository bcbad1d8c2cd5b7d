"""Where our own time goes: a scenario under cProfile, by function and by file.

    python benchmarks/profile_ours.py sequential
    python benchmarks/profile_ours.py stream --lines 40 --output stream.pstats
    python benchmarks/profile_ours.py in_flight_64 --client raw

The profiler makes every Python call dearer, C calls hardly: compare shapes, not microseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys
from collections import Counter
from pathlib import Path

from measure import CLIENTS, far_end

sys.path.insert(0, str(CLIENTS))


def main() -> None:
    """Profile and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", choices=("sequential", "in_flight_64", "stream", "trickle"))
    parser.add_argument("--client", default="ours", help="module in benchmarks/clients (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--lines", type=int, default=30, help="functions to show (%(default)s)")
    parser.add_argument("--output", type=Path, help="also write the profile here, for snakeviz and the like")
    options = parser.parse_args()
    from scenario import measure

    profile = cProfile.Profile()
    with far_end() as url:
        asyncio.run(
            measure(options.client, options.scenario, url, 0.2)
        )  # imports and caches are not the question
        plain = asyncio.run(measure(options.client, options.scenario, url, options.seconds / 2))
        profile.enable()
        figures = asyncio.run(measure(options.client, options.scenario, url, options.seconds))
        profile.disable()
    print("unprofiled:", {name: round(value, 2) for name, value in plain.items()})
    print("profiled:  ", {name: round(value, 2) for name, value in figures.items()})
    stats = pstats.Stats(profile)
    if options.output:
        stats.dump_stats(options.output)
    stats.sort_stats("tottime").print_stats(options.lines)
    print_files(stats)


def print_files(stats: pstats.Stats) -> None:
    """Own time summed over the functions of a file; the waiting in `select` left out."""
    own: Counter[str] = Counter()
    for (file, _, function), (_, _, own_s, _, _) in stats.stats.items():  # type: ignore[attr-defined] # pstats is untyped here
        if "select.epoll" not in function and "select.kqueue" not in function:
            own["/".join(Path(file).parts[-3:]) if file != "~" else "(C)"] += own_s
    total = sum(own.values())
    print("own time by file")
    for file, seconds in own.most_common(20):
        print(f"  {seconds / total:6.1%}  {file}")


if __name__ == "__main__":
    main()
