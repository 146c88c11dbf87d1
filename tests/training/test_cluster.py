import json

import pytest

from mtlite.errors import UsageError
from mtlite.training.cluster import Cluster, cluster_of, free_local_addresses, host_and_port


def test_addresses_and_a_number_are_a_cluster():
    cluster = cluster_of("one:4000,[::1]:4001", 1)
    assert cluster == Cluster(("one:4000", "[::1]:4001"), 1)
    assert [cluster.name(number) for number in range(2)] == ["the chief (one:4000)", "worker 1 ([::1]:4001)"]
    assert host_and_port("[::1]:4001") == ("::1", 4001)
    assert json.loads(cluster.tf_config()) == {
        "cluster": {"worker": ["one:4000", "[::1]:4001"]},
        "task": {"type": "worker", "index": 1},
    }


@pytest.mark.parametrize(
    ("workers", "number", "named"),
    [
        ("one:4000,two:4000", None, "--worker "),
        ("one:4000,two:4000", 2, "--worker: expected 0 to 1, received 2"),
        ("one:4000", 0, "2 to .* different addresses"),
        ("one:4000,one:4000", 0, "2 to .* different addresses"),
        ("one,two:4000", 0, "HOST:PORT.*received one"),
        ("one:4000,two:port", 0, "HOST:PORT.*received two:port"),
        ("one:4000,two:70000", 0, "HOST:PORT.*received two:70000"),
        ("tf-config", 0, "leave --worker out"),
        ("slurm", 0, "leave --worker out"),
    ],
)
def test_what_is_no_cluster_is_refused(workers, number, named):
    with pytest.raises(UsageError, match=named):
        cluster_of(workers, number)


def test_tf_config_names_the_workers_after_the_chief(monkeypatch):
    jobs = {"chief": ["one:1"], "worker": ["two:2", "three:3"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": jobs, "task": {"type": "worker", "index": 1}}))
    assert cluster_of("tf-config", None) == Cluster(("one:1", "two:2", "three:3"), 2)
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": jobs, "task": {"type": "chief", "index": 0}}))
    assert cluster_of("tf-config", None).number == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cluster": {"ps": ["a:1"], "worker": ["b:1"]}, "task": {}}'])
def test_another_tf_config_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UsageError, match=r"tf-config: expected .*cluster.*TF_CONFIG"):
        cluster_of("tf-config", None)


def test_slurm_names_the_tasks_of_a_step(monkeypatch):
    variables = {"JOB_ID": 30_077, "PROCID": 2, "STEP_NUM_TASKS": 3, "STEP_NODELIST": "node[1-2]"}
    for name, value in {**variables, "STEP_TASKS_PER_NODE": "2,1"}.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    assert cluster_of("slurm", None) == Cluster(("node1:20077", "node1:20078", "node2:20077"), 2)
    monkeypatch.delenv("SLURM_PROCID")
    with pytest.raises(UsageError, match=r"SLURM_PROCID.*srun"):
        cluster_of("slurm", None)


def test_free_addresses_are_different_and_on_this_machine():
    addresses = free_local_addresses(3)
    assert len(set(addresses)) == 3
    assert Cluster(addresses, 0).on_one_machine
    assert not Cluster((*addresses, "other:4000"), 0).on_one_machine
