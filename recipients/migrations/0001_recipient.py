import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="GiftCardRecipient",
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
                ("email", models.EmailField(max_length=254)),
                ("first_name", models.CharField(blank=True, max_length=255, null=True)),
                ("last_name", models.CharField(blank=True, max_length=255, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("mode"),
                        django.db.models.functions.text.Lower("email"),
                        name="recipient_email_is_unique_per_mode",
                    ),
                    models.UniqueConstraint(fields=("id", "mode"), name="recipient_is_referred_to_with_mode"),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["test", "live"])),
                        name="recipient_mode_is_test_or_live",
                    ),
                ],
            },
        ),
    ]
