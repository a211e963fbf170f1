from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("markets", "0001_market")]

    operations = [
        migrations.AddField(
            model_name="market",
            name="code_format",
            field=models.CharField(
                choices=[("uuid", "UUID"), ("human", "Five groups of four letters and digits")],
                db_default="uuid",
                default="uuid",
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="market",
            constraint=models.CheckConstraint(
                condition=models.Q(("code_format__in", ["uuid", "human"])), name="market_code_format_is_known"
            ),
        ),
    ]
