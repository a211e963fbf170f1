from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0008_signing_key")]

    operations = [
        migrations.CreateModel(
            name="RevokedToken",
            fields=[
                ("digest", models.BinaryField(primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
