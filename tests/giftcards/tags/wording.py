"""Tags as the service words them."""

from typing import Any

from giftcards.models import Tag
from giftcards.operations import create_tag
from kernel.caller import Caller
from tests.fixtures.cast import TEST
from tests.giftcards.api.documents import Document, identifier, resource, time_text


def a_tag(name: str = "vip", *, by: Caller = TEST, **attributes: Any) -> Tag:
    return create_tag(caller=by, name=name, **attributes)


def some_tags(number: int) -> list[Tag]:
    return [a_tag(f"tag-{each}") for each in range(number)]


def tag_resource(tag: Tag, **attributes: Any) -> Document:
    row = Tag.objects.get(pk=tag.pk)
    whole: Document = {
        "name": "vip",
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(row.created_at),
        "updated_at": time_text(row.updated_at),
    }
    assert attributes.keys() <= whole.keys()
    return resource("tags", row, whole | attributes)


def linkage(*tags: Tag) -> Document:
    return {"tags": {"data": [identifier("tags", tag) for tag in tags]}}
