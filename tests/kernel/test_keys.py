"""Keys are made by the application, in order of time."""

from kernel.keys import uuid7


def test_a_key_is_a_uuid_of_version_seven():
    assert uuid7().version == 7


def test_keys_come_in_the_order_they_are_made():
    keys = [uuid7() for _ in range(1000)]

    assert keys == sorted(set(keys))
