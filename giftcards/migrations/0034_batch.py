import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys

# As in 0003.
AGREEMENT = """
ALTER TABLE giftcards_batch ADD CONSTRAINT batch_agrees_with_its_market
    FOREIGN KEY (market_id, mode, currency_code) REFERENCES markets_market (id, mode, currency_code)
"""


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0033_shares_of_a_payment"), ("markets", "0005_shorter_codes")]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                ("reference", models.CharField(max_length=255)),
                ("number", models.PositiveIntegerField()),
                ("issued", models.PositiveIntegerField(default=0)),
                ("amount_cents", models.BigIntegerField()),
                ("currency_code", models.CharField(max_length=3)),
                ("expires_at", models.DateTimeField(null=True)),
                ("active", models.BooleanField()),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.CharField(max_length=255)),
                ("actor_name", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True, default="")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
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
                "verbose_name_plural": "batches",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mode", "reference"), name="one_batch_per_reference_and_mode"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["test", "live"])), name="batch_mode_is_test_or_live"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 0)), name="batch_is_of_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("issued__lte", models.F("number"))),
                        name="batch_issues_no_more_than_its_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_cents__gte", 0)),
                        name="batch_face_value_is_never_negative",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            AGREEMENT, "ALTER TABLE giftcards_batch DROP CONSTRAINT batch_agrees_with_its_market"
        ),
    ]
