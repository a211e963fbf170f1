import django.db.models.deletion
from django.db import migrations, models

AGREEMENTS = {
    # The same card, and through it the same currency.
    "ledger_entry_captures_on_the_card_that_was_held": (
        "giftcards_ledgerentry",
        "(authorization_id, gift_card_id, mode) REFERENCES giftcards_authorization (id, gift_card_id, mode)",
    ),
    "ledger_entry_agrees_with_its_payment": (
        "giftcards_ledgerentry",
        "(payment_id, mode, currency_code) REFERENCES giftcards_payment (id, mode, currency_code)",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0014_authorization_and_payment")]

    operations = [
        # The columns were there from the beginning; what they refer to was not.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name="ledgerentry",
                    name="authorization_id",
                ),
                migrations.RemoveField(
                    model_name="ledgerentry",
                    name="payment_id",
                ),
                migrations.AddField(
                    model_name="ledgerentry",
                    name="original",
                    field=models.ForeignObject(
                        from_fields=("gift_card", "original_sequence"),
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="giftcards.ledgerentry",
                        to_fields=("gift_card", "sequence"),
                    ),
                ),
                migrations.AddField(
                    model_name="ledgerentry",
                    name="authorization",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="giftcards.authorization",
                    ),
                ),
                migrations.AddField(
                    model_name="ledgerentry",
                    name="payment",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transactions",
                        to="giftcards.payment",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["mode", "id"], name="ledger_by_key"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("original_sequence__isnull", False)),
                fields=["gift_card", "original_sequence"],
                name="ledger_refunds_of_an_entry",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("payment__isnull", False)), fields=["payment"], name="ledger_of_a_payment"
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("reference__isnull", False)),
                fields=["mode", "reference", "id"],
                name="ledger_by_reference",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("order_number__isnull", False)),
                fields=["mode", "order_number", "id"],
                name="ledger_by_order_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("authorization__isnull", False)),
                fields=("authorization",),
                name="ledger_captures_an_authorization_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("authorization__isnull", False), ("kind", "capture")),
                    models.Q(models.Q(("kind", "capture"), _negated=True), ("authorization__isnull", True)),
                    _connector="OR",
                ),
                name="ledger_capture_names_its_authorization",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "refund"),
                        ("original_sequence__isnull", False),
                        ("original_sequence__lt", models.F("sequence")),
                    ),
                    models.Q(
                        models.Q(("kind", "refund"), _negated=True), ("original_sequence__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="ledger_refund_names_what_it_gives_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("payment__isnull", True), ("kind__in", ["debit", "refund"]), _connector="OR"
                ),
                name="ledger_payment_debits_and_refunds",
            ),
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {reference}",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            )
            for name, (table, reference) in AGREEMENTS.items()
        ),
    ]
