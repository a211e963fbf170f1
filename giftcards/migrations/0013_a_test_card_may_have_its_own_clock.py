from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0012_a_card_holds_what_is_authorized")]

    operations = [
        migrations.AddField(
            model_name="giftcard",
            name="test_clock_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode", "test"), ("test_clock_at", None), _connector="OR"),
                name="gift_card_live_clock_is_the_clock",
            ),
        ),
    ]
