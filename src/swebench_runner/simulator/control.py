"""The pages by which another process asks the simulator what it has seen."""

from __future__ import annotations

import msgspec

from swebench_runner.simulator.behaviours import describe_behaviours
from swebench_runner.simulator.ledger import as_json
from swebench_runner.simulator.wire import TEXT_TYPE, Page, Visit


def requests(visit: Visit) -> Page:
    """The kept records, oldest first; the query may name a `model`, a `path` or an `outcome`."""
    records = [as_json(record) for record in visit.state.ledger.records() if not _is_ours(record.path)]
    for name, value in visit.query.items():
        records = [record for record in records if str(record.get(name)) == value]
    return _json(records)


def counts(visit: Visit) -> Page:
    """All numbers; with a query (`model`, `key`, `status`, `path`) only how many requests match it."""
    if not visit.query:
        return _json(visit.state.ledger.summary())
    status = visit.query.get("status")
    count = visit.state.ledger.count(
        model=visit.query.get("model"),
        key=visit.query.get("key"),
        status=int(status) if status and status.isdigit() else None,
        path=visit.query.get("path"),
    )
    return _json({"count": count})


def reset(visit: Visit) -> Page:
    """Forget everything."""
    visit.state.reset()
    return _json({"reset": True})


def behaviours(_visit: Visit) -> Page:
    """The table of behaviours."""
    return _json(describe_behaviours())


def elsewhere(_visit: Visit) -> Page:
    """Where a redirect points: the log says who came, and with which key."""
    return Page(b"You should not be here.\n", 200, TEXT_TYPE)


def _is_ours(path: str) -> bool:
    return path.startswith("/__sim/") and path != "/__sim/elsewhere"


def _json(value: object) -> Page:
    return Page(msgspec.json.encode(value))
