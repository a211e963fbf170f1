from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0018_lists_of_the_ledger")]

    operations = [
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "scope",
                    models.CharField(choices=[("full", "Full"), ("since", "Since")], max_length=5),
                ),
                ("since", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField()),
                (
                    "finished_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="clock_timestamp", output_field=models.DateTimeField()
                        )
                    ),
                ),
                ("cards", models.PositiveIntegerField()),
                ("lies", models.PositiveIntegerField()),
                ("first_lie", models.TextField(blank=True, default="")),
            ],
            options={
                "indexes": [models.Index(fields=["scope", "finished_at"], name="verification_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "full"), ("since__isnull", True)),
                            models.Q(("scope", "since"), ("since__isnull", False)),
                            _connector="OR",
                        ),
                        name="verification_says_since_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("first_lie", ""), ("lies", 0)),
                            models.Q(("lies__gt", 0), models.Q(("first_lie", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="verification_names_its_first_lie",
                    ),
                ],
            },
        ),
    ]
