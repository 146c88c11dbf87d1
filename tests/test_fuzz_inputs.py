"""A few hundred generated inputs for everything behind the readers; `fuzz_inputs.py` makes as many as one likes."""

from fuzz_inputs import fuzz


def test_a_right_result_or_an_error_of_the_project(tiny_run, tmp_path):
    fuzzer = fuzz(tmp_path, tiny_run, inputs=400, seed=5)
    assert not fuzzer.bugs
    assert fuzzer.outcomes["right result"] > 80
    assert fuzzer.outcomes["project error"] > 80
