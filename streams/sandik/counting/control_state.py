"""What the topic `control` says: which run owns the prefix, which partitions are paused, which may go on."""

from sandik_schemas.control import Control, Paused, Resume, Run


class ControlState:
    """The state that the records of `control` add up to. Pure: takes records in their order."""

    def __init__(self) -> None:
        self.owner: Run | None = None
        #: By group and partition.
        self.paused: dict[tuple[str, int], Paused] = {}
        self.resumes: dict[tuple[str, int], Resume] = {}
        self._keys: dict[bytes, tuple[str, int]] = {}

    def take(self, key: bytes | None, record: Control | None) -> None:
        """Apply the next record. None: the partition of that key is no longer paused."""
        match record:
            case Run():
                self._take_run(record)
            case Paused(group, partition):
                self.paused[group, partition] = record
                self._keys[record.key] = group, partition
            case Resume(group, partition):
                self.resumes[group, partition] = record
            case None if key in self._keys:
                self.paused.pop(self._keys.pop(key), None)

    def _take_run(self, run: Run) -> None:
        owner = self.owner
        # Two workers that start at the same time may both claim: the first record in the log holds.
        is_newer = owner is None or run.generation > owner.generation
        is_finished = (
            owner is not None
            and (run.group, run.generation) == (owner.group, owner.generation)
            and run.state == "counting"
        )
        if is_newer or is_finished:
            self.owner = run

    @property
    def paused_partitions(self) -> list[int]:
        """The partitions that the owner's workers have paused."""
        group = self.owner.group if self.owner else None
        return sorted(partition for of, partition in self.paused if of == group)

    def resume_until(self, group: str, partition: int) -> int:
        """Return the offset before which records of the partition may be rejected without limit; 0: none."""
        resume = self.resumes.get((group, partition))
        return resume.until_offset if resume else 0
