"""Tests of the server of the playground: what it answers, what it refuses, and that no question stops it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrdsl.play.answers import answer
from lrdsl.play.questions import MAX_QUESTION
from lrdsl.play.server import Playground
from lrdsl.play.workers import Worker

LOOK = json.dumps({"ask": "levels", "text": "linear(4)", "tick": 1})


@pytest.fixture(scope="module")
def server() -> Iterator[Playground]:
    with Playground() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def send(server: Playground, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Sends a request as the page does, but for these headers; an empty one is left out."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    sent = {"Host": f"127.0.0.1:{server.port}"}
    if method == "POST":
        sent |= {"Origin": f"http://127.0.0.1:{server.port}", "Content-Type": "application/json", "Content-Length": str(len((body or "").encode()))}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in sent.items():
        if value:
            connection.putheader(name, value)
    connection.endheaders((body or "").encode() or None)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def test_it_serves_the_page_with_a_strict_policy(server: Playground) -> None:
    for path, kind in {"/": "text/html", "/page.js": "text/javascript", "/page.css": "text/css", "/icon.svg": "image/svg+xml"}.items():
        status, headers, content = send(server, "GET", path)
        assert (status, headers["content-type"].split(";")[0], bool(content)) == (200, kind, True)
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert (headers["x-content-type-options"], headers["x-frame-options"], headers["referrer-policy"]) == ("nosniff", "DENY", "no-referrer")
        assert headers["cross-origin-resource-policy"] == "same-origin"
    assert send(server, "HEAD", "/")[2] == b""


@pytest.mark.parametrize("path", ["/ask", "/ask/slow"])
def test_it_answers_as_the_module_does(server: Playground, path: str) -> None:
    status, headers, content = send(server, "POST", path, LOOK)
    assert (status, headers["content-type"], content.decode()) == (200, "application/json", answer(LOOK))
    status, _, _ = send(server, "POST", path, LOOK, Host=f"localhost:{server.port}", Origin=f"http://localhost:{server.port}")
    assert status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", "0.0.0.0:{port}", "[::1]:{port}", ""]
)
def test_another_host_is_refused(server: Playground, host: str) -> None:
    """A site that lets its own name stand for this machine gets nothing."""
    for method, path, body in (("GET", "/", None), ("GET", "/page.js", None), ("POST", "/ask", LOOK)):
        assert send(server, method, path, body, Host=host.format(port=server.port))[0] == 421


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1", "http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:{port}/", ""],
)
def test_another_origin_is_refused(server: Playground, origin: str) -> None:
    assert send(server, "POST", "/ask", LOOK, Origin=origin.format(port=server.port))[0] == 403


def test_another_site_cannot_load_a_file(server: Playground) -> None:
    for site in ("cross-site", "same-site"):
        assert send(server, "GET", "/page.js", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors")[0] == 403
        assert send(server, "GET", "/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate")[0] == 200  # a link leads here
        assert send(server, "POST", "/ask", LOOK, Sec_Fetch_Site=site, Sec_Fetch_Mode="cors")[0] == 403


def test_odd_requests_are_refused(server: Playground) -> None:
    for path in ("/no", "/../pages.py", "/%2e%2e/pages.py", "/fonts/../../pages.py", "//etc/passwd", "/etc/passwd", "/page.js/", "/PAGE.JS", "/ask"):
        assert send(server, "GET", path)[0] == 404
    assert send(server, "POST", "/", LOOK)[0] == 404
    assert send(server, "POST", "/ask", LOOK, Content_Type="text/plain")[0] == 415
    assert send(server, "POST", "/ask", LOOK, Content_Length="")[0] == 411
    assert send(server, "POST", "/ask", None, Content_Length="-1")[0] == 411
    assert send(server, "POST", "/ask", None, Content_Length="1e3")[0] == 411
    assert send(server, "POST", "/ask", None, Content_Length=str(MAX_QUESTION + 1))[0] == 413
    assert send(server, "POST", "/ask", None, Content_Length="9" * 5000)[0] == 413
    assert send(server, "DELETE", "/")[0] == 501
    assert json.loads(send(server, "POST", "/ask", "not JSON")[2]) == {"error": "the question is not JSON"}
    assert json.loads(send(server, "POST", "/ask", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))[2])["error"]
    assert send(server, "GET", "/")[0] == 200  # it goes on


def test_it_listens_on_the_loopback_address_alone(server: Playground) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.socket.family is socket.AF_INET


def test_several_pages_ask_at_once(server: Playground) -> None:
    answers: list[tuple[int, bytes]] = []

    def page(tick: int) -> None:
        question = json.dumps({"ask": "levels", "text": "linear(10)", "tick": tick})
        for path in ("/ask", "/ask/slow"):
            status, _, content = send(server, "POST", path, question)
            answers.append((status, content))

    threads = [threading.Thread(target=page, args=(tick,)) for tick in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    levels = sorted(json.loads(content)["levels"][0]["level"] for _, content in answers)
    assert levels == pytest.approx(sorted([1 - tick / 10 for tick in range(10)] * 2))


def stuck(question: str) -> str:
    """Answers of a process that some questions stop."""
    while question == "for ever":
        pass
    if question == "die":
        os._exit(1)
    return question


def test_a_question_that_takes_too_long_is_ended() -> None:
    worker = Worker(stuck, 0.2)
    try:
        assert "error" in json.loads(worker.ask("for ever"))
        assert "error" in json.loads(worker.ask("die"))
        patient = Worker(stuck, 60)
        assert patient.ask("x") == "x"
        patient.stop()
    finally:
        worker.stop()


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Starts `lrdsl play` in a folder, as its installed program does."""
    program = "import sys; sys.path[:] = [one for one in sys.path if one]; from lrdsl.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", program, "play", "--no-browser", *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_command_says_where_it_is_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    for name in ("multiprocessing", "json", "attr", "runpy", "pickle"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", "utf-8")
    running = command(tmp_path, "warmup(5%) then cosine(rest, to=0.1x)", "--total-steps", "1000", "--base", "1e-3", "--set", "n=5")
    assert running.stdout is not None
    said = running.stdout.readline()
    assert said.startswith("the playground is at http://127.0.0.1:")
    assert "#text=warmup%285%25%29+then+cosine%28rest%2C+to%3D0.1x%29&total_steps=1000&base=0.001&names=n%3D5" in said
    assert running.stdout.readline() == "Ctrl-C ends it\n"
    port = int(said.split(":")[2].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/ask", LOOK, {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"})
    assert json.loads(connection.getresponse().read())["levels"]
    connection.close()
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=60)
    assert (running.returncode, output, errors) == (0, "", "lrdsl: the playground has ended\n")
    assert not (tmp_path / "ran").exists()  # no module of a stranger's folder was loaded


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = command(tmp_path, "hold", "--port", str(taken.getsockname()[1]))
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "cannot be used" in errors
