from django.db import migrations, models
from django.db.models import F, Q

from kernel.combined_check import CombinedCheck

# Each was a constraint of its own until here. Fields that Django calls positive bring one more, which the
# conditions say as well.
CARD = {
    "gift_card_balance_is_never_negative": Q(balance_cents__gte=0),
    "gift_card_face_value_is_never_negative": Q(initial_balance_cents__gte=0),
    "gift_card_has_entries_unless_draft": (
        Q(status="draft", ledger_sequence=0, balance_cents=F("initial_balance_cents"))
        | (~Q(status="draft") & Q(ledger_sequence__gt=0, ledger_hash__isnull=False))
    ),
    "gift_card_holds_at_most_its_balance": Q(
        authorized_cents__gte=0, authorized_cents__lte=F("balance_cents")
    ),
    "gift_card_live_clock_is_the_clock": Q(mode="test") | Q(test_clock_at=None),
    "gift_card_mode_is_test_or_live": Q(mode__in=["test", "live"]),
    "gift_card_of_a_line_is_of_its_order": Q(order_line=None) | Q(order__isnull=False),
    "gift_card_status_is_known": Q(status__in=["draft", "inactive", "active", "redeemed"]),
    "gift_card_tax_rate_is_never_negative": Q(own_tax_rate__gte=0),
}
ENTRY = {
    "ledger_amount_has_the_sign_of_its_kind": (
        Q(kind__in=["debit", "capture", "cash_out"], amount_cents__lt=0)
        | Q(kind__in=["recharge", "refund"], amount_cents__gt=0)
        | Q(kind="issue", amount_cents__gte=0, sequence=1)
        | (Q(kind="adjustment") & ~Q(amount_cents=0))
    ),
    "ledger_balance_is_never_negative": Q(balance_cents__gte=0),
    "ledger_capture_names_its_authorization": (
        Q(kind="capture", authorization__isnull=False) | (~Q(kind="capture") & Q(authorization__isnull=True))
    ),
    "ledger_kind_is_known": Q(
        kind__in=["issue", "recharge", "debit", "capture", "refund", "adjustment", "cash_out"]
    ),
    "ledger_payment_debits_and_refunds": Q(payment__isnull=True) | Q(kind__in=["debit", "refund"]),
    "ledger_refund_names_what_it_gives_back": (
        Q(kind="refund", original_sequence__isnull=False, original_sequence__lt=F("sequence"))
        | (~Q(kind="refund") & Q(original_sequence__isnull=True))
    ),
    "ledger_sequence_begins_at_1": Q(sequence__gte=1),
}
CARD_NOW = CARD | {"gift_card_code_key_version_is_never_negative": Q(code_key_version__gte=0)}
ENTRY_NOW = ENTRY | {"ledger_hash_version_is_never_negative": Q(hash_version__gte=0)}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0038_before_a_code_is_sealed")]

    operations = [
        *(migrations.RemoveConstraint(model_name="giftcard", name=name) for name in CARD),
        *(migrations.RemoveConstraint(model_name="ledgerentry", name=name) for name in ENTRY),
        migrations.AlterField(
            model_name="giftcard",
            name="code_key_version",
            field=models.SmallIntegerField(editable=False),
        ),
        migrations.AlterField(
            model_name="giftcard",
            name="ledger_sequence",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="ledgerentry", name="hash_version", field=models.SmallIntegerField()
        ),
        migrations.AlterField(
            model_name="ledgerentry", name="original_sequence", field=models.IntegerField(null=True)
        ),
        migrations.AlterField(model_name="ledgerentry", name="sequence", field=models.IntegerField()),
        migrations.AddConstraint(
            model_name="giftcard", constraint=CombinedCheck(name="gift_card_is_sound", conditions=CARD_NOW)
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=CombinedCheck(name="ledger_entry_is_sound", conditions=ENTRY_NOW),
        ),
    ]
