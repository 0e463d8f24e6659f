"""Device tests of the store: the firmware's own `Files` on the VM's own littlefs, on a simulated flash that is cut."""

from storing import RULES, cut_everywhere, opener
from support import Skip

from pump.core.errors import Misuse
from twin.flash.nor import NorFlash
from twin.flash.store import has_littlefs, open_store


def _need_littlefs():
    if not has_littlefs():
        raise Skip("this engine has no littlefs")


def _cut(story, double_every):
    _need_littlefs()
    tally = cut_everywhere(story, double_every)
    assert tally.single == 3 * tally.operations
    assert tally.double > 0


def test_it_keeps_the_rules_of_non_volatile_memory():
    _need_littlefs()
    for rule in RULES:
        rule(opener(NorFlash(16)))


def test_small_writes_over_every_cut():
    _cut("small writes", 40)


def test_large_writes_over_every_cut():
    _cut("large writes", 40)


def test_appends_in_the_log_over_every_cut():
    _cut("appends in the log", 40)


def test_appends_to_a_block_over_every_cut():
    _cut("appends to a block", 40)


def test_writes_and_removes_over_every_cut():
    _cut("writes and removes", 40)


def test_an_engine_without_littlefs_opens_no_store():
    if has_littlefs():
        raise Skip("this engine has littlefs")
    try:
        open_store(NorFlash(16))
    except Misuse as misuse:
        assert "no littlefs" in str(misuse)
        return
    raise AssertionError("a store without littlefs")
