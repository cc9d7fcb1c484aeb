import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.readers.common.naming import PathName, name_by_path


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ("", ("logs", "logs", None, "logs")),
        ("digits-optimizers/adam_s3", ("digits-optimizers", "adam_s3", 3, "adam")),
        ("ppo/seed1", ("logs", "ppo/seed1", 1, "ppo")),
        ("atari/ppo/seed1", ("atari", "ppo/seed1", 1, "ppo")),
        ("atari/pong/ppo/7", ("atari/pong", "ppo/7", 7, "ppo")),
        ("seed1", ("logs", "seed1", 1, "logs")),
        ("s12", ("logs", "s12", 12, "logs")),
        ("12", ("logs", "12", 12, "logs")),
        ("adam", ("logs", "adam", None, "adam")),
        ("lr=0.1,seed=4", ("logs", "lr=0.1,seed=4", 4, "lr=0.1")),
        ("adam-seed_4", ("logs", "adam-seed_4", 4, "adam")),
        ("adam__Seed4", ("logs", "adam__Seed4", 4, "adam")),
        ("_s4", ("logs", "_s4", 4, "logs")),
        ("a//b_s1", ("a", "b_s1", 1, "b")),
    ],
)
def test_names_seeds_and_stems(relative: str, expected: tuple[str, str, int | None, str]) -> None:
    experiment, name, seed, stem = expected
    assert name_by_path(relative, "logs") == PathName(experiment=experiment, name=name, seed=seed, stem=stem)


@pytest.mark.parametrize(
    "component", ["lr_sweep_0", "runs4", "reseed4", "model_S4", "seed", "s", "20240131", "adam_s3b", "x_s٣"]
)
def test_what_only_looks_like_a_seed_is_none(component: str) -> None:
    found = name_by_path(f"digits/{component}", "logs")
    assert (found.seed, found.stem, found.experiment) == (None, component, "digits")


@given(st.lists(st.text(st.characters(exclude_characters="/"), min_size=1), max_size=4), st.text(min_size=1))
def test_experiment_and_name_make_up_the_path(components: list[str], label: str) -> None:
    relative = "/".join(components)
    found = name_by_path(relative, label)
    if not components:
        assert found.name == found.experiment == label
    elif found.name == relative:
        assert found.experiment == label
    else:
        assert f"{found.experiment}/{found.name}" == relative
    assert found.stem


@given(st.sampled_from(["adam", "a.b", "x y"]), st.sampled_from(["_s{}", "-seed{}", "_seed={}"]), st.integers(0, 10**9))
def test_seeds_of_a_group_share_their_stem(stem: str, token: str, seed: int) -> None:
    found = name_by_path(f"exp/{stem}{token.format(seed)}", "logs")
    assert (found.stem, found.seed) == (stem, seed)
