"""Whether the provider knows of an order stands with its proceeding."""

from typing import Any, ClassVar

from django.db import migrations


def move(apps: Any, editor: Any) -> None:
    """What was noted of orders, noted of their proceedings."""
    orders = apps.get_model("orders", "StoredOrder").objects.filter(told=False)
    untold = list(orders.values_list("proceeding_id", flat=True))
    rows = apps.get_model("incidents", "StoredProceeding").objects.filter(pk__in=untold)
    rows.update(seen_by_provider=False)


class Migration(migrations.Migration):
    """Whether the provider knows of an order stands with its proceeding."""

    dependencies: ClassVar[list[Any]] = [
        ("incidents", "0004_seen_by_provider"),
        ("orders", "0001_initial"),
    ]

    operations: ClassVar[list[Any]] = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField(model_name="storedorder", name="told"),
    ]
