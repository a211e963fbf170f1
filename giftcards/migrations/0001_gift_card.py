import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django_fsm
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("markets", "0001_market"),
        ("recipients", "0001_recipient"),
        ("events", "0002_events_are_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="GiftCard",
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
                ("reference", models.CharField(blank=True, max_length=255, null=True)),
                ("reference_origin", models.CharField(blank=True, max_length=255, null=True)),
                ("metadata", models.JSONField(blank=True, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "status",
                    django_fsm.FSMField(
                        choices=[
                            ("draft", "Draft"),
                            ("inactive", "Inactive"),
                            ("active", "Active"),
                            ("redeemed", "Redeemed"),
                        ],
                        default="draft",
                        max_length=8,
                        protected=True,
                    ),
                ),
                ("code_digest", models.BinaryField()),
                ("code_prefix_digest", models.BinaryField(null=True)),
                ("code_ciphertext", models.BinaryField()),
                ("code_last_four", models.CharField(editable=False, max_length=4)),
                ("code_key_version", models.PositiveSmallIntegerField(editable=False)),
                ("currency_code", models.CharField(max_length=3)),
                ("initial_balance_cents", models.BigIntegerField()),
                ("balance_cents", models.BigIntegerField()),
                ("balance_max_cents", models.BigIntegerField(blank=True, null=True)),
                ("ledger_sequence", models.PositiveIntegerField(default=0, editable=False)),
                ("ledger_hash", models.BinaryField(null=True)),
                ("single_use", models.BooleanField(default=False)),
                ("rechargeable", models.BooleanField(default=True)),
                ("distribute_discount", models.BooleanField(default=True)),
                ("image_url", models.CharField(blank=True, max_length=2048, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "gift_card_recipient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gift_cards",
                        to="recipients.giftcardrecipient",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gift_cards",
                        to="markets.market",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "-created_at", "-id"], name="gift_card_newest_first"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "code_prefix_digest"], name="gift_card_code_prefix"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "code_last_four"], name="gift_card_code_last_four"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(fields=["mode", "reference"], name="gift_card_reference"),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["metadata"], name="gift_card_metadata", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.UniqueConstraint(
                fields=("mode", "code_digest"), name="one_gift_card_per_code_and_mode"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.UniqueConstraint(
                fields=("mode", "currency_code", "id"), name="gift_card_is_referred_to_with_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])), name="gift_card_mode_is_test_or_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "inactive", "active", "redeemed"])),
                name="gift_card_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance_cents__gte", 0)), name="gift_card_balance_is_never_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("initial_balance_cents__gte", 0)),
                name="gift_card_face_value_is_never_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("balance_cents", models.F("initial_balance_cents")),
                        ("ledger_sequence", 0),
                        ("status", "draft"),
                    ),
                    models.Q(
                        models.Q(("status", "draft"), _negated=True),
                        ("ledger_hash__isnull", False),
                        ("ledger_sequence__gt", 0),
                    ),
                    _connector="OR",
                ),
                name="gift_card_has_entries_unless_draft",
            ),
        ),
    ]
