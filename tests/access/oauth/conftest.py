from itertools import count
from threading import Lock

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

GENERATE = rsa.generate_private_key
POOL: list[rsa.RSAPrivateKey] = []
LOCK = Lock()


@pytest.fixture(autouse=True)
def _signing_keys_are_generated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes a tenth of a second; the first of every test may be the first of all tests."""
    numbers = count()

    def generate(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        with LOCK:
            number = next(numbers)
            if number == len(POOL):
                POOL.append(GENERATE(public_exponent=public_exponent, key_size=key_size))
            return POOL[number]

    monkeypatch.setattr(rsa, "generate_private_key", generate)
