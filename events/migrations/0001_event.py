from django.db import migrations, models

import kernel.keys


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kernel.keys.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mode", models.CharField(choices=[("test", "Test"), ("live", "Live")], max_length=4)),
                ("subject_type", models.CharField(max_length=50)),
                ("subject_id", models.UUIDField()),
                ("sequence", models.PositiveIntegerField()),
                ("topic", models.CharField(max_length=100)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.CharField(max_length=255)),
                ("actor_name", models.CharField(max_length=255)),
                ("reason", models.TextField(blank=True)),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="clock_timestamp", output_field=models.DateTimeField()
                        )
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at", "id"], name="event_in_order_of_time")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_id", "sequence"), name="event_sequence_is_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sequence__gte", 1)), name="event_sequence_begins_at_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mode__in", ["test", "live"])), name="event_mode_is_test_or_live"
                    ),
                ],
            },
        ),
    ]
