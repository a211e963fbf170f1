import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0006_back_office_permissions")]

    operations = [
        migrations.CreateModel(
            name="Tag",
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
                ("name", models.CharField(max_length=25)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("mode", "name"), name="tag_name_is_unique_per_mode"),
                    models.UniqueConstraint(fields=("id", "mode"), name="tag_is_referred_to_with_mode"),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["test", "live"])), name="tag_mode_is_test_or_live"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^[0-9A-Za-z_-]{1,25}$")),
                        name="tag_name_is_one_word",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GiftCardTag",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "gift_card",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taggings",
                        to="giftcards.giftcard",
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taggings",
                        to="giftcards.tag",
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("gift_card", "tag"), name="gift_card_carries_a_tag_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="giftcard",
            name="tags",
            field=models.ManyToManyField(
                blank=True, related_name="gift_cards", through="giftcards.GiftCardTag", to="giftcards.tag"
            ),
        ),
    ]
