from processes import assert_same, start


def test_two_devices_equal_one_with_accumulated_batches_in_a_step_and_in_a_whole_training():
    assert_same(start("mirrored"))
