"""What was run, and what the firmware took to run it: the facts of a run that are not its account."""

from itb.rx.program import Plan
from itb.sim.job import Job
from itb.sim.record import Record


def about(plan: Plan, job: Job, record: Record, confirmed: bool) -> dict[str, object]:
    """The facts for machines. `confirmed` says whether the crossed soft limits were."""
    return {
        "prescription": {"title": plan.prescription.title, "file": plan.prescription.file},
        "board": plan.board.name,
        "slice_ms": job.slice_ms,
        "seed": job.seed,
        "findings": [
            {"field": f.field, "value": f.value, "expected": f.expected, "source": f.source, "confirmed": confirmed}
            for f in plan.findings
        ],
        "heap": {"start_bytes": _heap_start(record), "peak_bytes": _heap_peak(record)},
        "late_ticks": record.end.late_ticks if record.end else None,
    }


def told(record: Record) -> str:
    """The heap and the late ticks in words; empty where there is nothing to tell."""
    sentences: list[str] = []
    start, peak = _heap_start(record), _heap_peak(record)
    if start and peak:
        sentences.append(f"The firmware and its bench used {start:,} bytes of heap at the start, at most {peak:,}.")
    late_ticks = record.end.late_ticks if record.end else 0
    if late_ticks:
        sentences.append(f"{late_ticks:,} tick{'s were' if late_ticks > 1 else ' was'} late.")
    return " ".join(sentences)


def _heap_start(record: Record) -> int | None:
    """None where the engine cannot tell."""
    return (record.start.heap_used or None) if record.start else None


def _heap_peak(record: Record) -> int | None:
    return (record.end.heap_peak or None) if record.end else None
