from processes import assert_same, start

from mtlite.training.cluster import Cluster, free_local_addresses


def test_three_workers_equal_one_with_three_batches_bit_for_bit():
    """Sums of three numbers depend on their order. Each worker compares its own weights, so that all are equal, too."""
    addresses = free_local_addresses(3)
    processes = [start("worker", TF_CONFIG=Cluster(addresses, number).tf_config()) for number in range(3)]
    try:
        for process in processes:
            assert_same(process)
    finally:
        for process in processes:
            process.kill()
