from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("giftcards", "0015_entries_name_what_they_belong_to")]

    operations = [
        migrations.CreateModel(
            name="Refund",
            fields=[],
            options={
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("giftcards.ledgerentry",),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["mode", "created_at", "id"], name="ledger_by_creation"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["mode", "kind", "id"], name="ledger_by_kind"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("kind", "refund")),
                fields=["mode", "created_at", "id"],
                name="ledger_refunds_by_creation",
            ),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["mode", "status", "id"], name="authorization_by_status"),
        ),
    ]
