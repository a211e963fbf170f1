import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0007_api_key_in_words")]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.CharField(max_length=43, primary_key=True, serialize=False)),
                ("public_key", models.BinaryField()),
                ("private_ciphertext", models.BinaryField()),
                ("key_version", models.PositiveIntegerField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("signs_from", models.DateTimeField()),
                ("verified_until", models.DateTimeField(blank=True, null=True)),
            ],
        ),
    ]
