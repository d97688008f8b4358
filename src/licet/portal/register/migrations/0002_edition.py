"""The edition of the register: one row."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


def first_edition(apps: Any, schema_editor: Any) -> None:
    """The row that there is one of."""
    apps.get_model("register", "Edition").objects.create(pk=1, mark="first")


class Migration(migrations.Migration):
    """Adds the table."""

    dependencies: ClassVar = [("register", "0001_initial")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.CharField(max_length=32)),
            ],
        ),
        migrations.RunPython(first_edition, migrations.RunPython.noop),
    ]
