"""Memory after the import and three providers; nothing else is loaded. Usage: memory.py CLIENT|bare URL."""

import os
import sys


def main(name: str, url: str) -> float:
    """Resident megabytes."""
    kept = []
    if name != "bare":
        client = __import__(name)
        exec(client.IMPORT, {})
        kept = client.three_providers(url)
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib would be measured too
        pages = int(statm.read().split()[1])
    assert kept or name == "bare"
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    print(f'{{"rss_mb": {main(sys.argv[1], sys.argv[2])}}}')
