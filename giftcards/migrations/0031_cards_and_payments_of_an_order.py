import django.db.models.deletion
from django.db import migrations, models

# As in 0003: what an order sold and what paid for it is of its mode and currency.
AGREEMENTS = {
    "gift_card_agrees_with_its_order": (
        "giftcards_giftcard",
        "(order_id, mode, currency_code) REFERENCES giftcards_order (id, mode, currency_code)",
    ),
    "gift_card_is_of_a_line_of_its_order": (
        "giftcards_giftcard",
        "(order_line_id, order_id, mode) REFERENCES giftcards_orderline (id, order_id, mode)",
    ),
    "payment_agrees_with_its_order": (
        "giftcards_payment",
        "(order_id, mode, currency_code) REFERENCES giftcards_order (id, mode, currency_code)",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0030_order_and_its_lines")]

    operations = [
        migrations.AddField(
            model_name="giftcard",
            name="message",
            field=models.TextField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="giftcard",
            name="order",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bought_gift_cards",
                to="giftcards.order",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="order",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="giftcards.order",
            ),
        ),
        migrations.AddField(
            model_name="giftcard",
            name="order_line",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gift_cards",
                to="giftcards.orderline",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("order__isnull", False)), fields=["order", "id"], name="payment_by_order"
            ),
        ),
        migrations.AddIndex(
            model_name="giftcard",
            index=models.Index(
                condition=models.Q(("order__isnull", False)),
                fields=["order", "id"],
                name="gift_card_by_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="giftcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("order_line", None), ("order__isnull", False), _connector="OR"),
                name="gift_card_of_a_line_is_of_its_order",
            ),
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY {reference}",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            )
            for name, (table, reference) in AGREEMENTS.items()
        ),
    ]
