"""A record kept twice, so that the whole of it stands whatever happens to one copy."""

import struct
from binascii import crc32
from errno import ENOMEM, EPERM

from pump.core.ports import Nvm

# Magic, version of the record, bytes of its name, sequence number, bytes of the payload.
HEADER = "<4sHHII"
HEADER_BYTES = 16
CRC_BYTES = 4
MAGIC = b"itbS"
COPIES = (".a", ".b")
# At one write a second it is reached after 136 years.
SEQ_MAX = 0xFFFFFFFF

EMPTY, SOUND, REPAIRED, LOST, NEWER = "empty", "sound", "repaired", "lost", "newer"


class Slots:
    """Two copies, each with version, sequence number and CRC-32. A write stores the one and then the other, so that
    either of them alone is all that was stored. *loop* only.

    `finding` says what the last `read` found:
    EMPTY: never written.
    SOUND: both copies, or what a power cut in a write leaves.
    REPAIRED: one copy is lost, damaged, unreadable or long out of date; the other stands.
    LOST: there was a record, and none stands for sure.
    NEWER: a copy of a version that this firmware does not know.

    `seq` is the number of the record that was read or stored last, 0 for none. `whole` is whether both copies hold what
    was read, in this version.
    """

    def __init__(self, nvm: Nvm, name: str, version: int, migrations: "dict | None" = None) -> None:
        """`migrations` maps an older version to the function that makes a payload of the next version of it. It raises
        ValueError, LookupError or TypeError on a payload that it cannot bring forward."""
        self.finding = EMPTY
        self.seq = 0
        self.whole = True
        self.name = name
        self._nvm = nvm
        self._version = version
        self._migrations = migrations or {}
        # The copy to write first: never the only one that stands.
        self._first = COPIES[0]
        # The greatest number that either copy may have.
        self._last_seq = 0

    def read(self, wanted_seq: "int | None" = None) -> "bytes | None":
        """The payload that stands, brought to this version; None unless the finding is SOUND or REPAIRED.

        It is the one with `wanted_seq` where there is one, else the newest. Whatever stands there, it raises nothing.
        """
        found = []
        missing = 0
        for copy in COPIES:
            try:
                data = self._nvm.read(self.name + copy)
                if data is None:
                    missing += 1
                else:
                    found.append(_Record(data, self.name, copy))
            except (OSError, ValueError, MemoryError):
                pass
        self.finding = self._judged(found, missing)
        if self.finding not in (SOUND, REPAIRED):
            return None
        # Of one number, the one of the later version was made from the other.
        found.sort(key=lambda record: (record.seq == wanted_seq, record.seq, record.version))
        chosen = found[-1]
        self._last_seq = max([record.seq for record in found])
        self._first = _other(chosen.copy)
        self.seq = chosen.seq
        self.whole = len(found) == 2 and found[0].crc == chosen.crc and chosen.version == self._version
        return self._migrated(chosen.payload(), chosen.version)

    def _judged(self, found: "list[_Record]", missing: int) -> str:
        """What the copies `found` to be sound tell, while `missing` are not there."""
        if not found:
            return EMPTY if missing == len(COPIES) else LOST
        if max([record.version for record in found]) > self._version:
            return NEWER
        if len(found) == 1:
            # Only a cut in the very first write leaves one copy.
            return SOUND if missing and found[0].seq == 1 else REPAIRED
        one, other = found
        if one.seq == other.seq and one.version == other.version and one.crc != other.crc:
            # No write leaves this, and nothing tells which of them is true.
            return LOST
        return SOUND if abs(one.seq - other.seq) <= 1 else REPAIRED

    def _migrated(self, payload: bytes, version: int) -> "bytes | None":
        while version < self._version:
            try:
                payload = self._migrations[version](payload)
            except (ValueError, LookupError, TypeError):
                self.finding = LOST
                return None
            version += 1
        return payload

    def write(self, payload: bytes) -> None:
        """Store `payload` in both copies, under the next number.

        Raises OSError when it could not be; then, as after a power cut, what was before or `payload` stands. Nothing is
        written over a record that is LOST or NEWER.
        """
        seq = self._last_seq + 1
        data = self._packed(seq, payload)
        self._nvm.write(self.name + self._first, data)
        # A number stands for one payload: from here on both copies may have this one.
        self._last_seq = seq
        self._nvm.write(self.name + _other(self._first), data)
        self.seq = seq
        self.whole = True

    def mend(self, payload: bytes) -> None:
        """Make both copies hold `payload`, which is what was read, under its own number. Raises OSError as `write`."""
        data = self._packed(self.seq, payload)
        for copy in (self._first, _other(self._first)):
            self._nvm.write(self.name + copy, data)
        self.whole = True

    def _packed(self, seq: int, payload: bytes) -> bytes:
        if self.finding in (LOST, NEWER):
            raise OSError(EPERM, "%s: %s, and stays as it is" % (self.name, self.finding))
        if seq > SEQ_MAX:
            raise OSError(EPERM, "%s: no sequence number is left" % self.name)
        name = self.name.encode()
        try:
            head = struct.pack(HEADER, MAGIC, self._version, len(name), seq, len(payload)) + name
            # MicroPython's crc32 may give a negative number where it does not fit.
            return b"".join((head, payload, struct.pack("<I", crc32(payload, crc32(head)) & 0xFFFFFFFF)))
        except MemoryError:
            raise OSError(ENOMEM, "%s: no memory to build it" % self.name)


class _Record:
    """One sound copy."""

    def __init__(self, data: bytes, name: str, copy: str) -> None:
        """Raises ValueError unless `data` are a whole record of `name`."""
        if len(data) < HEADER_BYTES + CRC_BYTES:
            raise ValueError("too short")
        magic, self.version, name_bytes, self.seq, payload_bytes = struct.unpack(HEADER, data[:HEADER_BYTES])
        self._body = HEADER_BYTES + name_bytes
        if magic != MAGIC or len(data) != self._body + payload_bytes + CRC_BYTES:
            raise ValueError("no record")
        if data[HEADER_BYTES : self._body] != name.encode():
            raise ValueError("a record of another name")
        self.crc = crc32(memoryview(data)[:-CRC_BYTES]) & 0xFFFFFFFF
        if struct.unpack("<I", data[-CRC_BYTES:])[0] != self.crc:
            raise ValueError("damaged")
        self.copy = copy
        self._data = data

    def payload(self) -> bytes:
        """What was stored."""
        return self._data[self._body : -CRC_BYTES]


def _other(copy: str) -> str:
    return COPIES[1] if copy == COPIES[0] else COPIES[0]
