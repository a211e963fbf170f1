"""The control: deployments that lose or double money are found out, each with the sentence that says how."""

import re

import pytest

from giftcards.torture.scenarios import SCENARIOS
from tests.torture.conftest import Torture
from tests.torture.deployment import KEY, Deployment, Fault, deployed
from tests.torture.full_deployment import FullDeployment

FOUND_OUT = {
    (Fault.UPDATE_LOST, "lost-update"): r"Card \d+: transaction \d+ moves -\d+, from \d+ to \d+\.",
    (
        Fault.DEBIT_VANISHES,
        "lost-update",
    ): r"debit torture-\w+-\d+ of \d+ was acknowledged, and is not there\.",
    (Fault.DEBIT_VANISHES, "verbs"): r"debit torture-\w+-\d+ of \d+ was acknowledged, and is not there\.",
    (Fault.REFUSAL_IS_DONE, "lost-update"): r"debit torture-\w+-\d+ of \d+ was refused, and is there\.",
    (Fault.CRASH, "lost-update"): r"debit torture-\w+-\d+ of \d+ was answered 500\.",
    (Fault.BALANCE_UNCHECKED, "double-spend"): r"Card \d+: 50 of 50 debits of its whole balance were acknow",
    (Fault.KEY_IGNORED, "retry"): r"debit torture-\w+-\d+ of \d+ has \d effects under one key\.",
    (
        Fault.BODY_IGNORED,
        "retry",
    ): r"the same key with another body was answered 20\d, not 422 IDEMPOTENCY_KEY",
    (
        Fault.DEACTIVATION_VANISHES,
        "verbs",
    ): r"Card \d+: \d+ of deactivate were acknowledged, its events say 0\.",
    (
        Fault.HOLD_UNCOUNTED,
        "authorizations",
    ): r"Card \d+: \d+ were held or debited, of 1000 that there were\.",
    (Fault.RESOLVED_TWICE, "authorizations"): r"Authorization \S+ was resolved \d times\.",
    (Fault.CAPTURE_VANISHES, "authorizations"): r"has \d+ captured, and its transactions are \[\]\.",
    (Fault.REFUNDS_UNCOUNTED, "refunds"): r"Transaction \d+-2: 2400 of a debit of 1000 were refunded\.",
    (Fault.PAYMENT_ENDS_EARLY, "payments"): r"pay torture-\w+-\d+ of \d+ took \d+\.",
    (Fault.GIVEN_BACK_TWICE, "payments"): r"pay torture-\w+-\d+ of \d+ gave back \d+, and \d+ of it was ack",
}


@pytest.mark.parametrize(("fault", "scenario"), FOUND_OUT, ids=lambda value: getattr(value, "name", value))
def test_a_deployment_that_gets_one_thing_wrong_is_found_out(
    torture: Torture, monkeypatch: pytest.MonkeyPatch, fault: Fault, scenario: str
):
    monkeypatch.setattr("giftcards.management.commands.torture.SHOWN", 1000)

    with deployed(FullDeployment(fault)) as url:
        printed, failure = torture(url, KEY, scenario=[scenario], rounds=4)

    assert failure == f"{scenario} FAILED."
    assert re.search(rf"^{scenario} +FAILED ", printed, re.MULTILINE)
    assert re.search(FOUND_OUT[fault, scenario], printed), printed


@pytest.mark.parametrize("fault", [Fault.UPDATE_LOST, Fault.DEBIT_VANISHES])
def test_without_transactions_to_read_the_balance_alone_gives_it_away(torture: Torture, fault: Fault):
    with deployed(Deployment(fault, transactions=False)) as url:
        printed, failure = torture(url, KEY, scenario=["lost-update"])

    assert failure == "lost-update FAILED."
    assert re.search(r"Card \d+: the balance is \d+, and what .* makes \d+: \d+ invented\.", printed), printed


def test_the_same_deployment_without_a_fault_holds(torture: Torture):
    with deployed(FullDeployment(Fault.NONE)) as url:
        printed, failure = torture(url, KEY)

    assert failure == "", printed
    assert re.findall(r"^(\S+) +holds ", printed, re.MULTILINE) == [*SCENARIOS]


def test_what_a_deployment_does_not_have_is_left_out(torture: Torture):
    with deployed(Deployment(Fault.NONE, transactions=False)) as url:
        printed, failure = torture(url, KEY)

    assert failure == "", printed
    assert re.findall(r"^(\S+) +holds ", printed, re.MULTILINE) == [*SCENARIOS][:4]
    assert re.findall(r"^(\S+) +left out ", printed, re.MULTILINE) == [*SCENARIOS][4:]


def test_what_vanishes_after_the_attack_is_missed_by_a_later_check(torture: Torture, tmp_path):
    deployment = Deployment(Fault.NONE)
    with deployed(deployment) as url:
        assert torture(url, KEY, scenario=["lost-update"])[1] == ""
        assert torture(None, KEY, check=tmp_path / "log")[1] == ""
        card = deployment.cards["1"]
        last = card["entries"].pop()["attributes"]
        card["balance"] -= last["amount_cents"]

        printed, failure = torture(None, KEY, check=tmp_path / "log")

    assert failure == "lost-update FAILED."
    assert f"debit {last['reference']} of {-last['amount_cents']} was acknowledged, and is not" in printed


@pytest.mark.parametrize(
    ("url", "key", "sentence"),
    [
        ("live", KEY, "The deployment takes the key for mode live: only test mode is attacked."),
        (
            "live",
            KEY.replace("test", "live"),
            "--key is a live key: only a deployment's test mode is attacked.",
        ),
        ("live", "secret", "--key is no API key of this service."),
        ("ftp://gifts.example", KEY, "--url must begin with http:// or https:// and name a host."),
        (None, KEY, "Give --url, the address of the deployment."),
    ],
)
def test_nothing_is_written_where_it_must_not_be(torture: Torture, url: str | None, key: str, sentence: str):
    deployment = Deployment(Fault.LIVE)
    with deployed(deployment) as live:
        assert torture(live if url == "live" else url, key) == ("", sentence)

        assert deployment.writes == 0
