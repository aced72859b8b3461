"""mlx_lm.server answers HTTP requests: completions, chats in several turns, and a streamed chat."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

import mlx_lm
import pytest
from conftest import COMMANDS
from scenarios import PROMPT


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def server(checkpoint, tmp_path_factory):
    """A function (path, body) -> the text of the answer; without a body the request is a GET."""
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [COMMANDS / "mlx_lm.server", "--model", checkpoint("llama"), "--port", str(port)],
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def ask(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read().decode()

    deadline = time.monotonic() + 120
    while True:
        try:
            ask("/health")
            break
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
    yield ask
    process.kill()
    process.wait()


def test_a_completion_is_the_text_of_the_model(server, checkpoint):
    answer = json.loads(server("/v1/completions", {"prompt": PROMPT, "max_tokens": 8, "temperature": 0}))
    model, tokenizer = mlx_lm.load(str(checkpoint("llama")))
    assert answer["choices"][0]["text"] == mlx_lm.generate(model, tokenizer, PROMPT, max_tokens=8)
    assert answer["usage"]["completion_tokens"] == 8


def test_a_streamed_chat_joins_to_the_whole_one(server):
    body = {"messages": [{"role": "user", "content": PROMPT}], "max_tokens": 8, "temperature": 0}
    whole = json.loads(server("/v1/chat/completions", body))["choices"][0]["message"]["content"]
    lines = server("/v1/chat/completions", {**body, "stream": True}).splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks) == whole
    assert whole and "data: [DONE]" in lines


def test_a_second_turn_reuses_the_first_ones_cache(server):
    turns, usages = [{"role": "user", "content": "A prompt of this test alone."}], []
    for _ in range(2):
        body = {"messages": turns, "max_tokens": 6, "temperature": 0}
        answer = json.loads(server("/v1/chat/completions", body))
        usages.append(answer["usage"])
        turns = turns + [answer["choices"][0]["message"], {"role": "user", "content": "And then?"}]
    first, second = (usage["prompt_tokens_details"]["cached_tokens"] for usage in usages)
    assert second > first and second > usages[0]["prompt_tokens"] // 2


def test_a_request_without_messages_is_refused(server):
    with pytest.raises(urllib.error.HTTPError) as refused:
        server("/v1/chat/completions", {"messages": 3})
    assert refused.value.code == 400
