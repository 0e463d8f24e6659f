"""What was run, and what the firmware took to run it: the facts of a run that are not its account."""

from dataclasses import asdict

from itb.sim.job import Job
from itb.sim.record import Record
from itb.story.story import Story


def about(story: Story, job: Job, record: Record, confirmed: bool) -> dict[str, object]:
    """The facts for machines. `confirmed` says whether the crossed soft limits were."""
    what: dict[str, object] = {"title": story.title, "file": story.file}
    if story.dated:
        what["start"] = story.start.isoformat()
    return {
        "story" if story.dated else "prescription": what,
        "board": story.board.name,
        "slice_ms": job.slice_ms,
        "seed": job.seed,
        "findings": [
            {"field": f.field, "value": f.value, "expected": f.expected, "source": f.source, "confirmed": confirmed}
            for f in story.findings
        ],
        "heap": {"start_bytes": _heap_start(record), "peak_bytes": _heap_peak(record)},
        "late_ticks": record.end.late_ticks if record.end else None,
        "flash": asdict(record.end.flash) if record.end and record.end.flash else None,
    }


def told(record: Record) -> str:
    """The heap, the late ticks and the flash in words; empty where there is nothing to tell."""
    sentences: list[str] = []
    start, peak = _heap_start(record), _heap_peak(record)
    if start and peak:
        sentences.append(f"The firmware and its bench used {start:,} bytes of heap at the start, at most {peak:,}.")
    late_ticks = record.end.late_ticks if record.end else 0
    if late_ticks:
        sentences.append(f"{late_ticks:,} tick{'s were' if late_ticks > 1 else ' was'} late.")
    if record.end and record.end.flash:
        work = record.end.flash
        sentences.append(
            f"The flash took {work.operations:,} operations: {work.erases:,} erases, {work.most_erases:,} of one "
            f"block, and {work.programmed_bytes:,} bytes programmed."
        )
    return " ".join(sentences)


def _heap_start(record: Record) -> int | None:
    """None where the engine cannot tell."""
    return (record.start.heap_used or None) if record.start else None


def _heap_peak(record: Record) -> int | None:
    return (record.end.heap_peak or None) if record.end else None
