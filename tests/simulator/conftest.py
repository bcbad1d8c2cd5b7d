"""A running simulator in the test's own loop, and a plain HTTP client to look at bytes with."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from support_simulator import HEADERS, PATCH, PATHS, PROBLEM, Answer, ask_body
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(gold={PROBLEM: PATCH}) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


@pytest.fixture
def send(sim: Simulator, http: aiohttp.ClientSession) -> Callable[..., Any]:
    """`await send(path, body, headers)`: an `Answer`, also where the connection broke."""

    async def send_request(
        path: str, body: Any = None, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Answer:
        data = (
            body if body is None else BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        )
        got = b""
        status, response_headers = 0, {}
        try:
            async with http.request(
                method, sim.url + path, data=data, headers=headers or {}, allow_redirects=False
            ) as response:
                status, response_headers = response.status, response.headers
                async for part in response.content.iter_any():
                    got += part
        except aiohttp.ClientError as error:
            return Answer(status, got, response_headers, error)
        return Answer(status, got, response_headers)

    return send_request


@pytest.fixture
def ask(send: Callable[..., Any]) -> Callable[..., Any]:
    """`await ask(dialect, model, text, stream=…)`: an `Answer`."""

    async def ask_model(dialect: str, model: str, text: str = "hello", **more: Any) -> Answer:
        return await send(PATHS[dialect], ask_body(dialect, model, text, **more), HEADERS[dialect])

    return ask_model
