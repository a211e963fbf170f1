from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("access", "0006_keys_and_markets_agree_on_mode")]

    operations = [migrations.AlterModelOptions(name="apikey", options={"verbose_name": "API key"})]
