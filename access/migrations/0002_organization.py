import django.db.models.functions.datetime
from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = [("access", "0001_user")]

    operations = [
        migrations.CreateModel(
            name="Organization",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(default="Gift cards", max_length=255)),
                ("slug", models.SlugField(db_index=False, default="gift-cards")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(models.Value(1), name="there_is_one_organization")],
            },
        ),
    ]
