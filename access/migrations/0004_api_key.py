import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = [("access", "0003_application")]

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                ("client_id", models.CharField(max_length=40)),
                ("digest", models.BinaryField()),
                ("last_four", models.CharField(max_length=4)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), size=None
                    ),
                ),
                ("created_by", models.CharField(max_length=255)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="access.application",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("client_id",), name="api_key_client_id_is_unique"),
                    models.UniqueConstraint(fields=("digest",), name="api_key_digest_is_unique"),
                    models.UniqueConstraint(fields=("id", "mode"), name="api_key_is_referred_to_with_mode"),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["test", "live"])),
                        name="api_key_mode_is_test_or_live",
                    ),
                ],
            },
        ),
    ]
