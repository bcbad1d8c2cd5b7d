"""Many settled instances: nothing is asked, and memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

from support_batch import Told, batch, instances
from swebench_runner.generation.run.key import instance_sha256

if TYPE_CHECKING:
    from support_journal import OpenJournal

SETTLED = 20_000


async def test_resuming_a_large_run_is_flat(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        database = journal._writer._db
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO results (instance_id, instance_sha256, outcome, patch, detail, lane, settled_at) "
            "VALUES (?, ?, 'applies', '', '', 'told/m', '')",
            ((one.instance_id, instance_sha256(one)) for one in instances(SETTLED)),
        )
        database.execute("COMMIT")
    provider = Told()
    with open_journal() as journal:
        tracemalloc.start()
        finished = await batch(journal, provider, count=SETTLED)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert provider.asked == []
    assert (finished.reused, finished.asked, finished.missing) == (SETTLED, 0, 0)
    assert peak_bytes < 2_500_000  # a tenth of what the instances and results together take
