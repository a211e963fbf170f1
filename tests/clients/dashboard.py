"""The requests of the vendor's dashboard for gift cards as recorded from its SDK, and what answers each.

`$berlin`, `$card`, … are ids (`Scene.ids`). Where an answer has the time of a change, only its form is held.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from giftcards.models import Attachment, GiftCard
from giftcards.operations import create_attachment, create_tag
from markets.models import Market
from tests.fixtures.cast import TEST, a_draft, a_market, an_active_card, disabled
from tests.fixtures.client import ROOT
from tests.giftcards.api import documents
from tests.giftcards.api.documents import Document, document, errors, identifier, invalid, time_text


class Scene:
    """Ada's card in Berlin with a note, a card that Bob was sent, one of Cleo's to edit, and what no list of
    the dashboard shall have."""

    def __init__(self) -> None:
        self.berlin, self.paris = a_market(), a_market(name="Paris")
        disabled(a_market(name="Atlantis"))
        self.card = an_active_card(market=self.berlin, recipient_email="ada@example.com")
        self.note = create_attachment(
            caller=TEST,
            attachable=self.card,
            name="Grace",
            description="Lost the letter.",
            reference_origin="app-gift-cards--note",
        )
        self.sent = an_active_card(market=self.berlin, recipient_email="bob@example.com")
        self.edited = an_active_card(
            market=self.berlin,
            balance_max_cents=50_000,
            recipient_email="cleo@example.com",
            image_url="https://shop.example/card.png",
            expires_at=datetime.fromisoformat("2031-05-04T10:30:00.123Z"),
        )
        a_draft(market=self.berlin, recipient_email="ada@example.com")
        an_active_card(market=self.paris, recipient_email="ada@example.com")
        self.vip = create_tag(caller=TEST, name="vip")
        create_tag(caller=TEST, name="staff")
        self.ids = {
            name: str(row.pk)
            for name, row in vars(self).items()
            if isinstance(row, GiftCard | Market | Attachment)
        }

    @property
    def created(self) -> GiftCard:
        return GiftCard.objects.get(pk=self.ids["created"])


class Case(NamedTuple):
    name: str
    method: str
    target: str
    body: Any
    status: int
    document: Callable[[Scene, str], Document]
    """The whole answer, from what is there and the request's target under /api/."""


def the_table(scene: Scene, target: str) -> Document:
    recipient = scene.card.gift_card_recipient
    row = documents.gift_card(
        scene.card,
        status="active",
        linkage={"gift_card_recipient": identifier("gift_card_recipients", recipient)},
    )
    shown = (
        "code",
        "status",
        "currency_code",
        "formatted_balance",
        "formatted_initial_balance",
        "created_at",
        "updated_at",
    )
    row["attributes"] = {name: row["attributes"][name] for name in shown}
    row["relationships"] = {"gift_card_recipient": row["relationships"]["gift_card_recipient"]}
    return page([row], target, size=25, included=[documents.recipient(recipient, "ada@example.com")])


def page(data: list[Document], target: str, *, size: int, included: list[Document] | None = None) -> Document:
    """The only page of a list."""
    path, _, query = target.partition("?")
    kept = [each for each in query.split("&") if not each.startswith("page")]
    only = f"{ROOT}/{path}?{'&'.join([*kept, 'page%5Bnumber%5D=1', f'page%5Bsize%5D={size}'])}"
    whole = document(
        data,
        target,
        links={"first": only, "last": only},
        meta={"record_count": len(data), "page_count": 1},
    )
    return whole if included is None else whole | {"included": included}


def the_page_of_a_card(scene: Scene, target: str) -> Document:
    recipient = scene.card.gift_card_recipient
    linkage: Document = {
        "market": identifier("markets", scene.berlin),
        "gift_card_recipient": identifier("gift_card_recipients", recipient),
        "attachments": [identifier("attachments", scene.note)],
    }
    note: Document = {
        "name": "Grace",
        "description": "Lost the letter.",
        "url": None,
        "reference": None,
        "reference_origin": "app-gift-cards--note",
        "metadata": {},
        "created_at": time_text(scene.note.created_at),
        "updated_at": time_text(scene.note.updated_at),
    }
    return document(
        documents.gift_card(scene.card, status="active", recipient_email="ada@example.com", linkage=linkage),
        target,
        included=[
            documents.resource("attachments", scene.note, note, relationships=("attachable",)),
            documents.recipient(recipient, "ada@example.com"),
            documents.market(scene.berlin),
        ],
    )


def the_new_card(scene: Scene, target: str, **attributes: Any) -> Document:
    return document(documents.gift_card(scene.created, **attributes), "gift_cards")


def the_edited_card(scene: Scene, target: str, **attributes: Any) -> Document:
    whole: Document = {
        "status": "active",
        "balance_max_cents": 50_000,
        "balance_max_float": 500.0,
        "formatted_balance_max": "$500.00",
        "recipient_email": "cleo@example.com",
        "image_url": "https://shop.example/card.png",
        "expires_at": "2031-05-04T10:30:00.123Z",
    }
    return documents.of_card(scene.edited, **whole | attributes)


