from django.db import migrations, models
from django.db.models import Q

from kernel.combined_check import CombinedCheck

CONDITIONS = {
    "event_mode_is_test_or_live": Q(mode__in=["test", "live"]),
    "event_sequence_begins_at_one": Q(sequence__gte=1),
}


class Migration(migrations.Migration):
    dependencies = [("events", "0002_events_are_append_only")]

    operations = [
        *(migrations.RemoveConstraint(model_name="event", name=name) for name in CONDITIONS),
        migrations.AlterField(model_name="event", name="sequence", field=models.IntegerField()),
        migrations.AddConstraint(
            model_name="event", constraint=CombinedCheck(name="event_is_sound", conditions=CONDITIONS)
        ),
    ]
