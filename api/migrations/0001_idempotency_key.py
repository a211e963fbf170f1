from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                ("application_id", models.UUIDField()),
                ("key", models.CharField(max_length=255)),
                ("method", models.CharField(max_length=10)),
                ("path", models.TextField()),
                ("request_digest", models.BinaryField()),
                ("key_version", models.PositiveIntegerField()),
                ("status", models.PositiveSmallIntegerField()),
                ("resource_type", models.CharField(max_length=50)),
                ("resource_id", models.UUIDField()),
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
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(
                fields=("mode", "application_id", "key"), name="one_effect_per_idempotency_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["test", "live"])),
                name="idempotency_key_mode_is_test_or_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__gte", 200), ("status__lt", 300)),
                name="idempotency_key_is_of_a_success",
            ),
        ),
    ]
