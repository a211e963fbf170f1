import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys

# As in 0003: what a card gave is of its mode and currency, and so are what it was given to and for.
AGREEMENTS = {
    "share_agrees_with_its_payment": "(payment_id, mode, currency_code)"
    " REFERENCES giftcards_payment (id, mode, currency_code)",
    "share_agrees_with_its_card": "(gift_card_id, mode, currency_code)"
    " REFERENCES giftcards_giftcard (id, mode, currency_code)",
    "share_agrees_with_its_order": "(order_id, mode, currency_code)"
    " REFERENCES giftcards_order (id, mode, currency_code)",
}

# Of payments that are older: what the ledger says that each card gave, at the rate that it has by now.
# Nobody noted what it was then, and no order has counted on it.
OLDER = """
INSERT INTO giftcards_paymentshare
    (id, mode, payment_id, gift_card_id, currency_code, amount_cents, is_taxable, tax_rate, created_at)
SELECT gen_random_uuid(), entry.mode, entry.payment_id, entry.gift_card_id, entry.currency_code,
    -entry.amount_cents, coalesce(taxed.rate, 0) > 0, taxed.rate, entry.created_at
FROM giftcards_ledgerentry AS entry
JOIN giftcards_giftcard AS card ON card.id = entry.gift_card_id
JOIN giftcards_payment AS payment ON payment.id = entry.payment_id
LEFT JOIN markets_market AS own ON own.id = card.market_id
LEFT JOIN markets_market AS place ON place.id = payment.market_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN coalesce(own.gift_cards_taxable, true) AND coalesce(place.gift_cards_taxable, true)
        THEN coalesce(card.own_tax_rate, own.tax_rate) END AS rate
) AS taxed
WHERE entry.kind = 'debit' AND entry.payment_id IS NOT NULL
"""

# See 0005.
TRIGGERS = """
CREATE TRIGGER shares_are_append_only BEFORE UPDATE OR DELETE ON giftcards_paymentshare
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER shares_are_never_truncated BEFORE TRUNCATE ON giftcards_paymentshare
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
NO_TRIGGERS = """
DROP TRIGGER shares_are_never_truncated ON giftcards_paymentshare;
DROP TRIGGER shares_are_append_only ON giftcards_paymentshare;
"""


def reference(to, **choices):
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="shares",
        to=to,
        **choices,
    )


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0032_gift_cards_are_counted")]

    operations = [
        migrations.CreateModel(
            name="PaymentShare",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("test", "Test"), ("live", "Live")], editable=False, max_length=4
                    ),
                ),
                ("currency_code", models.CharField(max_length=3)),
                ("amount_cents", models.BigIntegerField()),
                ("is_taxable", models.BooleanField()),
                ("tax_rate", models.DecimalField(decimal_places=4, max_digits=7, null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("gift_card", reference("giftcards.giftcard")),
                ("order", reference("giftcards.order", null=True)),
                ("payment", reference("giftcards.payment")),
            ],
        ),
        migrations.AddConstraint(
            model_name="paymentshare",
            constraint=models.UniqueConstraint(
                fields=("payment", "gift_card"), name="share_is_one_of_card_and_payment"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentshare",
            constraint=models.UniqueConstraint(
                fields=("gift_card", "order"), name="share_is_one_of_card_and_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_cents__gt", 0)), name="share_is_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_taxable", True), ("tax_rate__gt", 0)),
                    models.Q(
                        ("is_taxable", False),
                        models.Q(("tax_rate", None), ("tax_rate", 0), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="share_is_taxable_by_its_rate",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentshare",
            index=models.Index(
                condition=models.Q(("order__isnull", False)), fields=["order"], name="share_by_order"
            ),
        ),
        migrations.RunSQL(OLDER, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(
                f"ALTER TABLE giftcards_paymentshare ADD CONSTRAINT {name} FOREIGN KEY {columns}",
                f"ALTER TABLE giftcards_paymentshare DROP CONSTRAINT {name}",
            )
            for name, columns in AGREEMENTS.items()
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
