"""The story of `test_generic_clients.py`, told with jsonapi-requests. It sends back all that it has read of a
resource; what it knows of a relationship then may be links alone."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from jsonapi_requests import JsonApiObject, orm  # type: ignore[import-untyped]
from jsonapi_requests.request_factory import ApiClientError  # type: ignore[import-untyped]

given = json.loads(os.environ["GIFTCARDS_GIVEN"])


def with_key(request: Any) -> Any:
    request.headers["Authorization"] = f"Bearer {given['key']}"
    return request


api = orm.OrmApi.config(
    API_ROOT=f"{os.environ['GIFTCARDS_ADDRESS']}/api",
    AUTH=with_key,
    APPEND_SLASH=False,
    TIMEOUT=20,
    RETRIES=1,
)


class Market(orm.ApiModel):  # type: ignore[misc]
    class Meta:
        type = "markets"
        api = api

    name = orm.AttributeField("name")


class Recipient(orm.ApiModel):  # type: ignore[misc]
    class Meta:
        type = "gift_card_recipients"
        api = api

    email = orm.AttributeField("email")


class Tag(orm.ApiModel):  # type: ignore[misc]
    class Meta:
        type = "tags"
        api = api

    name = orm.AttributeField("name")


class GiftCard(orm.ApiModel):  # type: ignore[misc]
    class Meta:
        type = "gift_cards"
        api = api

    status = orm.AttributeField("status")
    balance_cents = orm.AttributeField("balance_cents")
    single_use = orm.AttributeField("single_use")
    reference = orm.AttributeField("reference")
    metadata = orm.AttributeField("metadata")
    recipient_email = orm.AttributeField("recipient_email")
    market = orm.RelationField("market")
    gift_card_recipient = orm.RelationField("gift_card_recipient")
    tags = orm.RelationField("tags")


outcomes: dict[str, Any] = {}


def step(name: str, action: Callable[[], Any]) -> None:
    try:
        outcomes[name] = {"answer": action()}
    except ApiClientError as error:
        status, content = error.args
        outcomes[name] = {"refused": status, "errors": json.loads(content)["errors"]}


def brief(card: GiftCard) -> dict[str, Any]:
    return {"status": card.status, "balance_cents": card.balance_cents, "reference": card.reference}


def belongings() -> dict[str, Any]:
    query = {"include": "market,gift_card_recipient,tags", "filter[q][id_eq]": card.id}
    (found,) = GiftCard.get_list(params=query)
    return {
        "market": found.market and found.market.name,
        "recipient": found.gift_card_recipient and found.gift_card_recipient.email,
        "tags": [tag.name for tag in found.tags],
    }


def with_attributes(card_id: str, **attributes: Any) -> GiftCard:
    return GiftCard(JsonApiObject(type="gift_cards", id=card_id, attributes=attributes))


def saved(one: GiftCard) -> GiftCard:
    one.save()
    return one


def find() -> dict[str, Any]:
    query = {
        "include": "market",
        "filter[q][market_name_eq]": "Berlin",
        "filter[q][reference_start]": "web",
        "sort": "-balance_cents",
        "page[size]": 5,
        "fields[markets]": "name",
    }
    cards = GiftCard.get_list(params=query)
    return {"cards": [[each.reference, each.market.name] for each in cards], "count": len(cards)}


def update() -> dict[str, Any]:
    changed = saved(with_attributes(card.id, reference="web-2", metadata={"table": 4}))
    return {"reference": changed.reference, "metadata": changed.metadata}


def send_back_all() -> None:
    everything = GiftCard.from_id(card.id)
    everything.refresh()
    everything.save()


def send_back_what_can_be_written() -> dict[str, Any]:
    """The relationships have links only: none of them is emptied by that."""
    everything = GiftCard.from_id(card.id)
    everything.refresh()
    for refused in outcomes["send back all that was read"]["errors"]:
        del everything.attributes[refused["source"]["pointer"].rpartition("/")[2]]
    everything.save()
    return belongings()


def change_market(linkage: Any) -> Any:
    api.endpoint(f"gift_cards/{card.id}/relationships/market").patch(json={"data": linkage})
    return belongings()["market"]


def put_back() -> Any:
    moved = with_attributes(card.id)
    moved.market = Market.from_id(given["berlin"])
    moved.save()
    return belongings()["market"]


def change_tags(method: str) -> Any:
    endpoint = api.endpoint(f"gift_cards/{card.id}/relationships/tags")
    getattr(endpoint, method)(json={"data": [{"type": "tags", "id": given["vip"]}]})
    return belongings()["tags"]


card = GiftCard()
card.balance_cents = 15000
card.reference = "web-1"
card.recipient_email = "ada@example.com"
card.market = Market.from_id(given["berlin"])

step("create", lambda: brief(saved(card)))
step("read with what belongs to it", belongings)
step("find", find)
step("send back all that was read", send_back_all)
step("send back all that can be written", send_back_what_can_be_written)
step("update", update)
step("put it into another market", lambda: change_market({"type": "markets", "id": given["paris"]}))
step("take it out of its market", lambda: change_market(None))
step("put it back with an update", put_back)
step("tag it", lambda: change_tags("post"))
step("take the tag off", lambda: change_tags("delete"))
step(
    "two mistakes", lambda: brief(saved(with_attributes(card.id, balance_cents="much", single_use="perhaps")))
)
step("delete the draft", card.delete)
step("read the deleted", lambda: GiftCard.from_id(card.id).refresh())
step("purchase", lambda: brief(saved(with_attributes(given["other"], _purchase=True))))
step("delete the purchased", lambda: api.endpoint(f"gift_cards/{given['other']}").delete())

json.dump(outcomes, sys.stdout)