def after_the_debit(scene: Scene, target: str) -> Document:
    return the_edited_card(
        scene,
        target,
        balance_cents=7_500,
        balance_float=75.0,
        formatted_balance="$75.00",
        balance_log=[{"datetime": "2031-05-04T10:30:00.123Z", "balance_change_cents": -2_500}],
    )


def stale(scene: Scene, target: str) -> Document:
    return errors(invalid("balance_cents", "stale", "has changed since it was read", value=10_000))


def the_tags(scene: Scene, target: str) -> Document:
    attributes: Document = {
        "name": "vip",
        "reference": None,
        "reference_origin": None,
        "metadata": {},
        "created_at": time_text(scene.vip.created_at),
        "updated_at": time_text(scene.vip.updated_at),
    }
    return page([documents.resource("tags", scene.vip, attributes)], target, size=10)


def the_markets(scene: Scene, target: str) -> Document:
    rows, price_lists = [], []
    for market in (scene.berlin, scene.paris):
        linkage = {"price_list": identifier("price_lists", market)}
        attributes = {"name": market.name}
        rows.append(documents.resource("markets", market, attributes, relationships=linkage, data=linkage))
        price_lists.append(documents.resource("price_lists", market, {"currency_code": "USD"}))
    return page(rows, target, size=10, included=price_lists)


def body(resource: str, key: str | None, attributes: Document, /, **relationships: Any) -> Document:
    data: Document = {"type": resource, "attributes": attributes, "relationships": relationships}
    return {"data": data if key is None else {**data, "id": key}}


IN_BERLIN: Final = {"data": {"type": "markets", "id": "$berlin"}}
EDIT_FORM: Final = body(
    "gift_cards",
    "$edited",
    {
        "currency_code": "USD",
        "balance_cents": 10_000,
        "balance_max_cents": 50_000,
        "recipient_email": "cleo@example.com",
        "image_url": "https://shop.example/card.png",
        "expires_at": "2031-05-04T10:30:00.123Z",
        "single_use": False,
        "rechargeable": True,
        "distribute_discount": True,
    },
    market=IN_BERLIN,
)
CASES: Final = (
    Case(
        "the table of cards",
        "GET",
        "gift_cards?include=gift_card_recipient"
        "&fields%5Bgift_cards%5D=id%2Ccode%2Cstatus%2Ccurrency_code%2Cformatted_balance"
        "%2Cformatted_initial_balance%2Ccreated_at%2Cupdated_at%2Cgift_card_recipient"
        "&sort=-created_at&page%5Bsize%5D=25"
        "&filter%5Bq%5D%5Bstatus_in%5D=inactive%2Cactive%2Credeemed"
        "&filter%5Bq%5D%5Bmarket_id_in%5D=$berlin"
        "&filter%5Bq%5D%5Bgift_card_recipient_email_or_code_cont%5D=ada"
        "&page%5Bnumber%5D=1",
        None,
        200,
        the_table,
    ),
    Case(
        "the page of a card",
        "GET",
        "gift_cards/$card?include=market%2Cgift_card_recipient%2Cattachments",
        None,
        200,
        the_page_of_a_card,
    ),
    Case(
        "a new card",
        "POST",
        "gift_cards",
        body(
            "gift_cards",
            None,
            {
                "currency_code": "USD",
                "balance_max_cents": None,
                "recipient_email": None,
                "single_use": False,
                "code": None,
                "image_url": "",
                "balance_cents": 10_000,
                "rechargeable": True,
            },
            market=IN_BERLIN,
        ),
        201,
        the_new_card,
    ),
    Case(
        "purchase it",
        "PATCH",
        "gift_cards/$created",
        body("gift_cards", "$created", {"_purchase": True}),
        200,
        lambda scene, target: documents.of_card(scene.created, status="inactive"),
    ),
    Case(
        "take the recipient off",
        "PATCH",
        "gift_cards/$sent",
        body("gift_cards", "$sent", {"recipient_email": ""}, gift_card_recipient={"data": None}),
        200,
        lambda scene, target: documents.of_card(scene.sent, status="active"),
    ),
    Case("the edit form unchanged", "PATCH", "gift_cards/$edited", EDIT_FORM, 200, the_edited_card),
    Case(
        "a debit meanwhile",
        "PATCH",
        "gift_cards/$edited",
        body("gift_cards", "$edited", {"_balance_change_cents": -2_500}),
        200,
        after_the_debit,
    ),
    Case("the stale edit form", "PATCH", "gift_cards/$edited", EDIT_FORM, 422, stale),
    Case(
        "tags to choose from",
        "GET",
        "tags?filter%5Bq%5D%5Bname_i_cont%5D=VI&page%5Bnumber%5D=1",
        None,
        200,
        the_tags,
    ),
    Case(
        "markets to choose from",
        "GET",
        "markets?include=price_list&fields%5Bmarkets%5D=id%2Cname%2Cprice_list"
        "&fields%5Bprice_lists%5D=currency_code&sort=name"
        "&filter%5Bq%5D%5Bdisabled_at_null%5D=true&page%5Bnumber%5D=1",
        None,
        200,
        the_markets,
    ),
)
