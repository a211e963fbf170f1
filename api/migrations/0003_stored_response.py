import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("api", "0002_keys_are_append_only")]

    operations = [
        migrations.CreateModel(
            name="StoredResponse",
            fields=[
                (
                    "idempotency_key",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="response",
                        serialize=False,
                        to="api.idempotencykey",
                    ),
                ),
                ("ciphertext", models.BinaryField()),
                ("key_version", models.PositiveIntegerField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="clock_timestamp", output_field=models.DateTimeField()
                        )
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            model_name="storedresponse",
            index=models.Index(fields=["created_at"], name="stored_response_by_age"),
        ),
    ]
