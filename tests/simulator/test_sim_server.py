"""The simulator as an object, a thread, a process and a fixture; who may come in; what it refuses to be."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

import swebench_runner.simulator as package
from support_simulator import HEADERS, PATCH, PATHS, PROBLEM, ask_body
from swebench_runner.simulator import PromptInfo, Simulator, serve

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ("pytester",)


def post(url: str, body: Any, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_a_thread_serves_synchronous_code() -> None:
    with Simulator(gold={PROBLEM: PATCH}).start_in_thread() as sim:
        told = post(sim.url + PATHS["openai"], ask_body("openai", "sim-gold", PROBLEM), HEADERS["openai"])
        assert PATCH in told["choices"][0]["message"]["content"]
        # Said before the last byte is written, so no reader of that byte is ever ahead of it.
        assert (sim.answered(PROBLEM), sim.in_flight, sim.count()) == (1, 0, 1)
        port = sim.port
    assert sim.count() == 1
    assert sim.connections == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert not [thread for thread in threading.enumerate() if thread.name == "swebench-simulator"]


def test_many_threads_never_see_an_answer_before_its_count() -> None:
    with Simulator().start_in_thread() as sim:
        seen: list[tuple[int, int]] = []

        def work(name: str) -> None:
            for turn in range(1, 11):
                stream = turn % 2 == 0
                body = ask_body("ollama", "sim-echo", f"worker {name}", stream=stream)
                request = urllib.request.Request(sim.url + "/api/chat", json.dumps(body).encode())
                with urllib.request.urlopen(request, timeout=10) as response:
                    response.read()
                seen.append((turn, sim.answered(f"worker {name}")))

        workers = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert len(seen) == 40
        assert all(turn == count for turn, count in seen)
        assert sim.max_in_flight <= 4


async def test_stopping_breaks_what_hangs(send: Callable[..., Any]) -> None:
    import asyncio

    import aiohttp

    async with aiohttp.ClientSession() as session:
        async with Simulator() as sim:
            asked = asyncio.create_task(
                session.post(sim.url + "/api/chat", json=ask_body("ollama", "sim-silent"))
            )
            while not sim.in_flight:  # noqa: ASYNC110 - there is no event for what the server has got to
                await asyncio.sleep(0)
        with pytest.raises(aiohttp.ClientError):
            await asked


def test_only_loopback_unless_meant() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Simulator(host="0.0.0.0")
    assert Simulator(host="0.0.0.0", allow_remote=True).port == 0
    assert Simulator().url == ""


def test_a_taken_port_is_said() -> None:
    with Simulator().start_in_thread() as first:
        with (
            pytest.raises(OSError, match="address already in use"),
            Simulator(port=first.port).start_in_thread(),
        ):
            pass
        assert first.url == f"http://127.0.0.1:{first.port}"


def test_the_environment_points_every_provider_here() -> None:
    with Simulator().start_in_thread() as sim:
        env = sim.env()
        assert env["OPENAI_BASE_URL"] == f"{sim.url}/v1"
        assert env["ANTHROPIC_BASE_URL"] == env["OLLAMA_HOST"] == env["SWEBENCH_SIMULATOR_URL"] == sim.url
        assert env["OPENROUTER_BASE_URL"] == f"{sim.url}/openrouter/api/v1"
        assert {env[name] for name in env if name.endswith("_API_KEY")} == {"sk-simulated"}
        assert len(env) == 8
        assert sim.env("mine")["OPENAI_API_KEY"] == "mine"


def test_configured_keys_are_the_only_ones() -> None:
    with Simulator(api_keys=["good"]).start_in_thread() as sim:
        for dialect, path in PATHS.items():
            headers = {"x-api-key": "good", "anthropic-version": "2023-06-01"}
            headers = headers if dialect == "anthropic" else {"Authorization": "Bearer good"}
            assert post(sim.url + path, ask_body(dialect, "sim-echo"), headers)
            for wrong in ("other", ""):
                bad = {name: value.replace("good", wrong) for name, value in headers.items()}
                with pytest.raises(urllib.error.HTTPError) as caught:
                    post(sim.url + path, ask_body(dialect, "sim-echo"), bad)
                assert caught.value.code == 401
                caught.value.close()


def test_answers_come_from_a_function_first() -> None:
    seen: list[PromptInfo] = []

    def answers(prompt: PromptInfo) -> str | None:
        seen.append(prompt)
        return PATCH if "special" in prompt.text else None

    with Simulator(gold={PROBLEM: "other patch\n"}, answers=answers).start_in_thread() as sim:

        def ask(text: str) -> str:
            return post(sim.url + "/api/chat", ask_body("ollama", "sim-gold", text), {})["message"]["content"]

        assert PATCH in ask("a special case")
        assert "other patch" in ask(PROBLEM)
        assert "simulator" in ask("anything else")
        assert ask("If I say ping, you say?") == "pong"
    assert (seen[0].dialect, seen[0].last_user, seen[0].model.name) == (
        "ollama",
        "a special case",
        "sim-gold",
    )


def test_serving_as_a_process_until_interrupted() -> None:
    code = "from swebench_runner.simulator import serve; serve(port=0, on_ready=lambda sim: print(sim.url, flush=True))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert post(url + "/api/chat", ask_body("ollama", "sim-echo", "hi"), {})["message"]["content"] == "hi"
        with urllib.request.urlopen(url + "/__sim/counts", timeout=10) as response:
            assert json.load(response)["total"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) != 0
        assert "KeyboardInterrupt" in (process.stderr.read() if process.stderr else "")
    with pytest.raises(ValueError, match="loopback only"):
        serve("0.0.0.0")


def test_the_package_is_light_until_it_serves() -> None:
    code = (
        "import sys; import swebench_runner.simulator as s; s.describe_behaviours; s.Simulator();"
        "print('aiohttp' in sys.modules, 'msgspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "False"
    code = "import sys; import swebench_runner.simulator.pytest_plugin; print(sorted(m for m in sys.modules if 'swebench_runner' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(
        ["swebench_runner", "swebench_runner.simulator", "swebench_runner.simulator.pytest_plugin"]
    )
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        package.nonsense  # noqa: B018 - the attribute is asked for, not used
    assert set(package.__all__) == set(package._HOMES)


def test_the_fixture_is_there_for_anyone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import json, urllib.request

        def test_it(simulator):
            url = simulator.env()["OLLAMA_HOST"] + "/api/version"
            with urllib.request.urlopen(url) as response:
                assert "version" in json.load(response)
            assert simulator.count(path="/api/version") == 1
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:randomly", "-n", "0")
    done.assert_outcomes(passed=1)


def test_the_plugin_in_this_very_run(simulator: Simulator) -> None:
    assert simulator.count() == 0
    assert simulator.url.startswith("http://127.0.0.1:")
