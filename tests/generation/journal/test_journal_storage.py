"""Disks and folders that say no."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from support_journal import OpenJournal, answer, intent, result
from swebench_runner.generation.journal.errors import RunLockedError, StorageError


def test_a_folder_that_cannot_be_made(tmp_path: Path, open_journal: OpenJournal, folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot make the run folder") as caught:
        open_journal()
    assert caught.value.exit_code == 5
    assert "--output" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_writable(open_journal: OpenJournal, folder: Path) -> None:
    folder.mkdir(mode=0o500)
    with pytest.raises(StorageError, match="cannot write to the run folder"):
        open_journal()


def test_a_lock_that_cannot_be_made(open_journal: OpenJournal, folder: Path) -> None:
    (folder / "run.lock").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot write to the run folder"):
        open_journal()


def test_a_second_writer_is_refused_and_told_who_the_first_is(open_journal: OpenJournal) -> None:
    with open_journal(), pytest.raises(RunLockedError, match=f"process {os.getpid()}"):
        open_journal()
    open_journal().close()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"this is not a database, " * 100, "not a database"), (None, "another program")],
    ids=["garbage", "foreign"],
)
def test_a_file_that_is_no_journal_is_left_alone(
    open_journal: OpenJournal, folder: Path, content: bytes | None, complaint: str
) -> None:
    folder.mkdir()
    file = folder / "journal.sqlite"
    if content is None:
        foreign = sqlite3.connect(file)
        foreign.execute("CREATE TABLE mine (x)")
        foreign.close()
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    with pytest.raises(StorageError, match=complaint):
        open_journal()
    assert file.read_bytes() == before
    with pytest.raises(StorageError, match=complaint):  # the lock was freed
        open_journal()


def test_a_journal_of_the_future_is_refused(open_journal: OpenJournal, folder: Path) -> None:
    open_journal().close()
    file = sqlite3.connect(folder / "journal.sqlite")
    file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(StorageError, match="newer version"):
        open_journal()


def test_a_damaged_page_is_a_clear_error(open_journal: OpenJournal, folder: Path) -> None:
    open_journal().close()
    file = folder / "journal.sqlite"
    file.write_bytes(file.read_bytes()[:512] + b"\xff" * 8192)
    with pytest.raises(StorageError, match="journal"):
        open_journal()


def test_no_room_for_the_reserve_means_no_run(open_journal: OpenJournal, folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(StorageError, match="no room for a run"):
            open_journal(reserve_bytes=2_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (folder / ".reserve").exists()
    open_journal().close()


async def test_a_full_file_ends_admission_but_keeps_what_is_in_flight(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        for n in range(20):
            await journal.done(await journal.begin(intent(f"a__b-{n}")), answer())
        in_flight = await journal.begin(intent("in flight"))
        database = journal._writer._db
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        begun = (journal.begin(intent(f"c__d-{n}")) for n in range(1000))
        with pytest.raises(StorageError, match="full"):
            await asyncio.gather(*begun)
        assert journal.trouble is not None
        database.execute("PRAGMA max_page_count = 100000")  # what giving up the reserve does on a real disk
        with pytest.raises(StorageError):
            await journal.begin(intent("too late"))
        if journal._writer.broken is None:
            await journal.done(in_flight, answer("paid for"))
        assert (await journal.totals()).calls["done"] >= 20
    with open_journal() as journal:
        assert (await journal.find_answer(intent("a__b-7"))) is not None


async def test_when_nothing_can_be_written_any_more_reading_goes_on(open_journal: OpenJournal) -> None:
    with open_journal() as journal:
        await journal.settle(result("kept"))
        database = journal._writer._db
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        database.execute(f"PRAGMA max_page_count = {pages}")
        big = answer(text=os.urandom(200_000).hex())
        call = await journal.begin(intent())
        for _ in range(2):
            with pytest.raises(StorageError, match=r"journal|full"):
                await journal.done(call, big)
        with pytest.raises(StorageError):
            await journal.settle(result("too late"))
        assert (await journal.known(["kept", "too late"])).keys() == {"kept"}
    with open_journal() as journal:
        assert (await journal.totals()).calls == {"unknown": 1}


ON_A_SMALL_DISK = textwrap.dedent("""
    import asyncio, os, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from support_journal import answer, intent
    from swebench_runner.generation.journal.book import Journal
    from swebench_runner.generation.journal.errors import StorageError

    async def main(folder):
        with Journal.open(folder, settings={}, settings_sha256="1", reserve_bytes=1_000_000) as journal:
            acknowledged, in_flight = [], []
            try:
                for n in range(10_000):
                    in_flight.append(await journal.begin(intent(f"a-{n}")))
                    if len(in_flight) > 4:
                        await journal.done(in_flight.pop(0), answer(os.urandom(20_000).hex()))
                        acknowledged.append(n)
            except StorageError as exc:
                print("full:", exc.exit_code)
            for call in in_flight:
                await journal.done(call, answer("paid for"))
        with Journal.open(folder, settings={}, settings_sha256="1", reserve_bytes=4096) as journal:
            done = (await journal.totals()).calls["done"]
            print("kept:", done == len(acknowledged) + len(in_flight), done > 20)
        assert journal._writer._db is not None

    asyncio.run(main(Path(sys.argv[1])))
""")


def test_a_disk_that_fills_up_loses_nothing_that_was_paid_for(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = f"mount -t tmpfs -o size=6m none {disk}"
    probe = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mounted], capture_output=True, text=True, check=False
    )
    if probe.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {probe.stderr.strip()[:80]}")
    script = tmp_path / "script.py"
    script.write_text(ON_A_SMALL_DISK)
    here = Path(__file__).parents[2]
    run = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", f'{mounted} && exec "$0" {script} {disk}/run {here}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.split("\n")[:2] == ["full: 5", "kept: True True"], run.stderr
