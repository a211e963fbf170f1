import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = [("access", "0002_organization")]

    operations = [
        migrations.CreateModel(
            name="Application",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[("integration", "Integration")],
                        default="integration",
                        editable=False,
                        max_length=20,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="applications",
                        to="access.organization",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name",), name="application_name_is_unique")],
            },
        ),
    ]
