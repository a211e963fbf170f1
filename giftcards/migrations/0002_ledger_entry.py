import django.db.models.deletion
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0001_gift_card")]

    operations = [
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                ("sequence", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("issue", "Issue"),
                            ("recharge", "Recharge"),
                            ("debit", "Debit"),
                            ("capture", "Capture"),
                            ("refund", "Refund"),
                            ("adjustment", "Adjustment"),
                            ("cash_out", "Cash Out"),
                        ],
                        max_length=10,
                    ),
                ),
                ("currency_code", models.CharField(max_length=3)),
                ("amount_cents", models.BigIntegerField()),
                ("balance_cents", models.BigIntegerField()),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.CharField(max_length=255)),
                ("actor_name", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True, default="")),
                ("reference", models.CharField(max_length=255, null=True)),
                ("order_number", models.CharField(max_length=255, null=True)),
                ("original_sequence", models.PositiveIntegerField(null=True)),
                ("authorization_id", models.UUIDField(null=True)),
                ("payment_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("hash_version", models.PositiveSmallIntegerField()),
                ("hash", models.BinaryField()),
                (
                    "gift_card",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="giftcards.giftcard",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="markets.market",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ledger entries",
            },
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("market__isnull", False)),
                fields=["market"],
                name="ledger_spent_in_market",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                fields=("gift_card", "sequence"), name="ledger_sequence_is_unique_per_card"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gte", 1)), name="ledger_sequence_begins_at_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance_cents__gte", 0)), name="ledger_balance_is_never_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["issue", "recharge", "debit", "capture", "refund", "adjustment", "cash_out"],
                    )
                ),
                name="ledger_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount_cents__lt", 0), ("kind__in", ["debit", "capture", "cash_out"])),
                    models.Q(("amount_cents__gt", 0), ("kind__in", ["recharge", "refund"])),
                    models.Q(("amount_cents__gte", 0), ("kind", "issue"), ("sequence", 1)),
                    models.Q(("kind", "adjustment"), models.Q(("amount_cents", 0), _negated=True)),
                    _connector="OR",
                ),
                name="ledger_amount_has_the_sign_of_its_kind",
            ),
        ),
    ]
