"""The tiny service with authorizations, refunds and payments, each of which can go wrong as well."""

from typing import Any

from tests.torture.deployment import Deployment, Fault, Refused

TYPES = ("gift_card_authorizations", "gift_card_refunds", "gift_card_payments")


class FullDeployment(Deployment):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.made: dict[str, list[dict[str, Any]]] = {resource: [] for resource in TYPES}

    def _found(self, parts: list[str], query: dict[str, list[str]]) -> Any:
        if parts[0] not in self.made:
            return super()._found(parts, query)
        name = query.get("filter[q][reference_eq]", [None])[0]
        named = [each for each in self.made[parts[0]] if each["attributes"]["reference"] == name]
        return list(map(self._shown, named))

    def _shown(self, card: dict[str, Any]) -> dict[str, Any]:
        if "attributes" in card:
            return {"id": card["id"], "type": card["type"], "attributes": dict(card["attributes"])}
        shown = super()._shown(card)
        shown["attributes"]["available_balance_cents"] = card["balance"] - self._held(card)
        return shown

    def _done(self, path: str, data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        resource, _, key = path.strip("/").partition("/")
        said = data["attributes"]
        if resource == "gift_cards":
            if said.get("_balance_change_cents", 0) < 0:
                self._require_available(self.cards[key], -said["_balance_change_cents"])
            return super()._done(path, data)
        if key:
            (old,) = [each for each in self.made[resource] if each["id"] == key]
            self._resolve(old, said) if resource == TYPES[0] else self._give_back(old, said)
            return 200, old
        new = {"id": f"{resource}-{len(self.made[resource])}", "type": resource, "attributes": said}
        {TYPES[0]: self._authorize, TYPES[1]: self._refund, TYPES[2]: self._pay}[resource](
            new, data["relationships"]
        )
        self.made[resource].append(new)
        return 201, new

    def _held(self, card: dict[str, Any]) -> int:
        return sum(
            each["attributes"]["amount_cents"]
            for each in self.made[TYPES[0]]
            if each["card"] is card and each["attributes"]["status"] == "open"
        )

    def _require_available(self, card: dict[str, Any], cents: int) -> None:
        unchecked = self.fault in {Fault.BALANCE_UNCHECKED, Fault.HOLD_UNCOUNTED}
        if card["balance"] - self._held(card) < cents and not unchecked:
            raise Refused("insufficient_balance")

    def _authorize(self, new: dict[str, Any], to: Any) -> None:
        new["card"] = card = self.cards[to["gift_card"]["data"]["id"]]
        self._require_available(card, new["attributes"]["amount_cents"])
        new["attributes"] |= {"status": "open", "captured_amount_cents": 0}

    def _resolve(self, old: dict[str, Any], said: dict[str, Any]) -> None:
        was = old["attributes"]
        if was["status"] != "open":
            if self.fault == Fault.RESOLVED_TWICE:
                return
            raise Refused("invalid_transition")
        if said.get("_void"):
            was["status"] = "voided"
            return
        was["status"] = "captured"
        was["captured_amount_cents"] = said.get("_capture_amount_cents") or was["amount_cents"]
        if self.fault != Fault.CAPTURE_VANISHES:
            self._post(old["card"], -was["captured_amount_cents"], "capture", None, authorization=old["id"])

    def _refund(self, new: dict[str, Any], to: Any) -> None:
        about = to["transaction"]["data"]["id"]
        (card,) = [each for each in self.cards.values() if about.startswith(f"{each['id']}-")]
        debit = card["entries"][int(about.rpartition("-")[2]) - 1]
        left = debit.setdefault("left", -debit["attributes"]["amount_cents"])
        cents = new["attributes"]["amount_cents"]
        if cents > left and self.fault != Fault.REFUNDS_UNCOUNTED:
            raise Refused("above_refundable")
        debit["left"] = left - cents
        self._post(card, cents, "refund", new["attributes"]["reference"])

    def _pay(self, new: dict[str, Any], to: Any) -> None:
        cards = [self.cards[each["id"]] for each in to["gift_cards"]["data"]]
        needed = new["attributes"]["amount_cents"]
        if sum(card["balance"] for card in cards) < needed:
            raise Refused("insufficient_balance")
        new["paid"] = []
        for card in cards:
            share = min(needed, card["balance"])
            if share:
                needed -= share
                new["paid"].append((card, share))
                name = new["attributes"]["reference"]
                self._post(card, -share, "debit", name, payment=new["id"])
            if self.fault == Fault.PAYMENT_ENDS_EARLY:
                return

    def _give_back(self, old: dict[str, Any], said: dict[str, Any]) -> None:
        """Simply to the first card: which one it is, the attack does not ask."""
        left = old.setdefault("left", sum(share for _card, share in old["paid"]))
        cents = left if said.get("_refund") else said["_refund_amount_cents"]
        if cents > left or not left:
            raise Refused("above_refundable")
        if self.fault != Fault.GIVEN_BACK_TWICE:
            old["left"] = left - cents
        self._post(old["paid"][0][0], cents, "refund", None, payment=old["id"])
