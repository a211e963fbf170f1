from django.db import migrations, models

FORMATS = [
    ("uuid", "UUID"),
    ("human", "Five groups of four letters and digits"),
    ("grouped_16", "Four groups of four letters and digits"),
]


class Migration(migrations.Migration):
    dependencies = [("markets", "0004_taxes")]

    operations = [
        migrations.RemoveConstraint("market", "market_code_format_is_known"),
        migrations.AlterField(
            "market",
            "code_format",
            models.CharField(choices=FORMATS, db_default="uuid", default="uuid", max_length=16),
        ),
        migrations.AddConstraint(
            "market",
            models.CheckConstraint(
                condition=models.Q(("code_format__in", ["uuid", "human", "grouped_16"])),
                name="market_code_format_is_known",
            ),
        ),
    ]
