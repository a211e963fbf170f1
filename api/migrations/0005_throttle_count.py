from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("api", "0004_responses_go_with_their_keys")]

    operations = [
        migrations.CreateModel(
            name="ThrottleCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "scope", "subject", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("scope", models.CharField(max_length=50)),
                ("subject", models.CharField(max_length=200)),
                ("begins_at", models.DateTimeField()),
                ("number", models.PositiveIntegerField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            model_name="throttlecount",
            index=models.Index(fields=["begins_at"], name="throttle_count_by_age"),
        ),
        migrations.RunSQL(
            "ALTER TABLE api_throttlecount SET UNLOGGED", "ALTER TABLE api_throttlecount SET LOGGED"
        ),
    ]
