"""What the flash holds after a long life, for the host to compare with the same life on CPython."""

import json

from storing import long_life


def test_image():
    print(json.dumps({"test": "image", "outcome": "passed", "text": long_life()}))
