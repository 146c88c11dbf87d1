import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from samples import ROOT

SCRIPT = Path(__file__).with_name("two_replicas.py")


def start(role, **environment):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(SCRIPT.parent)])
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), role],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
    )


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def assert_same(process):
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert output.endswith("same\n"), output


def test_two_devices_equal_one_with_accumulated_batches_in_a_step_and_in_a_whole_training():
    assert_same(start("mirrored"))


def test_two_workers_equal_one_with_accumulated_batches():
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = [
        start(
            "worker",
            TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": number}}),
        )
        for number in range(2)
    ]
    try:
        for process in processes:
            assert_same(process)
    finally:
        for process in processes:
            process.kill()
