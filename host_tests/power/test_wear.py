"""How long the flash lasts, and what the size of the lease has to do with it."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from itb.boards.board import CONFIGS, ROOT, load_board
from itb.flash.image import blocks, make_image
from itb.picture.lease import COMMENT, draw_lease, save_lease
from itb.sim.lease import LEASES_NL, NL_DAY, Curve, point, read_curve
from itb.sim.wear import (
    CYCLES,
    DEFAULT_NL,
    FIRMWARE_BLOCKS,
    FLASHES,
    Day,
    Worn,
    day_of,
    lease_steps,
    slacks,
    steps_day,
    worn_by,
    years,
)
from twin.flash.nor import BlockDevice, NorFlash
from twin.power.wear import Wear

PICTURE = ROOT / "docs" / "lease.png"
GOAL_YEARS = 100
SAVES_AN_HOUR = 24
# Two copies of a lease and of a state, and an event.
CALLS = [("state.a", 2100), ("state.b", 2100), ("lease.a", 49), ("lease.b", 49), ("journal.", 50)]


def committed() -> Curve:
    with Image.open(PICTURE) as picture:
        return read_curve(picture.info[COMMENT])


class TestADay:
    def test_at_rest_the_state_is_stored_each_hour(self) -> None:
        day = day_of(DEFAULT_NL, 0)
        assert (day.records("state"), day.records("lease")) == (SAVES_AN_HOUR, 0)

    @pytest.mark.parametrize("nl_day", [NL_DAY, 500_000])
    def test_a_lease_is_renewed_half_way(self, nl_day: int) -> None:
        day = day_of(DEFAULT_NL, nl_day)
        halves = 2 * steps_day(nl_day) / lease_steps(DEFAULT_NL)
        # The hourly state renews it, too; and a slice is a share of a lease.
        assert halves - 2 * SAVES_AN_HOUR < day.records("lease") < halves
        assert SAVES_AN_HOUR <= day.records("state") <= SAVES_AN_HOUR + 1
        assert day.records("lease") + day.records("state") > 0.95 * halves

    def test_a_bolus_is_stored_before_it_begins(self) -> None:
        names = [name for name, _ in day_of(DEFAULT_NL, NL_DAY, boluses=4).calls]
        # Asked for as the day begins.
        assert names[:3] == ["state.a", "state.b", "journal."]
        # Its beginning and its end, of each.
        assert names.count("journal.") == 8

    def test_everything_goes_into_two_copies(self) -> None:
        calls = day_of(DEFAULT_NL, NL_DAY).calls
        for name in ("state", "lease"):
            sizes = [[size for called, size in calls if called == f"{name}.{copy}"] for copy in "ab"]
            assert sizes[0] == sizes[1] != []


class TestErases:
    def test_the_fast_flash_is_worn_as_the_one_with_all_rules(self) -> None:
        flash = NorFlash(96)
        flash.power_on()
        strict = Wear(96, 20, BlockDevice(flash))
        fast = Wear(96, 20)
        for _ in range(30):
            strict.store(CALLS)
            fast.store(CALLS)
        assert fast.chip.erases == flash.erases
        assert fast.chip.programmed_bytes == flash.programmed_bytes
        assert flash.misuse == ""

    def test_the_journal_does_not_grow(self) -> None:
        wear = Wear(96, 20)
        before = set(wear._files.names())
        wear.store([("journal.", 50)] * 200)
        after = set(wear._files.names())
        assert len(after - before) == len(before - after) == 4

    def test_what_never_changes_is_never_erased(self) -> None:
        worn = worn_by(Day(tuple(CALLS)), 40, 212)
        assert worn.moving < 212 - FIRMWARE_BLOCKS

    def test_years_are_to_the_cycles_of_a_block(self) -> None:
        worn = Worn(10, (0, 10, 30), 0)
        assert (worn.moving, worn.mean_day, worn.worst_day) == (2, 2.0, 3.0)
        assert years(2.0) == pytest.approx(CYCLES / 2 / 365.25)
        assert (worn.mean_years, worn.worst_years) == (years(2.0), years(3.0))

    @pytest.mark.parametrize("name", sorted(path.stem for path in CONFIGS.glob("*.toml")))
    def test_the_firmware_takes_no_more_than_was_reckoned_with(self, name: str) -> None:
        image = make_image(load_board(name))
        taken = sum(map(blocks, map(len, [*image.files.values(), image.manifest]))) + 2 * len(image.folders)
        assert FIRMWARE_BLOCKS - 20 < taken <= FIRMWARE_BLOCKS


@pytest.mark.parametrize("blocks_there", FLASHES.values(), ids=FLASHES)
@pytest.mark.parametrize("nl_day", [0, NL_DAY, 500_000])
def test_the_blocks_outlast_the_goal_on_average(blocks_there: int, nl_day: int) -> None:
    worn = worn_by(day_of(DEFAULT_NL, nl_day), 10, blocks_there)
    assert worn.mean_years > GOAL_YEARS


class TestTheCurve:
    def test_the_picture_shows_what_is_counted_now(self) -> None:
        """When it does not: python -m itb.picture.lease docs/lease.png"""
        by_lease = {one.lease_nl: one for one in committed().points}
        assert tuple(by_lease) == LEASES_NL
        for lease_nl in (5000, 50_000):
            assert by_lease[lease_nl] == point(lease_nl)

    def test_the_worst_block_of_a_year_outlasts_the_goal(self) -> None:
        worst_day = committed().worst_day
        assert worst_day.keys() == FLASHES.keys()
        assert min(map(years, worst_day.values())) > GOAL_YEARS

    @pytest.mark.req("M-02")
    def test_a_larger_lease_wears_less_and_is_less_certain(self) -> None:
        points = committed().points
        for smaller, larger in pairwise(points):
            assert smaller.renewals_day >= larger.renewals_day
            assert smaller.most_slack_steps < larger.most_slack_steps
            for name in FLASHES:
                assert smaller.mean_day[name] >= larger.mean_day[name]
        for one in points:
            assert one.mean_slack_steps <= one.most_slack_steps <= lease_steps(Fraction(one.lease_nl))

    @pytest.mark.req("M-02")
    def test_a_restart_takes_no_more_than_a_lease_and_no_less_than_was_delivered(self) -> None:
        found = slacks(DEFAULT_NL, NL_DAY, 60, seed=3)
        assert min(found) >= 0
        assert max(found) <= lease_steps(DEFAULT_NL)
        assert len(set(found)) > 30

    def test_the_picture_carries_its_figures(self, tmp_path: Path) -> None:
        save_lease(committed(), tmp_path / "lease.png")
        with Image.open(tmp_path / "lease.png") as again, Image.open(PICTURE) as picture:
            assert again.info[COMMENT] == picture.info[COMMENT]
            assert again.size == picture.size

    def test_the_picture_names_what_it_shows(self) -> None:
        wear, doubt = draw_lease(committed()).axes
        assert {str(line.get_label()) for line in wear.lines} >= {
            f"{name}, {which} block" for name in FLASHES for which in ("mean", "worst")
        }
        assert {str(line.get_label()) for line in doubt.lines} >= {"one lease", "worst", "mean"}
