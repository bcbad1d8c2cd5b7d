"""A key and a prompt that can be recognised anywhere, and the places where neither may be found."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from support_dataset import write_dataset
from support_fault_table import FAULTS, Fault
from support_fault_wires import BASES, PROVIDERS, MemoryTransport, Script, Wire
from support_virtual_time import LoopClock, in_virtual_time
from swebench_runner.providers import FallbackProvider, ProviderError
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-canary0key0canary0key0canary0"
PROMPT = "canary-prompt-of-somebody-else"
SECRETS = (KEY, KEY[3:], PROMPT)


def echoed(wire: Wire) -> Script:
    """A provider that repeats the key and tells it to everybody."""
    said = (
        b'{"error": {"message": "Incorrect API key provided: '
        + KEY.encode()
        + b". Bearer "
        + KEY.encode()
        + b'"}}'
    )
    return Script([said], status=401, headers=wire.headers)


ECHO = Fault("the key repeated", echoed, "")


def provider_with_secrets(name: str, model: str, base: str, **more: Any) -> Any:
    headers = {"X-Own-Secret": KEY}
    return PROVIDERS[name](model, KEY, base_url=base + BASES[name], headers=headers, **more)


def everything_said(error: BaseException) -> str:
    """All that anybody prints of an error."""
    chain, told = error, []
    while chain is not None:
        told += [str(chain), repr(chain), repr(chain.args), repr(getattr(chain, "__dict__", {}))]
        chain = chain.__cause__ or chain.__context__  # type: ignore[assignment]  # the loop ends at None
    return "\n".join([*told, *traceback.format_exception(error), repr(pickle.loads(pickle.dumps(error)))])


async def failure_of(call: Any) -> ProviderError | None:
    try:
        await call
    except ProviderError as error:
        return error
    return None


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", [ECHO, *FAULTS], ids=lambda fault: fault.name)
def test_no_error_and_no_log_tells_a_secret(
    fault: Fault, provider: str, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = fault.script(Wire(provider, stream))
    network = MemoryTransport(lambda _number: script)
    asked = provider_with_secrets(
        provider, "test-model", "http://far.test", transport=network, clock=LoopClock()
    )
    route = FallbackProvider([asked, asked])
    error = in_virtual_time(lambda: failure_of(route.generate(PROMPT, stream=stream)))
    said = caplog.text + repr(asked) + repr(asked.config) + repr(route) + repr(network.requests)
    if error is not None:
        said += everything_said(error)
    assert [secret for secret in SECRETS if secret in said] == []
    assert KEY in str(network.requests[0].headers)  # it was there to be told


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_redirect_to_another_port_is_not_followed(provider: str, status: int) -> None:
    async def story() -> None:
        async with Simulator() as sim, Simulator() as sink:
            target = f"{sink.url}/__sim/elsewhere"
            asked = provider_with_secrets(provider, "test-model", sim.url, clock=LoopClock())
            asked.config.model = f"sim-redirect@status={status}@to={target}"
            for stream in (False, True):
                error = await failure_of(asked.generate(PROMPT, stream=stream))
                assert error is not None
                assert (error.error_type, error.status_code) == ("redirect", status)
            assert sink.requests == ()
            assert sink.connections_made == 0
            await asked.aclose()

    in_virtual_time(story)


WITH_LOGS = "import logging; logging.basicConfig(level=logging.DEBUG); from swebench_runner.cli.main import main; main()"


def run_until(simulator: Simulator, requests: int, command: list[str], folder: Path) -> str:
    """Start the command line with every log switched on, end it in the middle, and hand over what it said."""
    place = {name: os.environ[name] for name in ("PATH", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    process = subprocess.Popen(
        [sys.executable, "-X", "dev", "-X", "faulthandler", "-c", WITH_LOGS, "--debug", *command],
        cwd=folder,
        env={**place, **simulator.env(KEY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while simulator.count() < requests and process.poll() is None:
        time.sleep(0.005)  # another process; there is nothing to wait on
    process.send_signal(signal.SIGABRT)
    return process.communicate()[0]


@pytest.mark.parametrize("model", ["sim-gold@first=0.02", "sim-cut@after=10", "sim-badjson"])
def test_no_file_of_a_run_that_crashes_holds_a_secret(model: str, tmp_path: Path) -> None:
    dataset, oracle = write_dataset(tmp_path, 40, problem_statement=f"It is wrong: {PROMPT}")
    with Simulator().start_in_thread() as simulator:
        command = ["generate", "-p", "openai", "-m", model, "-d", str(dataset), "--oracle-files", str(oracle)]
        said = run_until(simulator, 8, [*command, "-o", "run"], tmp_path)
        assert simulator.count(key=KEY) >= 8
    assert [secret for secret in SECRETS if secret in said] == []
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != dataset]
    assert [path.name for path in files if path.name.startswith("journal")]
    assert [path.name for path in files for one in SECRETS if one.encode() in path.read_bytes()] == []
